"""Rows as plain values, and the file for those that the record could not take before the process ended.

It holds words: so it is its owner's alone, and the next life brings it into the record before anything else is done
there, also before anybody is forgotten. To bring the same rows in twice does no harm.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter
from sqlite_utils import Database

from school.office.files import is_damage, read_whole, write_whole
from school.office.mistakes import Mistake
from school.record.removal import DAMAGED

log = logging.getLogger(__name__)

SAID = {"messages", "replies", "feedback", "pairs", "comments"}  # tables of what people say and teach
LONGEST = 1 << 30  # bytes of the file
Value = str | int | float | None


@dataclass(frozen=True, slots=True)
class Row:
    """A row to insert, "ignore"d where there is one of its key, or in its place ("replace"); or, with ``where``, values
    for the rows there."""

    table: str
    values: dict[str, Value]
    where: dict[str, Value] = field(default_factory=dict)
    known: Literal["", "ignore", "replace"] = ""

    def write(self, db: Database) -> None:
        if not self.where:
            db[self.table].insert(self.values, ignore=self.known == "ignore", replace=self.known == "replace")
            return
        changes = ", ".join(f"[{column}] = ?" for column in self.values)
        query = f"update [{self.table}] set {changes} where {_same(self.where)}"  # noqa: S608
        db.execute(query, [*self.values.values(), *self.where.values()])

    def write_again(self, db: Database) -> None:
        """Write what may be there already, or not be ours. Raises ValueError for what does not fit this record."""
        if self.table not in db.table_names() or {*self.values, *self.where} - db[self.table].columns_dict.keys():
            raise ValueError("it does not fit the record")
        if self.where or self.known:
            self.write(db)
        elif not db[self.table].count_where(_same(self.values), list(self.values.values())):
            db[self.table].insert(self.values, ignore=True)


@dataclass(frozen=True, slots=True)
class Rows:
    """What is written in one go."""

    rows: tuple[Row, ...]

    @classmethod
    def of(cls, *rows: Row) -> Rows:
        return cls(rows)

    def __call__(self, db: Database) -> None:
        for row in self.rows:
            row.write(db)

    def again(self, db: Database) -> None:
        for row in self.rows:
            row.write_again(db)


ROWS = TypeAdapter(list[Rows])


def is_lasting(write: Callable[[Database], object]) -> bool:
    """Whether it has to be on the disk, and not only with the operating system, once it is called written: all but
    figures and what the program did."""
    return not isinstance(write, Rows) or any(row.table in SAID for row in write.rows)


class Unwritten:
    """The file beside a record. ``waiting`` is what an earlier life left in it. Raises Mistake where it is there and
    can't be read."""

    def __init__(self, record: Path, now: Callable[[], float]):
        self.file = record.with_name(f"{record.name}.unwritten")
        self.waiting = _read(self.file, record, now)
        self._put_by: list[Rows] = []

    @property
    def is_there(self) -> bool:
        return bool(self.waiting or self._put_by)

    def put_by(self, begin: Rows, jobs: Iterable[Rows]) -> bool:
        """Let the file hold what waits, the run that it belongs to first; whether it does."""
        jobs = list(jobs)
        if jobs == self._put_by:
            return True
        try:
            held = [asdict(rows) for rows in (*self.waiting, begin, *jobs)]
            self.file.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self.file, json.dumps(held) + "\n")
        except OSError as error:
            log.warning("%s can't be written (%s)", self.file.name, error.strerror)
            return False
        self._put_by = jobs
        return True

    def clear(self) -> None:
        """It is all in the record. Raises OSError."""
        self.file.unlink(missing_ok=True)
        self.waiting, self._put_by = [], []


def _read(file: Path, record: Path, now: Callable[[], float]) -> list[Rows]:
    try:
        return ROWS.validate_json(read_whole(file, LONGEST))
    except FileNotFoundError:
        return []
    except OSError as error:
        if not is_damage(error):
            raise Mistake(f"{file}: can't be read just now ({error.strerror}); nothing was changed.") from None
    except ValueError:
        pass
    second = int(now())
    while (aside := record.with_name(f"{record.name}.{DAMAGED}-{second}-unwritten")).exists():
        second += 1  # it goes when a damaged record of that time does
    file.rename(aside)
    log.error("%s can't be understood; it was set aside as %s", file.name, aside.name)
    return []


def _same(values: Iterable[str]) -> str:
    return " and ".join(f"[{column}] is ?" for column in values)
