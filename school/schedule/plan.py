"""When which bell rings, and which it has missed: read from settings and record, without ringing any."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from school.record.read_only import looking
from school.schedule.hours import At, Every, trigger_at, zone_of
from school.schedule.jobs import JOBS

if TYPE_CHECKING:
    from sqlite_utils import Database

    from school.schedule.settings import BellSettings
    from school.settings import SchoolSettings

log = logging.getLogger(__name__)

LOOK_BACK = timedelta(days=35)  # a bell that was missed before that is not missed any more
MISSED = 7  # of a bell's missed times, the last so many are told
RANG = "rang"  # the kind of event in the record
AHEAD = timedelta(days=1)  # a moment that is remembered and lies further ahead never was: the clock was wrong then

BELLS = {job.name: job.help for job in JOBS}  # in the order in which those that were missed ring

Plan = Mapping[str, At | Every]


def plan_of(settings: SchoolSettings | BellSettings) -> Plan:
    """When which bell rings, by the settings; one that is switched off is not in it. Raises Mistake."""
    zone = zone_of(settings.timetable.zone)
    plan: dict[str, At | Every] = {}
    for job in JOBS:
        if job.every and (minutes := job.every(settings)):
            plan[job.name] = Every(60 * minutes)
        elif job.at and (when := job.at(settings)):
            plan[job.name] = trigger_at(when, zone)
    return plan


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
        with looking(record) as db:
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


def utc_of(moment: datetime) -> str:
    """As the record writes it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _moment(at: str) -> datetime:
    return datetime.fromisoformat(at).astimezone(UTC)
