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
    """As many turns as ``limit()`` says in any ``seconds``, for all together."""

    def __init__(self, limit: Callable[[], int], seconds: float, clock: Callable[[], float]):
        self._limit, self._seconds, self._clock = limit, seconds, clock
        self._taken: deque[float] = deque()

    def take(self, *, leaving: float = 0.0) -> bool:
        """Take a turn if there is one, and this share of them would be left for others."""
        now = self._clock()
        while self._taken and self._taken[0] <= now - self._seconds:
            self._taken.popleft()
        if len(self._taken) >= self._limit() * (1 - leaving):
            return False
        self._taken.append(now)
        return True
