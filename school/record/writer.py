"""The one thread that writes into the record, with the one connection that may.

Anything may go wrong with a disk; then rows wait in memory, are counted, and are written when it works again; what
waits at the end goes into a file that the next life reads. A record that is damaged is set aside, and a new one begun.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from school.door.mailbox import fail, fulfil
from school.office.lifetime import Lifetime
from school.record.backup import Copies
from school.record.removal import Leftovers
from school.record.salvage import is_damage, is_refusal, rebuild
from school.record.schema import connect
from school.record.shrinking import shrink
from school.record.unwritten import Rows, Unwritten, is_lasting

log = logging.getLogger(__name__)

BACKLOG = 50_000  # rows kept in memory while the disk refuses them; then the oldest are dropped and counted
FLUSH_SECONDS = 1.0
RETRY_SECONDS = 5.0
LAST_RETRY_SECONDS = 0.1  # at the end, when every second counts
REBUILT = 3  # times in a life that a damaged record is set aside; a disk that goes on like that fills up otherwise


@dataclass(slots=True)
class _Job:
    """Something to write; ``future`` gets what it returns."""

    write: Callable[[Database], Any]
    future: Future | None = None


@dataclass(slots=True)
class _Backlog:
    jobs: deque[_Job] = field(default_factory=deque)
    dropped: int = 0
    urgent: bool = False  # whether somebody waits for one that came last
    closing: bool = False
    give_up_at: float = 0.0
    closed: bool = False


class Writer:
    """Takes jobs from any thread, and does them in order. ``begin`` is done first in every record that is opened; with
    all that is written goes what time it is in this ``lifetime``. Raises Mistake where what an earlier life could not
    write can't be read."""

    def __init__(self, path: Path, begin: Rows, lifetime: Lifetime, copies: Copies | None = None):
        self.path, self._begin, self._lifetime, self.copies = path, begin, lifetime, copies
        self._rebuilt = 0
        self.put_by, self._putting_by = Unwritten(path, lifetime.now), threading.Lock()
        self.leftovers = Leftovers(path)
        self.leftovers.on_removal = self._removed
        self._backlog = _Backlog()
        self._wake = threading.Condition()
        self._db: Database | None = None
        self._thread = threading.Thread(target=self._work, name="registrar", daemon=True)

    def start(self) -> None:
        self._thread.start()

    @property
    def unwritten(self) -> int:
        """Rows that wait for the disk or were dropped."""
        return len(self._backlog.jobs) + self._backlog.dropped

    @property
    def closing(self) -> bool:
        return self._backlog.closing

    def submit(self, write: Callable[[Database], Any], future: Future | None = None, *, urgent: bool = True) -> None:
        """Do it behind all that is on its way, in one go, and again if the disk refuses. Whoever gave a ``future`` gets
        what it returns, and as soon as possible if that is ``urgent``; all else is written within a second."""
        with self._wake:
            if self._backlog.closed:
                if future:
                    fail(future, RuntimeError("the record is closed"))
                return
            self._backlog.jobs.append(_Job(write, future))
            if len(self._backlog.jobs) > BACKLOG:
                self._drop_oldest()
            if future and urgent:
                self._backlog.urgent = True
                self._wake.notify()

    def close(self, patience: float) -> None:
        """Write all that waits, for ``patience`` seconds; what the record does not take until then, the next life
        finds. It is in a file of its own from the first refusal, for nobody knows how long this process has."""
        with self._wake:
            self._backlog.closing = True
            self._backlog.give_up_at = time.monotonic() + patience
            self._wake.notify()
        self._thread.join(patience + LAST_RETRY_SECONDS)
        if self._thread.is_alive():  # it waits for a lock that somebody holds
            self._put_by()
        if self.unwritten:
            found = f"; what waits in {self.put_by.file.name} is written when it wakes" if self.put_by.is_there else ""
            log.warning("%d rows could not be written to %s%s", self.unwritten, self.path, found)

    def _drop_oldest(self) -> None:
        """Drop the oldest row, but nothing that somebody waits for."""
        jobs = self._backlog.jobs
        index = next((i for i, job in enumerate(jobs) if not job.future), None)
        if index is not None:
            del jobs[index]
            self._backlog.dropped += 1

    # ---- on its own thread ---------------------------------------------------------------------------------------

    def _work(self) -> None:
        while True:
            with self._wake:
                self._wake.wait_for(self._in_a_hurry, FLUSH_SECONDS)
                self._backlog.urgent = False
                batch = list(self._backlog.jobs)
            written = not (batch or self.leftovers.waiting) or self._flush(batch)
            if not written and self._backlog.closing:
                self._put_by()
            with self._wake:
                if self._backlog.closing and (not self._backlog.jobs or time.monotonic() >= self._backlog.give_up_at):
                    self._backlog.closed = True
                    break
                if not written and self._backlog.closing:
                    self._wake.wait(LAST_RETRY_SECONDS)
                elif not written:
                    self._wake.wait_for(self._in_a_hurry, RETRY_SECONDS)
        kept = self._put_by() if self._backlog.jobs else False
        for job in self._backlog.jobs:
            if job.future and kept and isinstance(job.write, Rows):
                fulfil(job.future, None)
            elif job.future:
                fail(job.future, RuntimeError("the record is closed"))
        self._hang_up()

    def _in_a_hurry(self) -> bool:
        return self._backlog.urgent or self._backlog.closing

    def _put_by(self) -> bool:
        """Whether what waits is where the next life finds it. What is no plain rows is a promise, which the journal
        keeps, or can be asked again."""
        with self._putting_by:
            with self._wake:
                jobs = [job.write for job in self._backlog.jobs if isinstance(job.write, Rows)]
            return self.put_by.put_by(self._begin, jobs)

    def _flush(self, batch: list[_Job]) -> bool:
        """Write a batch in one transaction; False if the disk refuses, with everything still in the backlog."""
        try:
            if self._db is None:
                self._db = self._open()
                self._catch_up()
                shrink(self._db)
            self._be_sure(any(is_lasting(job.write) for job in batch))
            with self._db.atomic():
                results = [self._write_one(job) for job in batch]
                self._db["lifetime"].insert({"id": 1, **asdict(self._lifetime.noted())}, replace=True)
        except (sqlite3.Error, OSError) as error:
            self._hang_up()
            if is_damage(error) and self._rebuilt < REBUILT and self._rebuild():
                return self._flush(batch)
            log.warning("the record can't be written just now (%s); %d rows wait", error, len(batch))
            return False
        with self._putting_by:  # nobody may put by what was just written: it may be what is forgotten
            if self.put_by.is_there:  # gone before anybody hears of it
                with contextlib.suppress(OSError):  # once more after the next flush, or when it wakes
                    self.put_by.clear()
            with self._wake:
                for job in batch:  # new ones came in behind; an overflow may have taken some in front
                    if self._backlog.jobs and self._backlog.jobs[0] is job:
                        self._backlog.jobs.popleft()
        if self.leftovers.waiting:
            with contextlib.suppress(sqlite3.Error, OSError):  # somebody is in the way; once more after the next flush
                self.leftovers.clear(self._db)
        if self.copies and (self.copies.stale or self.copies.wanted):
            self._renew_copies()
        for job, (error, result) in zip(batch, results, strict=True):
            if job.future:
                fail(job.future, error) if error else fulfil(job.future, result)
        return True

    def _catch_up(self) -> None:
        """Begin in a record that was just opened, behind what an earlier life could not write."""
        self._be_sure(True)
        with self._db.atomic():
            for rows in self.put_by.waiting:
                self._write_one(_Job(rows.again))
            self._begin(self._db)
        if self.put_by.waiting:
            log.info("what could not be written when it last fell asleep is in the record now")
            self.put_by.clear()

    def _be_sure(self, lasting: bool) -> None:
        """Whether the next transactions are on the disk when they are done, whatever becomes of the machine: it costs
        a wait for the disk, which figures are not worth."""
        self._db.execute(f"pragma synchronous={'full' if lasting else 'normal'}")

    def _write_one(self, job: _Job) -> tuple[Exception | None, Any]:
        """One job in a savepoint of its own, so that a bad row harms no other."""
        try:
            with self._db.atomic():
                return None, job.write(self._db)
        except Exception as error:
            statement = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR
            refused = isinstance(error, sqlite3.OperationalError) and not statement
            if refused or is_damage(error) or isinstance(error, OSError):
                raise  # the disk, or a lock: the whole batch is tried again
            log.exception("a row could not be recorded")
            return error, None

    def _hang_up(self) -> None:
        if self._db:
            self._db.close()
            self._db = None

    def _open(self) -> Database:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            return connect(self.path)
        except Exception as error:
            if is_refusal(error) or self._rebuilt >= REBUILT:
                raise
            self._rebuilt += 1
            return rebuild(self.path, self._lifetime.now)

    def _rebuild(self) -> bool:
        """Whether there is a new record with what could be read of the damaged one."""
        self._rebuilt += 1
        try:
            rebuild(self.path, self._lifetime.now).close()
        except (sqlite3.Error, OSError) as error:
            log.warning("the damaged record can't be set aside (%s)", error)
            return False
        return True

    def _removed(self) -> None:
        if self.copies:
            self.copies.stale = True

    def _renew_copies(self) -> None:
        try:
            self.copies.renew()
        except (sqlite3.Error, OSError) as error:
            log.warning("the backup of the record could not be made anew (%s)", error)
