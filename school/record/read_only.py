"""Looking into a record without changing it, and without loading what only writing needs."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

EXAMINATIONS = """
    select at, bits_per_byte, bytes from evaluations where run_id in (select id from runs where rowid >=
        (select coalesce(max(rowid), 0) from runs where from_step = 0)) order by id"""


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
    """Into the record's file. Raises sqlite3.Error where there is none, or none that can be read."""
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=2)
    try:
        yield Look(connection)
    finally:
        connection.close()
