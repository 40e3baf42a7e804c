"""The read side of the record: what the school, the scribe and reports ask of it, from any thread.

Each look has a connection of its own that can only read; where there is no record yet, or it can't be read just now,
nothing is known. Loads no torch.
"""

from __future__ import annotations

import json
import logging
import math
import sqlite3
from collections.abc import Callable
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from sqlite_utils import Database

from school.door.consent import Change
from school.door.events import StepReport
from school.door.lesson_sources import NO_LESSONS, PLAYED
from school.door.values import NOWHERE, Exchange, Origin, Pair, id_at, moment_of
from school.office.lifetime import Noted
from school.record.read_only import EXAMINATIONS
from school.record.schema import reading

log = logging.getLogger(__name__)

T = TypeVar("T")

EXCHANGES = """
    select replies.id as reply_id, messages.text as question, replies.text as answer, messages.person as person,
           surface, coalesce(channel, '') as channel, coalesce(messages.chat_message, '') as message,
           coalesce(replies.chat_message, '') as sent,
           (select json_group_array(json_array(person, verdict)) from
               (select person, verdict from feedback where reply_id = replies.id and verdict in ('good', 'bad', 'fix')
                order by rowid)) as marks,
           (select trust from feedback where reply_id = replies.id and verdict in ('good', 'bad', 'fix')
            order by rowid desc limit 1) as trust,
           coalesce((select verdict from feedback
                     where reply_id = replies.id and verdict not in ('good', 'bad', 'fix') limit 1), '') as signal
    from replies join messages on messages.id = replies.message_id order by replies.id desc limit ?"""
LEARNING = """
    select pairs.id, prompt, answer, weight, pairs.person, source, coalesce(reply_id, '') as reply,
           coalesce(pairs.asker, messages.person, '') as asker, coalesce(asked_in, '') as asked_in,
           coalesce(pairs.surface, '') as surface, coalesce(pairs.channel, '') as channel,
           coalesce(pairs.chat_message, '') as message
    from pairs left join replies on replies.id = reply_id left join messages on messages.id = message_id
    where status = 'learning'"""
STEPS = "select * from steps where span = 1 and loss is not null order by step desc limit ?"
SPOKEN = """
    select log_probability, repeats, ending from replies where log_probability is not null order by id desc limit ?"""


class Queries:
    """Questions to the record in the file ``path``."""

    def __init__(self, path: Path):
        self.path = path

    def _ask(self, question: Callable[[Database], T], unknown: T) -> T:
        try:
            with reading(self.path) as db:
                return question(db)
        except sqlite3.Error:
            return unknown

    # ---- talk ----------------------------------------------------------------------------------------------------

    def exchanges(self, last: int) -> list[Exchange]:
        """So many of the last questions with their answers and marks, the oldest first."""
        return self._ask(lambda db: [_exchange(row) for row in db.query(EXCHANGES, [last])][::-1], [])

    def last_conversation(self, beginning: str) -> str:
        """The one, of those whose names begin so, in which somebody spoke last; "" where nobody did."""
        query = "select conversation from messages where substr(conversation, 1, ?) = ? order by id desc limit 1"
        found = self._ask(lambda db: db.execute(query, [len(beginning), beginning]).fetchone(), None)
        return found[0] if found else ""

    def pairs_learning(self) -> list[Pair]:
        """All pairs that are to be taught, and verdicts, oldest first."""
        return self._ask(lambda db: [_pair(row) for row in db.query(LEARNING + " order by pairs.id")], [])

    def lessons_since(self, surface: str, moment: float) -> dict[str, int]:
        """How many pairs each person has made on a surface in the day since then (seconds since 1970)."""
        query = f"""select person, count(*) as n from pairs
            where surface = ? and id >= ? and id < ? and source not in {NO_LESSONS} group by person"""  # noqa: S608
        day = [surface, id_at(moment), id_at(moment + 86_400)]
        return self._ask(lambda db: {row["person"]: row["n"] for row in db.query(query, day)}, {})

    def taught_before(self, surface: str) -> dict[str, list[float]]:
        """When (seconds since 1970) each person made the lessons on a surface that are taught still."""
        found: dict[str, list[float]] = {}
        query = f"""select person, id from pairs
            where surface = ? and status = 'learning' and source not in {(*PLAYED,)}"""  # noqa: S608
        for row in self._ask(lambda db: list(db.query(query, [surface])), []):
            found.setdefault(row["person"], []).append(moment_of(row["id"]))
        return found

    def spoken(self, last: int) -> list[dict[str, Any]]:
        """How so many of the last answers were, the oldest first."""
        return self._ask(lambda db: list(db.query(SPOKEN, [last]))[::-1], [])

    def comments_between(self, start: str, end: str) -> int:
        """How many of the scribe's comments became lessons from then until then."""
        taught = "at >= ? and at < ? and pair != ''"
        return self._ask(lambda db: db["comments"].count_where(taught, [start, end]), 0)

    # ---- lessons -------------------------------------------------------------------------------------------------

    def steps(self, last: int) -> list[StepReport]:
        """So many of the last steps that are still kept one by one, the oldest first; without those that failed."""
        return self._ask(lambda db: [_report(row) for row in db.query(STEPS, [last])][::-1], [])

    def exams(self) -> list[float]:
        """Held-out bits per byte at all examinations, the oldest first."""
        query = "select bits_per_byte from evaluations order by step, id"
        return self._ask(lambda db: [row[0] for row in db.execute(query).fetchall()], [])

    def examinations(self) -> list[tuple[str, float, int]]:
        """When each was since its birth, the held-out bits per byte, and how many bytes were read; the oldest first."""
        return self._ask(lambda db: db.execute(EXAMINATIONS).fetchall(), [])

    def held_out_at(self, step: int) -> float | None:
        """Held-out bits per byte at the last examination that this step has behind it."""
        query = "select bits_per_byte from evaluations where step <= ? order by id desc limit 1"
        return self._ask(lambda db: next((row[0] for row in db.execute(query, [step]).fetchall()), None), None)

    # ---- consent -------------------------------------------------------------------------------------------------

    def ledger(self) -> tuple[list[Change], bool]:
        """The ledger of consent, oldest first, and whether that is all that can be told. Where it can't be read, nobody
        has agreed."""
        try:
            with reading(self.path) as db:
                return [Change(**row) for row in db.query("select * from consents order by rowid")], True
        except sqlite3.Error as error:
            no_tables = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR
            if no_tables or not _may_be_there(self.path):  # it has just begun
                return [], True
            log.warning("the ledger of consent can't be read (%s); today nobody counts as having agreed", error)
            return [], False


def last_taught(db: Database, person: str) -> Pair | None:
    """The last that a person taught or marked, of what is being taught."""
    outright = """coalesce((select verdict from feedback where reply_id = pairs.reply_id and person = pairs.person
        order by rowid desc limit 1), 'good') in ('good', 'bad', 'fix')"""
    meant = f"source in ('fix', 'teach', 'good', 'bad') and {outright}"  # not what was only let on
    query = f"{LEARNING} and pairs.person = ? and {meant} order by pairs.id desc limit 1"
    return next((_pair(row) for row in db.query(query, [person])), None)


def read_noted(record: Path, now: float) -> Noted | None:
    """What time it was when something was last written; None where nothing has been. Of a record that never noted it,
    its last date that is not in the future (``now``: seconds since 1970 by the clock on the wall)."""
    dates = """select max(at) from (select at from events union all select started_at from runs
               union all select ended_at from runs) where at <= ?"""
    try:
        with reading(record) as db:
            if "lifetime" in db.table_names():
                for row in db.execute("select believed, wall from lifetime").fetchall():
                    return Noted(*row)
            (at,) = db.execute(dates, [datetime.fromtimestamp(now, UTC).isoformat()]).fetchone()
            moment = datetime.fromisoformat(at).timestamp() if at else None
            return None if moment is None else Noted(moment, moment)
    except (sqlite3.Error, ValueError):
        return None


def _may_be_there(file: Path) -> bool:
    """Whether there is such a file, as far as can be seen."""
    try:
        file.stat()
    except FileNotFoundError:
        return False
    except OSError:
        pass
    return True


def _report(row: dict[str, Any]) -> StepReport:
    """What a step's row was made from; what it lacks is not a number."""
    known = {name: math.nan if value is None else value for name, value in row.items()}
    colors = {"color": ("red", "green", "blue"), "expected": ("expected_red", "expected_green", "expected_blue")}
    figures = {field.name: known[field.name] for field in fields(StepReport) if field.name in known}
    return StepReport(
        **figures, **{name: tuple(known.get(c, math.nan) for c in channels) for name, channels in colors.items()}
    )


def _pair(row: dict[str, Any]) -> Pair:
    return Pair(origin=_origin(row), **row)


def _exchange(row: dict[str, Any]) -> Exchange:
    marks = tuple(tuple(mark) for mark in json.loads(row.pop("marks")))
    return Exchange(origin=_origin(row), marks=marks, verdict=marks[-1][1] if marks else "", **row)


def _origin(row: dict[str, Any]) -> Origin:
    """Takes the columns of an origin out of a row."""
    origin = Origin(**{name: row.pop(name) for name in ("surface", "channel", "message")})
    return origin if origin.channel else NOWHERE
