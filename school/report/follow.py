"""Going on to tell what is new in a record that grows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from school.report.tables import Table

SECONDS = 1.0  # between two looks at whether the record grew


def changes(path: Path, wait: Callable[[float], object]) -> Iterator[None]:
    """Once now, and again whenever something was written. SQLite tells nobody of that, so the size and the time of its
    two files are looked at; nothing is opened meanwhile, so that whoever writes is not held up."""
    before: object = ()
    while True:
        now = [_mark(file) for file in (path, path.with_name(f"{path.name}-wal"))]
        if now != before:
            before = now
            yield
        wait(SECONDS)


def _mark(file: Path) -> tuple[int, int]:
    try:
        found = file.stat()
    except OSError:
        return (0, 0)
    return (found.st_size, found.st_mtime_ns)


def new_rows(tables: Iterator[Table]) -> Iterator[Table]:
    """Each table without the rows that one before it had; those that have none are left out."""
    told: set[str] = set()
    for table in tables:
        fresh = [row for row in table.rows if repr(row) not in told]
        told = {repr(row) for row in table.rows}
        if fresh:
            yield Table(table.columns, fresh)
