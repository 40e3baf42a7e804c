"""The night: what people taught during the day comes back a few times more, among the lessons from the library.

After the complementary learning systems of McClelland, McNaughton and O'Reilly (1995): the new is replayed among the
old, so that both stay. The dates of the reviews stay as they are. Who comes back when follows from (seed, step) and is
kept in the soul as ids, so a night that was broken off goes on bit for bit.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

import numpy as np

from school.teaching.reviews import Reviews


class Night:
    """What is still to come back, the next one first; empty by day."""

    def __init__(self, waiting: Iterable[str] = ()):
        self.waiting = deque(waiting)

    def begin(self, reviews: Reviews, since: str, *, passes: int, seed: int, step: int) -> int:
        """Let every pair made since then (an id) come back ``passes`` times, each time in another order; returns how
        many pairs that are. What was left of an earlier night is dropped."""
        pairs = reviews.made_since(since)
        rng = np.random.default_rng([seed, step, *b"night"])
        self.waiting = deque(pairs[i] for _ in range(passes) for i in rng.permutation(len(pairs)))
        return len(pairs)

    def rows(self, reviews: Reviews, *, rows: int, length: int) -> tuple[np.ndarray, np.ndarray]:
        """The next of them, packed into at most ``rows`` rows: ids (R, length+1) and weights (R, length)."""
        taken, ids, weights = reviews.pack(self.waiting, rows=rows, length=length)
        for _ in range(taken):
            self.waiting.popleft()
        return ids, weights
