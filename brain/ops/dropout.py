"""What is silenced while learning: drawn on the CPU whatever computes, so that a seed is the same life everywhere.

On a GPU it is the same but for rounding.
"""

from __future__ import annotations

import math
from typing import Protocol

import torch
from torch import Tensor


class RowDraws(Protocol):
    """Draws for each row of a batch by itself."""

    def mask(self, size: int, share: float) -> Tensor:
        """(rows, size) as ``dropout_mask``; another draw with every call."""


Generator = torch.Generator | RowDraws


def dropout_mask(
    shape: tuple[int, ...], share: float, rng: Generator, device: torch.device, *, rows: int = 0
) -> Tensor:
    """Zero for a ``share`` of all, and for the others as much more than one as makes the mean one. ``rows``: which
    dimension of ``shape`` counts the rows of the batch."""
    if isinstance(rng, torch.Generator):
        mask = torch.empty(shape).bernoulli_(1 - share, generator=rng).div_(1 - share)
    else:
        one = shape[:rows] + shape[rows + 1 :]
        mask = rng.mask(math.prod(one), share).reshape(-1, *one).movedim(0, rows)
    return mask.to(device, non_blocking=True)
