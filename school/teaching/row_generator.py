"""Random numbers for rows with numbers of their own: what a row gets does not depend on those that it is read with.

Philox (Salmon et al. 2011) makes the words of any row from its number alone, without those before.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

BLOCK = 8  # random words that a counter of Philox stands for


class RowGenerator:
    """For a batch that holds these ``rows``, in order; in those at the places ``whole`` nothing is silenced."""

    def __init__(self, seed: int, rows: Sequence[range], *, whole: Sequence[int] = ()):
        self._seed, self._rows, self._drawn = seed, [part for part in rows if part], 0
        self._whole = list(whole)

    def mask(self, size: int, share: float) -> Tensor:
        """(rows, size) zero for a ``share``, for the others as much more than one as makes the mean one; another draw
        with every call."""
        self._drawn += 1
        key, blocks = self._seed << 64 | self._drawn, -(-size // BLOCK)
        drawn = [
            np.random.Philox(key=key, counter=part.start * blocks).random_raw(len(part) * blocks * BLOCK // 2)
            for part in self._rows
        ]
        words = np.concatenate(drawn).view(np.uint32).reshape(-1, blocks * BLOCK)[:, :size]
        mask = torch.from_numpy(words >= share * 2**32).float().div_(1 - share)
        mask[self._whole] = 1.0
        return mask
