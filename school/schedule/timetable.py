"""The timetable: rings bells at set times. A bell only posts a letter or a note; the work is done by its owner.

A bell that was missed, because the machine slept or the baby did, rings once when they wake.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any, Literal

from apscheduler.events import EVENT_JOB_ERROR, JobExecutionEvent
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger
from pydantic import Field

from school.door.values import Asleep
from school.office.settings import Slice
from school.record.schema import reading
from school.schedule.hours import (
    Span,
    TimeOfDay,
    TimeOfWeek,
    Zone,
    day_told,
    now_in,
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


Plan = Mapping[str, CronTrigger | IntervalTrigger]
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
    plan = {name: IntervalTrigger(minutes=minutes, timezone=zone) for name, minutes in every.items() if minutes}
    plan |= {name: trigger_at(when, zone) for name, when in at.items() if when}
    return {name: plan[name] for name in BELLS if name in plan}


@dataclass(frozen=True, slots=True)
class Past:
    """What the record knows of bells: when each that has a time of day last rang, and since when there is anybody to
    ring for."""

    rang: Mapping[str, datetime]
    since: datetime

    def of(self, bell: str) -> datetime:
        return self.rang.get(bell, self.since)


def read_past(record: Path, zone: tzinfo) -> Past:
    """The past from the record's file; where there is none, it begins now."""
    rang, born = {}, None
    try:
        with reading(record) as db:
            query = "select text, max(at) from events where kind = ? group by text"
            rang = {name: _moment(at, zone) for name, at in db.execute(query, [RANG]).fetchall()}
            (born,) = db.execute("select min(started_at) from runs").fetchone()
    except sqlite3.Error:
        pass
    return Past(rang, _moment(born, zone) if born else now_in(zone))


def missed(trigger: CronTrigger | IntervalTrigger, since: datetime, now: datetime) -> list[datetime]:
    """The last times that a bell with a time of day should have rung after ``since`` and until now; of others none."""
    if isinstance(trigger, IntervalTrigger):
        return []
    times = []
    moment = trigger.get_next_fire_time(None, max(since, now - LOOK_BACK) + timedelta(microseconds=1))
    while moment and moment <= now:
        if not moment.fold:  # the hour that comes twice when summer ends, the second time
            times.append(moment)
        moment = trigger.get_next_fire_time(moment, now)
    return times[-MISSED:]


class Timetable:
    """Rings on the running event loop, from ``start`` until ``close``. ``note`` is told of every bell with a time of
    day when it has rung."""

    def __init__(
        self,
        plan: Plan,
        rings: Mapping[str, Ring],
        past: Past,
        hours: TimetableSettings,
        *,
        note: Callable[[str], None],
    ):
        self.plan = {name: trigger for name, trigger in plan.items() if name in rings}
        self._rings, self._note, self._zone = rings, note, zone_of(hours.zone)
        self.quiet = quiet_hours(hours.quiet, self._zone)
        self._past = Past(dict(past.rang), past.since)
        self.scheduler = AsyncIOScheduler(
            timezone=self._zone, job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        )

    def start(self) -> None:
        soon = now = now_in(self._zone)
        for name, trigger in self.plan.items():
            first = {}
            if missed(trigger, self._past.of(name), now):
                first["next_run_time"] = soon = soon + CATCH_UP
            elif name == "clear out":
                first["next_run_time"] = now
            self.scheduler.add_job(self._ring, trigger, args=[name], id=name, **first)
        self.scheduler.add_listener(_report, EVENT_JOB_ERROR)
        self.scheduler.start()

    def close(self) -> None:
        self.scheduler.shutdown(wait=False)

    def lines(self) -> list[str]:
        """What is due next, for a status display."""
        jobs = sorted(self.scheduler.get_jobs(), key=lambda job: job.next_run_time)[:SHOWN]
        coming = ", ".join(f"{job.id} {told(job.next_run_time, now_in(self._zone))}" for job in jobs)
        return [f"bells: {coming}" if coming else "no bell rings", *["these are its quiet hours"] * self.quiet()]

    async def _ring(self, name: str) -> None:
        """A coroutine, so that it runs on the event loop and no thread of the scheduler's own is needed."""
        now, trigger = now_in(self._zone), self.plan[name]
        times = missed(trigger, self._past.of(name), now)
        if isinstance(trigger, CronTrigger) and not times:
            return  # this has been rung for, before a clock was set back
        try:
            self._rings[name]([day_told(moment) for moment in times])
        except Asleep:
            return
        if times:
            self._past.rang[name] = now
            self._note(name)


def _moment(at: str, zone: tzinfo) -> datetime:
    return datetime.fromisoformat(at).astimezone(zone)


def _report(event: JobExecutionEvent) -> None:
    log.warning("the bell %s failed: %s", event.job_id, event.exception)
