"""A copy of the record beside the copies of souls: made by SQLite while the record is written, checked page by page,
and made anew at once when something was deleted, so that nothing outlives its deletion in it.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path
from typing import Protocol

from school.office.files import UNFINISHED, sync
from school.record.schema import reading

COPY = "record.db"


class Places(Protocol):
    """Where copies go, and where they ever went."""

    folder: Path

    def reach(self) -> None: ...
    def folders(self) -> set[str]: ...


class Copies:
    """One copy of the record ``path`` in the folder where copies go; the last one stays until the next is whole. All
    that was deleted must be written."""

    def __init__(self, path: Path, places: Places):
        self._path, self._places = path, places
        self.wanted = False  # it is time for one
        self.stale = True  # something may be in them that was deleted; a life that broke off may not have come so far

    def renew(self) -> None:
        """Make the copy that is wanted, and let none that is stale be left, wherever one was made. Where a disk is away
        it has to be asked again. Raises OSError and sqlite3.Error where no new copy could be made."""
        if self.wanted:
            self._places.reach()
        reached = True
        for folder in map(Path, self._places.folders()):
            reached = reached and folder.is_dir()
            here = folder == self._places.folder
            if not ((folder / COPY).exists() or (here and self.wanted)):
                continue
            try:
                if here:
                    self._add(folder / COPY)
            except (OSError, sqlite3.Error):
                if self.stale:
                    (folder / COPY).unlink(missing_ok=True)
                raise
            if not here:
                (folder / COPY).unlink()
        self.wanted, self.stale = False, not reached

    def _add(self, place: Path) -> None:
        unfinished = place.with_name(f"{UNFINISHED}{COPY}")
        unfinished.unlink(missing_ok=True)
        try:
            os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            with reading(self._path) as record, contextlib.closing(sqlite3.connect(unfinished)) as copy:
                record.conn.backup(copy)
                copy.execute("pragma journal_mode=delete")  # one file, whatever becomes of it
                found = copy.execute("pragma integrity_check(1)").fetchone()[0]
            if found != "ok":
                raise sqlite3.DatabaseError(f"the copy is not sound: {found}")
            sync(unfinished)
            unfinished.replace(place)
            sync(place.parent)
        finally:
            unfinished.unlink(missing_ok=True)
