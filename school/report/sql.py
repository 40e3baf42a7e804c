"""One question in SQL to the record: it can only read, and neither its answer nor its time is without bounds."""

from __future__ import annotations

import sqlite3
import time

from school.office.mistakes import Mistake
from school.report.life import Life
from school.report.tables import Table

ROWS, SECONDS, LONGEST = 1000, 5.0, 1 << 20  # of an answer; in bytes, of one value in it or of the question
CHECKED = 10_000  # of SQLite's instructions between two looks at the clock
# What reading is made of. Attaching other files, pragmas and everything that writes is refused before it begins.
READING = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
REFUSED_FUNCTIONS = {"load_extension", "fts3_tokenizer"}


def ask(life: Life, question: str, *, rows: int = ROWS, seconds: float = SECONDS) -> Table:
    """So many rows of the answer, at most. Raises Mistake for what is no question, or takes longer."""
    connection, end = life.db.conn, time.monotonic() + seconds
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST)
    connection.set_authorizer(_allow)
    connection.set_progress_handler(lambda: time.monotonic() > end, CHECKED)
    try:
        cursor = connection.execute(question)
        if cursor.description is None:
            raise Mistake("stats sql: that asks nothing; begin with select.")
        found = cursor.fetchmany(rows + 1)
        columns = [column[0] for column in cursor.description]
    except (sqlite3.Error, sqlite3.Warning, ValueError) as error:
        raise Mistake(f"stats sql: {_why(error, seconds)}") from None
    finally:
        connection.set_progress_handler(None, 0)
        connection.set_authorizer(None)
    note = f"(the first {rows:,} rows)" if len(found) > rows else ""
    return Table(columns, found[:rows], note)


def _allow(action: int, first: str | None, second: str | None, *_: str | None) -> int:
    fine = action in READING and not (action == sqlite3.SQLITE_FUNCTION and second in REFUSED_FUNCTIONS)
    return sqlite3.SQLITE_OK if fine else sqlite3.SQLITE_DENY


def _why(error: Exception, seconds: float) -> str:
    code = getattr(error, "sqlite_errorcode", None)
    if code == sqlite3.SQLITE_INTERRUPT:
        return f"it took longer than {seconds:g} seconds, so it was broken off."
    if code == sqlite3.SQLITE_AUTH:
        return "it may only read; write a select."
    return f"{error}."
