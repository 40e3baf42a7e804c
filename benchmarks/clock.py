"""A clock that stands still until it is moved, for days lived in seconds: bells, the record and its ids ask it.

Seconds that are measured (how long a reply took) stay real.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from unittest import mock

from school.office.lifetime import Clocks
from school.schedule.timetable import Timetable

ASKED = (  # where somebody asks what day it is
    "school.schedule.hours.datetime",
    "school.record.schema.datetime",
)
TURNS = 6  # of the event loop, in which what a bell began is under way


class Clock:
    def __init__(self, now: datetime):
        self.now = now.astimezone(UTC)

    def seconds(self) -> float:
        return self.now.timestamp()

    @property
    def clocks(self) -> Clocks:
        """Both of them, which nobody sets."""
        return Clocks(self.seconds, self.seconds)

    @contextmanager
    def everywhere(self) -> Iterator[None]:
        """Let everybody who asks for the time see this clock."""
        clock = self

        class Simulated(datetime):
            @classmethod
            def now(cls, tz=None):
                return clock.now.astimezone(tz)

        with ExitStack() as patches:
            for name in ASKED:
                patches.enter_context(mock.patch(name, Simulated))
            patches.enter_context(mock.patch("time.time", self.seconds))
            yield

    async def run(
        self,
        timetable: Timetable,
        until: datetime,
        visits: Iterable[tuple[datetime, Callable[[], Awaitable[None]]]],
        after: Callable[[], Awaitable[None]],
        new_day: Callable[[], Awaitable[None]],
    ) -> None:
        """Jump from event to event: whatever bell is due next rings, whoever comes next is let in. ``after`` is awaited
        behind each, with the clock standing; ``new_day`` before the first one of a day."""
        waiting = sorted(visits, key=lambda visit: visit[0])
        while True:
            bell = min(timetable.due().values(), default=until)
            moment = min(bell, waiting[0][0] if waiting else until)
            if moment >= until:
                self.now = until.astimezone(UTC)
                return
            another = moment.astimezone(until.tzinfo).date() != self.now.astimezone(until.tzinfo).date()
            self.now = max(self.now, moment.astimezone(UTC))
            if another:
                await new_day()
            timetable.tick()
            visit = asyncio.ensure_future(waiting.pop(0)[1]()) if waiting and waiting[0][0] <= self.now else None
            for _ in range(TURNS):
                await asyncio.sleep(0)
            if visit:
                await visit
            await after()
