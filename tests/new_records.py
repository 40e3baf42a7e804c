"""New records for tests, copied from one that was made step by step as everybody's is: the steps take sqlite-utils 45
ms, and a thousand tests want a record."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from sqlite_utils import Database

from school.record.schema import migrations

_apply, _one_at_a_time = migrations.apply, threading.Lock()


@cache
def _first(strict: bool) -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    _apply(Database(connection, strict=strict))
    return connection


def _apply_or_copy(db: Database, **how: object) -> None:
    """What is there already, or is to stop on the way, goes step by step."""
    if how or db.execute("select count(*) from sqlite_master").fetchone()[0]:
        _apply(db, **how)
        return
    with _one_at_a_time:
        _first(db.strict).backup(db.conn)


def copy_new_records() -> None:
    migrations.apply = _apply_or_copy


@contextmanager
def one_by_one() -> Iterator[None]:
    """As it is outside of tests."""
    migrations.apply = _apply
    try:
        yield
    finally:
        copy_new_records()
