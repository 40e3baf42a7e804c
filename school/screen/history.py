"""What one statistic was lately, kept sorted as it comes, so that a percentile costs one look and no sorting."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right, insort
from collections import deque

KEPT = 2000  # values
FEWEST = 20  # before that, nothing is remarkable


class History:
    """The last ``limit`` values, and the smallest and largest ever."""

    def __init__(self, limit: int = KEPT):
        self._arrived: deque[float] = deque()
        self._sorted: list[float] = []
        self._limit = limit
        self.lowest, self.highest = math.inf, -math.inf

    def __len__(self) -> int:
        return len(self._arrived)

    def add(self, value: float) -> None:
        """Take a value in, unless it is not finite."""
        if not math.isfinite(value):
            return
        self.lowest, self.highest = min(self.lowest, value), max(self.highest, value)
        self._arrived.append(value)
        insort(self._sorted, value)
        if len(self) > self._limit:
            del self._sorted[bisect_left(self._sorted, self._arrived.popleft())]

    def rank(self, value: float) -> float | None:
        """Which share of the values is below it, equal ones counting half; None while there are too few to tell."""
        if len(self) < FEWEST or not math.isfinite(value):
            return None
        return (bisect_left(self._sorted, value) + bisect_right(self._sorted, value)) / 2 / len(self)

    def at(self, share: float) -> float:
        """The value that this share of the values does not exceed; there must be some."""
        return self._sorted[min(len(self) - 1, int(share * len(self)))]

    def latest(self, count: int) -> list[float]:
        """The last values, the oldest first."""
        return [self._arrived[i] for i in range(max(0, len(self) - count), len(self))]
