"""What is silenced while learning: drawn on the CPU whatever computes, so that a seed is the same life everywhere.

On a GPU it is the same but for rounding.
"""

from __future__ import annotations

import torch
from torch import Tensor


def dropout_mask(shape: tuple[int, ...], share: float, rng: torch.Generator, device: torch.device) -> Tensor:
    """Zero for a ``share`` of all, and for the others as much more than one as makes the mean one."""
    mask = torch.empty(shape).bernoulli_(1 - share, generator=rng).div_(1 - share)
    return mask.to(device, non_blocking=True)
