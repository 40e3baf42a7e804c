"""What is silenced while learning: drawn on the CPU whatever computes, so that a seed is the same life everywhere.

On a GPU it is the same but for rounding.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

BLOCK = 8  # random words that a counter of Philox stands for


class RowGenerator:
    """Draws for rows that have numbers of their own: what a row gets does not depend on those that it is read with.

    Philox (Salmon et al. 2011) makes the words of any row from its number alone, without those before."""

    def __init__(self, seed: int, rows: Sequence[range]):
        self._seed, self._rows, self._drawn = seed, [part for part in rows if part], 0

    def words(self, size: int) -> np.ndarray:
        """So many random 32-bit words for each row, (rows, size); others with every call."""
        self._drawn += 1
        key, blocks = self._seed << 64 | self._drawn, -(-size // BLOCK)
        drawn = [
            np.random.Philox(key=key, counter=part.start * blocks).random_raw(len(part) * blocks * BLOCK // 2)
            for part in self._rows
        ]
        return np.concatenate(drawn).view(np.uint32).reshape(-1, blocks * BLOCK)[:, :size]


Generator = torch.Generator | RowGenerator


def dropout_mask(
    shape: tuple[int, ...], share: float, rng: Generator, device: torch.device, *, rows: int = 0
) -> Tensor:
    """Zero for a ``share`` of all, and for the others as much more than one as makes the mean one. ``rows``: which
    dimension of ``shape`` counts the rows of the batch."""
    if isinstance(rng, torch.Generator):
        mask = torch.empty(shape).bernoulli_(1 - share, generator=rng)
    else:
        one = shape[:rows] + shape[rows + 1 :]
        kept = torch.from_numpy(rng.words(int(np.prod(one))) >= share * 2**32)
        mask = kept.reshape(-1, *one).movedim(0, rows).float()
    return mask.div_(1 - share).to(device, non_blocking=True)
