"""Rate limits: how often one person may do something, and how often all together."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from cachetools import TTLCache

PEOPLE = 5000  # whose pauses are remembered


class Cooldown:
    """Once per person each ``seconds``."""

    def __init__(self, seconds: float, clock: Callable[[], float]):
        self._seconds, self._clock = seconds, clock
        self._last: TTLCache[str, float] = TTLCache(PEOPLE, seconds, timer=clock)

    def wait(self, person: str) -> float:
        """Seconds until they may again; 0: now."""
        last = self._last.get(person)
        return 0.0 if last is None else max(0.0, last + self._seconds - self._clock())

    def take(self, person: str) -> bool:
        """Begin their pause, unless they are in one; returns whether they were not."""
        if self.wait(person) > 0:
            return False
        self._last[person] = self._clock()
        return True


class SharedLimit:
    """``limit()`` times in any ``seconds``, for all kinds together."""

    def __init__(self, limit: Callable[[], int], seconds: float, clock: Callable[[], float]):
        self._limit, self._seconds, self._clock = limit, seconds, clock
        self._taken: deque[tuple[float, str]] = deque()

    def wait(self) -> float:
        """Seconds until there is room again; 0: now."""
        full = len(self._taken) >= self._limit()
        return max(0.0, self._taken[0][0] + self._seconds - self._clock()) if full else 0.0

    def take(self, kind: str = "", most: float = 1.0, of_all: float = 1.0) -> bool:
        """Count one more of a kind, if there is room and the kind has less than this part of the limit, and all kinds
        together less than ``of_all``; so what the others can't have, however many want it, is always left."""
        now, limit = self._clock(), self._limit()
        while self._taken and self._taken[0][0] <= now - self._seconds:
            self._taken.popleft()
        if len(self._taken) >= of_all * limit or sum(kind == other for _, other in self._taken) >= most * limit:
            return False
        self._taken.append((now, kind))
        return True
