"""Looking into a record without changing it, and without loading what only writing needs."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

EXAMINATIONS = """
    select at, bits_per_byte, bytes from evaluations where run_id in (select id from runs where rowid >=
        (select coalesce(max(rowid), 0) from runs where from_step = 0)) order by id"""
# What SQLite says where it can't write beside the record, as it wants to even to read: it may not, or the disk is full.
LOCKED_IN = {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL}


class Look:
    """A connection that can only read."""

    def __init__(self, connection: sqlite3.Connection):
        self.conn = connection

    def execute(self, sql: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> sqlite3.Cursor:
        return self.conn.execute(sql, values)

    def query(self, sql: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> Iterator[dict[str, Any]]:
        """The rows, each by the names of its columns."""
        cursor = self.execute(sql, values)
        names = [column[0] for column in cursor.description]
        return (dict(zip(names, row, strict=True)) for row in cursor)

    def has(self, table: str) -> bool:
        return bool(self.execute("select 1 from sqlite_master where type = 'table' and name = ?", [table]).fetchone())


@contextlib.contextmanager
def looking(path: Path) -> Iterator[Look]:
    """Into the record's file, also where nothing can be written, as in a backup or on a full disk. Raises sqlite3.Error
    where there is none, or none that can be read."""
    connection = _open(path)
    try:
        yield Look(connection)
    finally:
        connection.close()


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=2)
    try:
        connection.execute("select count(*) from sqlite_master").fetchone()
    except sqlite3.OperationalError as error:
        connection.close()
        if error.sqlite_errorcode & 0xFF not in LOCKED_IN or not path.is_file():
            raise
        return _open_copy(path, error)
    except BaseException:
        connection.close()
        raise
    return connection


def _open_copy(path: Path, refused: sqlite3.Error) -> sqlite3.Connection:
    """The record in memory. What was written last is beside it, so that what lies in the one file is not enough."""
    memory = sqlite3.connect(":memory:")
    try:
        with tempfile.TemporaryDirectory() as place:  # its owner's alone
            copy = Path(place) / path.name
            for name in (path.name, f"{path.name}-wal"):
                with contextlib.suppress(FileNotFoundError):
                    shutil.copyfile(path.with_name(name), copy.with_name(name))
            with contextlib.closing(sqlite3.connect(copy)) as record:
                record.backup(memory)
    except OSError:
        memory.close()
        raise refused from None
    except BaseException:
        memory.close()
        raise
    memory.execute("pragma query_only=on")
    return memory
