"""Damage inside the record's file: found at waking and on writing, set aside, and what can still be read brought into a
new record.

Nothing is mended in place. What was set aside stays until somebody is forgotten (record/removal.py).
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

from sqlite_utils import Database

from school.record.removal import DAMAGED
from school.record.schema import connect

log = logging.getLogger(__name__)

DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
REFUSAL = {  # of this moment: somebody is in the way, or the disk
    sqlite3.SQLITE_AUTH, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_FULL, sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_IOERR, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_PERM, sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_READONLY,
}  # fmt: skip


def is_damage(error: Exception) -> bool:
    """Whether what was written is not there any more; all other errors are about this moment or this statement."""
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in DAMAGE


def is_refusal(error: Exception) -> bool:
    """Whether another try may go well; a record that can't be opened for any other reason is none of ours any more."""
    return isinstance(error, OSError) or (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF in REFUSAL


def is_sound(path: Path) -> bool:
    """Whether all pages of a record hang together; also true where that can't be told just now. It reads them all."""
    try:
        with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=2)) as record:
            return record.execute("pragma quick_check(1)").fetchone()[0] == "ok"
    except sqlite3.Error as error:
        return not is_damage(error)


def mend(path: Path, now: Callable[[], float]) -> None:
    """At waking, before anybody reads in it: a damaged record is replaced by what can be read of it."""
    with contextlib.suppress(OSError, sqlite3.Error):  # the writer will meet it
        if path.is_file() and path.stat().st_size and not is_sound(path):
            rebuild(path, now).close()


def rebuild(path: Path, now: Callable[[], float]) -> Database:
    """Set a damaged record aside, and open a new one with all that could be read of it; told in one line. Raises
    OSError and sqlite3.Error."""
    aside = _set_aside(path, int(now()))
    db = connect(path)
    saved = salvage(aside, db)
    for made_by_reading in (Path(f"{aside}-shm"), Path(f"{aside}-wal")):
        if made_by_reading.exists() and (made_by_reading.suffix.endswith("shm") or not made_by_reading.stat().st_size):
            made_by_reading.unlink()
    found = ", ".join(f"{rows:,} of {table}" for table, rows in saved.items() if rows)
    back = f"what could be read is back (rows: {found})" if found else "nothing in it could be read"
    log.warning("%s was damaged; it was set aside as %s and a new record begun: %s", path.name, aside.name, back)
    return db


def salvage(damaged: Path, db: Database) -> dict[str, int]:
    """Copy what can be read of a damaged record into an empty one; returns how many rows of each table."""
    saved = {}
    db.execute("pragma foreign_keys=off")
    tables = [name for name in db.table_names() if "_fts" not in name and not name.startswith(("_", "sqlite_"))]
    with contextlib.closing(sqlite3.connect(f"{damaged.absolute().as_uri()}?mode=ro", uri=True, timeout=2)) as old:
        old.text_factory = lambda data: data.decode("utf-8", "replace")
        with db.atomic():
            for table in tables:
                saved[table] = sum(_put(db, table, columns, row) for columns, row in _rows(old, db, table))
            _tie(db)
    db.execute("pragma foreign_keys=on")
    return saved | {table: db[table].count for table in tables}


def _set_aside(path: Path, second: int) -> Path:
    while (aside := path.with_name(f"{path.name}.{DAMAGED}-{second}")).exists():
        second += 1
    for suffix in ("-wal", "-shm", ""):  # the record last: where this breaks off, it is found damaged again
        with contextlib.suppress(FileNotFoundError):
            Path(f"{path}{suffix}").rename(f"{aside}{suffix}")
    return aside


def _rows(old: sqlite3.Connection, db: Database, table: str) -> Iterator[tuple[list[str], tuple]]:
    """All rows of a table that can be reached from its first or its last one, in order."""
    try:
        there = {row[1] for row in old.execute(f"pragma table_info([{table}])")}
    except sqlite3.Error:
        return
    columns = [column for column in db[table].columns_dict if column in there]
    if not columns:
        return
    select = f"select rowid, {', '.join(f'[{column}]' for column in columns)} from [{table}] not indexed order by rowid"  # noqa: S608
    last, whole = None, False
    try:
        for last, *row in old.execute(select):
            yield columns, (last, *row)
        whole = True
    except sqlite3.Error:
        pass
    if not whole:
        yield from ((columns, row) for row in reversed(_from_the_end(old, select, last)))


def _from_the_end(old: sqlite3.Connection, select: str, until: int | None) -> list[tuple]:
    rows = []
    with contextlib.suppress(sqlite3.Error):
        for row in old.execute(f"{select} desc"):
            if row[0] == until:
                break
            rows.append(row)
    return rows


def _put(db: Database, table: str, columns: list[str], row: tuple) -> int:
    names = ", ".join(["rowid", *(f"[{column}]" for column in columns)])
    values = ", ".join("?" * len(row))
    try:
        return db.execute(f"insert or ignore into [{table}] ({names}) values ({values})", row).rowcount
    except sqlite3.Error:  # a value that is none of its column's
        return 0


def _tie(db: Database) -> None:
    """Runs that are lost are there again by name. Whatever else refers to what is lost goes: of an answer without its
    question nobody could tell whose it was."""
    for table, _, parent, _ in db.execute("pragma foreign_key_check").fetchall():
        if parent == "runs":
            db.execute(f"insert or ignore into runs (id) select distinct run_id from [{table}]")  # noqa: S608
    while lost := [(table, row) for table, row, _, _ in db.execute("pragma foreign_key_check").fetchall()]:
        for table, row in lost:
            db.execute(f"delete from [{table}] where rowid = ?", [row])  # noqa: S608
