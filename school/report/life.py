"""A life as far as its record holds it, opened only to look: since which moment, in which time zone.

One look sees one moment: it is a single read transaction, which keeps no writer waiting.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import cached_property
from pathlib import Path
from typing import Any

from school.office.advice import command
from school.office.mistakes import Mistake
from school.record.read_only import Look, looking
from school.schedule.hours import start_of

ALWAYS = "~"  # sorts behind every moment
# Where there was another baby in this home before, what is older than the last birth is that one's.
BIRTH = """
    select case when count(*) > 1 then max(started_at) else '' end from runs where from_step = 0"""


@dataclass(slots=True)
class Span:
    """The steps from ``first`` to ``last``, both included; none where ``last`` is smaller."""

    first: int
    last: int

    def __bool__(self) -> bool:
        return self.last >= self.first


@dataclass
class Life:
    """``since`` and ``until``: from which moment on, and before which, it is looked at, as the record writes them;
    ``birth``: from which on it is this baby's; "": all of it."""

    db: Look
    zone: tzinfo = UTC
    since: str = ""
    birth: str = ""
    until: str = ""
    _columns: dict[str, set[str]] = field(default_factory=dict)

    def query(self, sql: str, **values: Any) -> list[dict[str, Any]]:
        """All rows; ``:since`` and ``:until`` are the moments between which it is looked at."""
        return list(self.db.query(sql, self._values(values)))

    def one(self, sql: str, **values: Any) -> Any:
        """The first column of the first row; None where there is none."""
        row = self.db.execute(sql, self._values(values)).fetchone()
        return row[0] if row else None

    def columns_and_rows(self, sql: str, **values: Any) -> tuple[list[str], list[Any]]:
        cursor = self.db.execute(sql, self._values(values))
        return [column[0] for column in cursor.description], cursor.fetchall()

    def _values(self, values: dict[str, Any]) -> dict[str, Any]:
        return {"since": self.since, "until": self.until or ALWAYS, **values}

    def has(self, table: str, column: str = "") -> bool:
        """Whether the record, which may be of an earlier version, has such a table, or column of it."""
        if table not in self._columns:
            self._columns[table] = {row["name"] for row in self.db.query(f"pragma table_info([{table}])")}
        return column in self._columns[table] if column else bool(self._columns[table])

    @cached_property
    def span(self) -> Span:
        first, last = self.db.execute(
            "select coalesce(min(step), 1), coalesce(max(step), 0) from steps where at >= :since and at < :until",
            self._values({}),
        ).fetchone()
        return Span(first, last)

    def local(self, at: str) -> datetime:
        """A moment of the record on a clock on the wall."""
        return datetime.fromisoformat(at).astimezone(self.zone)


@contextlib.contextmanager
def opened(home: Path, zone: tzinfo = UTC, since: str | None = None, until: str | None = None) -> Iterator[Life]:
    """The life in a home, from its birth, or from the beginning of the local day ``since`` (YYYY-MM-DD) on, to the end
    of the day ``until``. Raises Mistake where there is no such day, nothing is recorded, or the record can't be read.
    """
    start = start_of(day_named("--since", since), zone) if since else ""
    end = start_of(day_named("--until", until) + timedelta(days=1), zone) if until else ""
    path = home / "statistics" / "baby.db"
    if not path.exists():
        raise Mistake(f"nothing is recorded in {path} yet; wake the baby first: {command()}")
    try:
        with looking(path) as db:
            db.execute("begin")
            birth = db.execute(BIRTH).fetchone()[0] or ""
            yield Life(db, zone, max(start, birth), birth, end)
    except (sqlite3.Error, ValueError) as error:  # ValueError: text in it that is no date, or no JSON
        raise Mistake(
            f"{path}: the record can't be read ({error}). Where it is damaged, waking the baby saves what can be read."
        ) from None


def day_named(option: str, text: str) -> date:
    """Raises Mistake."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Mistake(f"{option} {text}: write a day as 2026-11-29.") from None


def on_the_wall(at: str, zone: tzinfo) -> str:
    """A moment of the record as a clock on the wall shows it: 2026-03-02 23:30."""
    return f"{datetime.fromisoformat(at).astimezone(zone):%Y-%m-%d %H:%M}"
