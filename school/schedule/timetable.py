"""The timetable: rings bells at set times. A bell only posts a letter or a note; the work is done by its owner.

A bell that was missed, because the machine slept or the baby did, rings once when they wake.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING

from apscheduler.events import EVENT_JOB_ERROR, JobExecutionEvent
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from school.door.values import Asleep
from school.record.registrar import reading
from school.schedule.hours import (
    day_told,
    now_in,
    quiet_hours,
    told,
    trigger_at,
    zone_of,
)
from school.schedule.jobs import JOBS, Days, by_name

if TYPE_CHECKING:
    from school.schedule.settings import HourSettings
    from school.settings import SchoolSettings

log = logging.getLogger(__name__)

LOOK_BACK = timedelta(days=35)  # a bell that was missed before that is not missed any more
MISSED = 7  # of a bell's missed times, the last so many are told
CATCH_UP = timedelta(minutes=1)  # after waking, and as much between two bells that were missed
SHOWN = 4  # of the next bells, in a status display
RANG = "rang"  # the kind of event in the record

BELLS = {job.name: job.help for job in JOBS}  # in the order in which those that were missed ring


Plan = Mapping[str, CronTrigger | IntervalTrigger]
Ring = Callable[[Days], object]


def plan_of(settings: SchoolSettings) -> Plan:
    """When which bell rings, from the whole tree of settings; one that is switched off is not in it. Raises Mistake."""
    zone = zone_of(settings.timetable.zone)
    plan: dict[str, CronTrigger | IntervalTrigger] = {}
    for job in JOBS:
        if job.every and (minutes := job.every(settings)):
            plan[job.name] = IntervalTrigger(minutes=minutes, timezone=zone)
        elif job.at and (when := job.at(settings)):
            plan[job.name] = trigger_at(when, zone)
    return plan


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
        hours: HourSettings,
        *,
        note: Callable[[str], None],
    ):
        self.plan = {name: trigger for name, trigger in plan.items() if name in rings}
        self._rings, self._note, self._zone = rings, note, zone_of(hours.zone)
        self.quiet = quiet_hours(hours.quiet, self._zone)
        self._past = Past(dict(past.rang), past.since)
        self._jobs = by_name()
        self.scheduler = AsyncIOScheduler(
            timezone=self._zone, job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        )

    def start(self) -> None:
        soon = now = now_in(self._zone)
        for name, trigger in self.plan.items():
            first = {}
            if missed(trigger, self._past.of(name), now):
                first["next_run_time"] = soon = soon + CATCH_UP
            elif self._jobs[name].at_waking:
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
