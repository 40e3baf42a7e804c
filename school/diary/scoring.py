"""How good an answer was, for the baby's own recent history: a figure, and its place among the last ones."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right, insort
from collections import deque

QUOTED_WORDS, QUOTED_LETTERS = 3, 200  # of a sentence worth keeping: at least, at most
NO_CHARACTER = "\ufffd"  # stands for bytes that made none
REPEATING, BROKEN_OFF = 4.0, 0.5  # nats per token that repeating all, and not coming to an end, take off
BANDS = (
    (95.0, "superb"),
    (75.0, "good"),
    (25.0, "fair"),
    (5.0, "poor"),
    (-math.inf, "dreadful"),
)  # percent, from above


def goodness(log_probability: float, repeats: float, ending: str) -> float:
    """In nats per token: how likely its own words were to it, less what it repeated more than its texts
    do (a share), less if it found no end."""
    return log_probability - REPEATING * repeats - BROKEN_OFF * (ending != "end")


def quotable(text: str) -> bool:
    """Whether an answer is worth keeping as a sentence."""
    return len(text.split()) >= QUOTED_WORDS and len(text) <= QUOTED_LETTERS and NO_CHARACTER not in text


def band(percent: float) -> str:
    """The band of an answer that is better than so many percent of the others."""
    return next(name for least, name in BANDS if percent >= least)


class Recent:
    """The last ``limit`` answers' goodness."""

    def __init__(self, limit: int):
        self._limit = limit
        self._arrived: deque[float] = deque()
        self._sorted: list[float] = []

    def __len__(self) -> int:
        return len(self._sorted)

    def add(self, value: float) -> None:
        self._arrived.append(value)
        insort(self._sorted, value)
        if len(self._sorted) > self._limit:
            del self._sorted[bisect_left(self._sorted, self._arrived.popleft())]

    def percent_below(self, value: float) -> float:
        """The share that is worse, in percent; of those that are just as good, half of them."""
        if not self._sorted:
            return 50.0
        return 50.0 * (bisect_left(self._sorted, value) + bisect_right(self._sorted, value)) / len(self._sorted)
