"""Turns: how often somebody may have one, and everybody together."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable

PEOPLE = 5000  # whose last turn is remembered


class Turns:
    """A turn for a person each ``seconds``."""

    def __init__(self, seconds: float, clock: Callable[[], float]):
        self._seconds, self._clock = seconds, clock
        self._last: OrderedDict[str, float] = OrderedDict()

    def wait(self, person: str) -> float:
        """Seconds until their next turn; 0: now."""
        return max(0.0, self._last.get(person, -1e18) + self._seconds - self._clock())

    def take(self, person: str) -> bool:
        """Take a turn if there is one."""
        if self.wait(person) > 0:
            return False
        self._last.pop(person, None)
        self._last[person] = self._clock()
        if len(self._last) > PEOPLE:
            self._last.popitem(last=False)
        return True


class Share:
    """As many turns as ``limit()`` says in any ``seconds``, for all kinds together."""

    def __init__(self, limit: Callable[[], int], seconds: float, clock: Callable[[], float]):
        self._limit, self._seconds, self._clock = limit, seconds, clock
        self._taken: deque[tuple[float, str]] = deque()

    def take(self, kind: str = "", most: float = 1.0) -> bool:
        """Take a turn of a kind, if there is one and the kind has less than this part of the limit; so what the others
        can't have, however many want it, is always left for it."""
        now, limit = self._clock(), self._limit()
        while self._taken and self._taken[0][0] <= now - self._seconds:
            self._taken.popleft()
        if len(self._taken) >= limit or sum(kind == other for _, other in self._taken) >= most * limit:
            return False
        self._taken.append((now, kind))
        return True
