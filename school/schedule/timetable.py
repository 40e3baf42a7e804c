"""The timetable: rings bells at set times. A bell only posts a request or a note; the work is done by its owner.

A bell that was missed, because the machine slept or the baby did, rings once when they wake.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger

from school.door.values import Asleep
from school.office.lifetime import MACHINE, Clocks
from school.schedule.hours import At, Every, day_told, quiet_hours, told, zone_of
from school.schedule.jobs import JOBS, Days
from school.schedule.plan import AHEAD, BELLS, Past, Plan, missed

if TYPE_CHECKING:
    from school.schedule.settings import HourSettings

log = logging.getLogger(__name__)

CATCH_UP = timedelta(minutes=1)  # after waking, and as much between two bells that were missed
SHOWN = 4  # of the next bells, in a status display
LOOK_SECONDS = 15.0  # between two looks at the clock on the wall, at most, since somebody may set it
SOON = 0.05  # seconds between two looks, at least
EARLY = 0.001  # seconds by which a bell may ring early, for clocks are rounded

AT_WAKING = {job.name for job in JOBS if job.at_waking}

Ring = Callable[[Days], object]


class SteadyTime(tzinfo):
    """The time zone that APScheduler is given. It asks its zone what time it is, and of a clock on the wall that is set
    back a day it would make a day's wait; in this zone time goes on from now by a clock that nobody can set."""

    def __init__(self, clocks: Clocks):
        self._clocks, self._began = clocks, clocks.wall() - clocks.steady()

    def fromutc(self, moment: datetime) -> datetime:
        """Told of now, or of a moment to come: as much later or earlier as the clock on the wall was set."""
        set_by = self._began + self._clocks.steady() - self._clocks.wall()
        return moment.replace(tzinfo=UTC) + timedelta(seconds=set_by)

    def utcoffset(self, moment: datetime | None) -> timedelta:
        return timedelta(0)

    def dst(self, moment: datetime | None) -> timedelta:
        return timedelta(0)

    def tzname(self, moment: datetime | None) -> str:
        return "steady"


class Scheduler(AsyncIOScheduler):
    """Where the clock on the wall is set, one wait is worked out wrongly; so it is neither for ever nor not at all."""

    def _start_timer(self, wait_seconds: float | None) -> None:
        super()._start_timer(None if wait_seconds is None else min(max(wait_seconds, SOON), LOOK_SECONDS))


class Looks(BaseTrigger):
    """At once, and again whenever ``wait`` says so, in seconds."""

    def __init__(self, wait: Callable[[], float]):
        self._wait = wait

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
        return now + timedelta(seconds=self._wait() if previous else 0.0)


class Timetable:
    """Rings on the running event loop, from ``start`` until ``close``. ``note`` is told of every bell with a time of
    day when it has rung, ``tell`` says what whoever watches should know."""

    def __init__(
        self,
        plan: Plan,
        rings: Mapping[str, Ring],
        past: Past,
        hours: HourSettings,
        *,
        note: Callable[[str], None],
        tell: Callable[[str], None] = log.warning,
        clocks: Clocks = MACHINE,
    ):
        self.plan = {name: trigger for name, trigger in plan.items() if name in rings}
        self.rings, self._note, self._tell, self._clocks = dict(rings), note, tell, clocks
        self._zone = zone_of(hours.zone)
        self.quiet = quiet_hours(hours.quiet, self._zone)
        self._ahead = past.ahead
        self._rang = {name: past.of(name) for name, trigger in self.plan.items() if isinstance(trigger, At)}
        self._tried = dict(self._rang)  # whatever came of it
        self._next: dict[str, float] = {}  # by the steady clock: when those that count minutes ring
        self._not_before: dict[str, float] = {}  # by the steady clock, for those that were missed
        self._scheduler = Scheduler(timezone=SteadyTime(clocks))

    def start(self) -> None:
        soon = steady = self._clocks.steady()
        now = self._now()
        self._tell_of_the_future(self._ahead & self._tried.keys())
        for name, trigger in self.plan.items():
            if isinstance(trigger, Every):
                self._next[name] = steady if name in AT_WAKING else steady + trigger.seconds
            elif missed(trigger, self._tried[name], now):
                self._not_before[name] = soon = soon + CATCH_UP.total_seconds()
        self._scheduler.add_job(self._look, Looks(self._wait), misfire_grace_time=None, coalesce=True, max_instances=2)
        self._scheduler.start()

    def close(self) -> None:
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    def lines(self) -> list[str]:
        """What is due next, for a status display."""
        now = self._now().astimezone(self._zone)
        jobs = sorted(self.due().items(), key=lambda job: job[1])[:SHOWN]
        coming = ", ".join(f"{name} {told(moment.astimezone(self._zone), now)}" for name, moment in jobs)
        return [f"bells: {coming}" if coming else "no bell rings", *["these are its quiet hours"] * self.quiet()]

    def due(self) -> dict[str, datetime]:
        """When which bell rings next, in UTC, if nobody sets the clock."""
        now, steady = self._now(), self._clocks.steady()
        coming = {name: now + timedelta(seconds=moment - steady) for name, moment in self._next.items()}
        for name, tried in self._tried.items():
            soon = now + timedelta(seconds=max(0.0, self._not_before.get(name, steady) - steady))
            coming[name] = max(soon, self.plan[name].after(tried))
        return {name: coming[name] for name in self.plan}

    def tick(self) -> None:
        """Ring what is due."""
        now, steady = self._now(), self._clocks.steady() + EARLY
        self._forget_the_future(now)
        for name, trigger in self.plan.items():
            if isinstance(trigger, Every):
                if self._next[name] <= steady:
                    following = self._next[name] + trigger.seconds
                    self._next[name] = following if following > steady else steady + trigger.seconds
                    self._ring(name, now)
            elif self._not_before.get(name, steady) <= steady and trigger.after(self._tried[name]) <= now:
                self._tried[name] = now
                self._ring(name, now)

    async def _look(self) -> None:  # a coroutine, so that it runs on the loop and not on a thread
        self.tick()

    def _wait(self) -> float:
        """Seconds until the next bell, or until the clock on the wall is looked at again."""
        now = self._now()
        soonest = min(((moment - now).total_seconds() for moment in self.due().values()), default=LOOK_SECONDS)
        return min(max(soonest, EARLY), LOOK_SECONDS)

    def _ring(self, name: str, now: datetime) -> None:
        times = missed(self.plan[name], self._rang[name], now) if name in self._rang else []
        try:
            self.rings[name]([day_told(moment.astimezone(self._zone)) for moment in times])
        except Asleep:
            return
        except Exception as error:
            log.warning("the bell %s failed: %s", name, error)
            return
        if times:
            self._rang[name] = now
            self._note(name)

    def _forget_the_future(self, now: datetime) -> None:
        """A clock that was ahead and is right again: no bell waits until it is as late as it seemed to be."""
        self._tell_of_the_future({name for name, tried in self._tried.items() if tried > now + AHEAD})
        for moments in (self._tried, self._rang):
            moments.update({name: now for name, moment in moments.items() if moment > now + AHEAD})

    def _tell_of_the_future(self, names: Collection[str]) -> None:
        if names:
            bells = ", ".join(name for name in BELLS if name in names)
            self._tell(f"the clock was ahead when these bells last rang: {bells}; they ring by the clock as it is now.")

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clocks.wall(), UTC)
