"""Giving room back: a file from which much was deleted stays as large as it was, and so does every copy of it."""

from __future__ import annotations

import logging
import sqlite3

from sqlite_utils import Database

log = logging.getLogger(__name__)

LEAST = 64 << 20  # bytes that are free in it; less is soon written again
MOST = 256 << 20  # bytes of what is in it, all of which is held in memory meanwhile
SEARCHED = ("messages", "replies", "pairs")


def shrink(db: Database, least: int | None = None) -> None:
    """Let a file that is mostly free room be as small as what is in it. Takes some seconds, so it is done at waking
    alone, and where it is refused, at another one."""
    pages, free, size = (
        db.execute(f"pragma {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
    )
    if free * size < (LEAST if least is None else least) or free < pages / 2 or (pages - free) * size > MOST:
        return
    try:
        db.execute("vacuum")
        with db.atomic():
            for table in SEARCHED:
                db[table].rebuild_fts()  # it goes by numbers of rows, which SQLite does not promise to keep
        db.execute("pragma wal_checkpoint(truncate)").fetchone()
    except sqlite3.Error as error:
        log.warning("the record could not be made smaller (%s)", error)
        return
    megabytes = size / 1e6
    log.info(
        "the record was mostly free room: %.0f MB, %.0f now", pages * megabytes, _pragma(db, "page_count") * megabytes
    )


def _pragma(db: Database, name: str) -> int:
    return db.execute(f"pragma {name}").fetchone()[0]
