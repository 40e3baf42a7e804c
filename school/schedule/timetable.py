"""The timetable: rings bells at set times. A bell only posts a letter or a note; the work is done by its owner.

A bell that was missed, because the machine slept or the baby did, rings once when they wake.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from pydantic import Field
from sqlite_utils import Database

from school.door.values import Asleep
from school.office.lifetime import MACHINE, Clocks
from school.office.settings import Slice
from school.record.registrar import reading
from school.schedule.hours import (
    At,
    Every,
    Span,
    TimeOfDay,
    TimeOfWeek,
    Zone,
    day_told,
    quiet_hours,
    told,
    trigger_at,
    zone_of,
)

log = logging.getLogger(__name__)

CLEAR_MINUTES, STUDY_MINUTES = 10, 1
LOOK_BACK = timedelta(days=35)  # a bell that was missed before that is not missed any more
MISSED = 7  # of a bell's missed times, the last so many are told
CATCH_UP = timedelta(minutes=1)  # after waking, and as much between two bells that were missed
SHOWN = 4  # of the next bells, in a status display
RANG = "rang"  # the kind of event in the record
AHEAD = timedelta(days=1)  # a moment that is remembered and lies further ahead never was: the clock was wrong then
LOOK_SECONDS = 15.0  # between two looks at the clock on the wall, at most, since somebody may set it
EARLY = 0.001  # seconds by which a bell may ring early, for clocks are rounded

BELLS = {  # in the order in which those that were missed ring
    "save": "saves its soul",
    "study": "lessons begin again when nobody talks",
    "examine": "examines it on text it was never taught",
    "thin": "merges old steps of the record into averages",
    "clear out": "deletes words from chat whose time is over",
    "diary": "the scribe writes down the day",
    "letter": "the scribe writes home about the week",
    "night": "what people taught it since the night before comes back, among its lessons",
    "backup": "copies its soul to where the backups are",
}


class TimetableSettings(Slice):
    zone: Zone = Field("local", description='where these hours are meant: "local", or a name like "Europe/London"')
    quiet: Span = Field("", description='no lines about lessons and not a word unasked, as in "22:00-07:00"; "": never')
    study: Literal["always", "idle"] = Field("always", description="lessons go on always, or only while nobody talks")
    idle_minutes: float = Field(5.0, gt=0, le=1440, description="idle: after so many minutes without a question")
    examine_minutes: float = Field(60.0, ge=0, le=10_080, description="minutes between extra examinations; 0: none")
    night: TimeOfDay = Field("03:00", description="what people taught it that day comes back among its lessons")
    diary: TimeOfDay = Field("00:05", description="the scribe writes down the day; before noon: the day before")
    letter: TimeOfWeek = Field("monday 08:00", description="the scribe writes home about the week")
    backup: TimeOfDay = Field("04:30", description='its soul is copied to the backups; all these times: "" is never')
    thin_minutes: float = Field(30.0, ge=0, le=10_080, description="minutes between thinnings of the record; 0: none")


Plan = Mapping[str, At | Every]
Ring = Callable[[Sequence[date]], object]  # gets the days that a bell with a time of day is about, the last one today's


def plan_of(settings: Any) -> Plan:
    """When which bell rings, from the whole tree of settings; one that is switched off is not in it. Raises Mistake."""
    hours: TimetableSettings = settings.timetable
    zone = zone_of(hours.zone)
    every = {
        "save": settings.soul.save_minutes,
        "study": STUDY_MINUTES if hours.study == "idle" else 0,
        "examine": hours.examine_minutes,
        "thin": hours.thin_minutes,
        "clear out": CLEAR_MINUTES if settings.record.chat_days else 0,
    }
    at = {"night": hours.night, "backup": hours.backup, "diary": hours.diary, "letter": hours.letter}
    plan = {name: Every(60 * minutes) for name, minutes in every.items() if minutes}
    plan |= {name: trigger_at(when, zone) for name, when in at.items() if when}
    return {name: plan[name] for name in BELLS if name in plan}


@dataclass(frozen=True, slots=True)
class Past:
    """What the record knows of bells: when each that has a time of day last rang, and since when there is anybody to
    ring for. ``ahead``: those that rang at a time that has not come yet; when they rang before is what counts."""

    rang: Mapping[str, datetime]
    since: datetime
    ahead: frozenset[str] = frozenset()

    def of(self, bell: str) -> datetime:
        return self.rang.get(bell, self.since)


def read_past(record: Path, now: datetime) -> Past:
    """The past from the record's file; where there is none, it begins now."""
    rang, born, ahead = {}, None, frozenset()
    believed = utc_of(now + AHEAD)
    try:
        with reading(record) as db:
            query = "select text, max(at) from events where kind = ? and at <= ? group by text"
            rang = {name: _moment(at) for name, at in db.execute(query, [RANG, believed]).fetchall()}
            query = "select distinct text from events where kind = ? and at > ?"
            ahead = frozenset(name for (name,) in db.execute(query, [RANG, believed]).fetchall())
            (born,) = db.execute("select min(started_at) from runs").fetchone()
    except sqlite3.Error:
        pass
    return Past(rang, min(_moment(born), now) if born else now, ahead)


def forget_ahead(db: Database, now: datetime) -> None:
    """Let the record keep bells that rang at a time that has not come yet, but as what they are."""
    db.execute(f"update events set kind = '{RANG} ahead' where kind = ? and at > ?", [RANG, utc_of(now + AHEAD)])


def missed(trigger: At | Every, since: datetime, now: datetime) -> list[datetime]:
    """The last times that a bell with a time of day should have rung after ``since`` and until now, in UTC; of others
    none."""
    if isinstance(trigger, Every):
        return []
    times = []
    moment = trigger.after(max(since, now - LOOK_BACK))
    while moment <= now:
        times.append(moment)
        moment = trigger.after(moment)
        if moment <= times[-1]:
            log.error("after %s the next time of a bell is not later; it is rung for that one", times[-1])
            break
    return times[-MISSED:]


class Timetable:
    """Rings on the running event loop, from ``start`` until ``close``. ``note`` is told of every bell with a time of
    day when it has rung, ``tell`` says what whoever watches should know."""

    def __init__(
        self,
        plan: Plan,
        rings: Mapping[str, Ring],
        past: Past,
        hours: TimetableSettings,
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
        self._ringing: asyncio.Task | None = None

    def start(self) -> None:
        soon = steady = self._clocks.steady()
        now = self._now()
        self._tell_of_the_future(self._ahead & self._tried.keys())
        for name, trigger in self.plan.items():
            if isinstance(trigger, Every):
                self._next[name] = steady if name == "clear out" else steady + trigger.seconds
            elif missed(trigger, self._tried[name], now):
                self._not_before[name] = soon = soon + CATCH_UP.total_seconds()
        self._ringing = asyncio.get_running_loop().create_task(self._keep_ringing())

    def close(self) -> None:
        if self._ringing:
            self._ringing.cancel()

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

    async def _keep_ringing(self) -> None:
        while True:
            self.tick()
            now = self._now()
            soonest = min(((moment - now).total_seconds() for moment in self.due().values()), default=LOOK_SECONDS)
            await asyncio.sleep(min(max(soonest, EARLY), LOOK_SECONDS))

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


def utc_of(moment: datetime) -> str:
    """As the record writes it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _moment(at: str) -> datetime:
    return datetime.fromisoformat(at).astimezone(UTC)
