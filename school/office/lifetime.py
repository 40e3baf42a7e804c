"""The time that has really passed, as far as it can be known: what is deleted for its age, and how much somebody is
trusted, goes by it. A clock may be wrong for a day or a life; words that are deleted for that are gone.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

DAY = 86_400.0
ASLEEP = 8 * DAY  # a sleep, its own or the machine's, that needs no explanation; weekly visits fit in
SWAY = 2.0  # seconds by which clocks differ without anybody having set them


@dataclass(frozen=True, slots=True)
class Noted:
    """What time it was when something was last written: as far as was known, and by the clock on the wall."""

    believed: float
    wall: float


@dataclass(frozen=True, slots=True)
class Clocks:
    """What time is read from, in seconds: the clock on the wall (since 1970), which anybody may set, and one that only
    ever goes on. Intervals are counted by the second."""

    wall: Callable[[], float] = lambda: time.time()
    steady: Callable[[], float] = lambda: time.monotonic()


MACHINE = Clocks()


class Lifetime:
    """Counts it from what was ``noted`` when it fell asleep; any thread may ask. Never goes back.

    The clock on the wall is believed where the seconds that were lived, and a sleep of at most ASLEEP, explain it. One
    that jumped further is no longer believed, but how it goes on is, so that days are still days. ``right_on`` is a day
    (2026-11-29) on which the owner says that the clock is right. ``tell`` hears of a jump in a sentence.
    """

    def __init__(
        self,
        noted: Noted | None = None,
        *,
        right_on: str = "",
        tell: Callable[[str], None] = lambda _: None,
        clocks: Clocks = MACHINE,
    ):
        self.clocks, self._tell, self._lock = clocks, tell, threading.Lock()
        self._wall, self._steady = clocks.wall(), clocks.steady()
        self._believed = self._wall
        if noted is None:
            return
        today = datetime.fromtimestamp(self._wall).astimezone().date().isoformat()
        self._believed = _next(noted.believed, self._wall, gone=self._wall - noted.wall, lived=0.0)
        if right_on in (today, _utc_day(self._wall)):
            self._believed = max(self._believed, self._wall)
        unknown = self._wall - self._believed
        if unknown > ASLEEP or (unknown < -ASLEEP and self._wall < noted.wall - ASLEEP):
            tell(_jumped(self._wall, unknown))

    def now(self) -> float:
        """Seconds since 1970 as far as they are believed."""
        return self.noted().believed

    def noted(self) -> Noted:
        """What is to be written down with whatever is written."""
        jump = 0.0
        with self._lock:
            wall, steady = self.clocks.wall(), self.clocks.steady()
            gone, lived = wall - self._wall, steady - self._steady
            if not -ASLEEP <= gone - lived <= ASLEEP:
                jump = gone - lived
            self._believed = _next(self._believed, wall, gone=gone, lived=lived)
            self._wall, self._steady = wall, steady
            noted = Noted(self._believed, wall)
        if jump:
            self._tell(_jumped(wall, jump))
        return noted

    def of(self, wall: float) -> float:
        """When that was which the clock on the wall, as it is set now, calls so."""
        noted = self.noted()
        return wall - noted.wall + noted.believed


def _next(believed: float, wall: float, *, gone: float, lived: float) -> float:
    """What is believed next, of a clock that has ``gone`` on by so much while that many seconds were lived at least."""
    least = believed + lived
    if least - SWAY <= wall <= least + ASLEEP:
        return max(believed, wall)
    if least - ASLEEP <= wall < least:  # it was a little ahead: half as fast, until the clock has caught up
        return max(believed + lived / 2, wall)
    return believed + (gone if lived <= gone <= lived + ASLEEP else lived)


def _utc_day(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).date().isoformat()


def _jumped(wall: float, seconds: float) -> str:
    days, day = round(abs(seconds) / DAY), datetime.fromtimestamp(wall).astimezone().date()
    if seconds < 0:
        return (
            f"the clock says {day:%d %B %Y}, {days:,} days before what it said already; its life goes on all the same."
        )
    return (
        f"the clock says {day:%d %B %Y}, {days:,} days more than this life can account for; for these nothing is "
        f"deleted. If the clock is right, wake it once with --set record.today={day}."
    )
