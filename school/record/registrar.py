"""The registrar: writes the life down in one SQLite file, from one thread, without ever holding anybody up.

Anything may go wrong with a disk; then rows wait in memory, are counted, and are written when it works again.
"""

from __future__ import annotations

import contextlib
import json
import logging
import math
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel
from sqlite_utils import Database, Migrations

from school.door.consent import Change
from school.door.events import Event, Examined, ExamResult, Saved, StepReport
from school.door.mailbox import fail, fulfil
from school.door.values import NOWHERE, Exchange, Kept, Origin, Pair, Removed, Reply, Scope, id_at, new_id
from school.office.files import Unfit, clear_unfinished, is_damage, read_whole, set_aside, write_whole
from school.office.lifetime import Lifetime, Noted
from school.office.mistakes import Mistake
from school.record.pages import LETTERS, redact
from school.record.settings import RecordSettings
from school.texts.shelf import Text

log = logging.getLogger(__name__)

BACKLOG = 50_000  # rows kept in memory while the disk refuses them; then the oldest are dropped and counted
FLUSH_SECONDS = 1.0
RETRY_SECONDS = 5.0
DAMAGED = "damaged"
ALL = "~"  # sorts behind every id

T = TypeVar("T")


# ---- the shape of the record ---------------------------------------------------------------------------------------

migrations = Migrations("babyllm")


@migrations()
def m001_begin(db: Database) -> None:
    db["runs"].create(
        {"id": str, "started_at": str, "ended_at": str, "from_step": int, "to_step": int, "ending": str, "config": str},
        pk="id",
    )
    db["steps"].create(
        {
            "step": int,
            "run_id": str,
            "at": str,
            "span": int,
            "loss": float,
            "bits_per_byte": float,
            "accuracy": float,
            "gradient_norm": float,
            "learning_rate": float,
            "tokens": float,
            "review_tokens": float,
            "seconds": float,
            "red": float,
            "green": float,
            "blue": float,
        },
        pk="step",
        foreign_keys=[("run_id", "runs", "id")],
    )
    db["evaluations"].create(
        {
            "id": int,
            "run_id": str,
            "at": str,
            "step": int,
            "bits_per_byte": float,
            "accuracy": float,
            "tokens": int,
            "bytes": int,
            "temperature": float,
            "self_state_error": float,
            "repeats": float,
            "gauges": str,
        },
        pk="id",
        foreign_keys=[("run_id", "runs", "id")],
    )
    db["sources"].create(
        {
            "sha256": str,
            "name": str,
            "bytes": int,
            "tokens": int,
            "held_out_tokens": int,
            "first_seen_at": str,
            "last_seen_at": str,
        },
        pk="sha256",
    )
    db["messages"].create(
        {
            "id": str,
            "run_id": str,
            "at": str,
            "surface": str,
            "conversation": str,
            "person": str,
            "consent": str,
            "text": str,
        },
        pk="id",
        foreign_keys=[("run_id", "runs", "id")],
    )
    db["replies"].create(
        {
            "id": str,
            "message_id": str,
            "at": str,
            "step": int,
            "text": str,
            "ending": str,
            "seconds": float,
            "first_token_seconds": float,
            "red": float,
            "green": float,
            "blue": float,
        },
        pk="id",
        foreign_keys=[("message_id", "messages", "id")],
    )
    db["feedback"].create(
        {"id": str, "reply_id": str, "at": str, "person": str, "verdict": str, "correction": str},
        pk="id",
        foreign_keys=[("reply_id", "replies", "id")],
    )
    db["pairs"].create(
        {
            "id": str,
            "at": str,
            "person": str,
            "source": str,
            "reply_id": str,
            "prompt": str,
            "answer": str,
            "weight": float,
            "status": str,
        },
        pk="id",
        foreign_keys=[("reply_id", "replies", "id")],
    )
    db["events"].create(
        {"id": int, "run_id": str, "at": str, "step": int, "kind": str, "text": str},
        pk="id",
        foreign_keys=[("run_id", "runs", "id")],
    )
    for table, columns in (
        ("messages", ["at"]),
        ("messages", ["person", "at"]),
        ("replies", ["at"]),
        ("pairs", ["person"]),
        ("pairs", ["reply_id"]),
        ("feedback", ["reply_id"]),
        ("evaluations", ["step"]),
        ("events", ["at"]),
    ):
        db[table].create_index(columns)
    for table, columns in (("messages", ["text"]), ("replies", ["text"]), ("pairs", ["prompt", "answer"])):
        db[table].enable_fts(columns, create_triggers=True, tokenize="unicode61")


@migrations()
def m002_chat(db: Database) -> None:
    """Where in a public chat something was said, so that it can be removed; and who agreed to be learned from."""
    for table in ("messages", "feedback", "pairs"):
        for column in ("channel", "chat_message"):
            db[table].add_column(column, str)
    db["replies"].add_column("chat_message", str)
    for column in ("surface", "asker", "asked_in"):
        db["pairs"].add_column(column, str)
    db["consents"].create({"id": str, "at": float, "person": str, "what": str, "channel": str, "wording": str}, pk="id")
    for table, column in (
        ("messages", "chat_message"),
        ("replies", "chat_message"),
        ("replies", "message_id"),
        ("pairs", "chat_message"),
        ("pairs", "asked_in"),
        ("pairs", "asker"),
        ("consents", "person"),
    ):
        db[table].create_index([column])


@migrations()
def m003_leave(db: Database) -> None:
    """Whoever is to be deleted is found without reading everything."""
    for column in ("person", "chat_message"):
        db["feedback"].create_index([column])


@migrations()
def m004_weather(db: Database) -> None:
    """The colour it expected beside the one it had; unknown of the steps before."""
    for channel in ("red", "green", "blue"):
        db["steps"].add_column(f"expected_{channel}", float)


@migrations()
def m005_diary(db: Database) -> None:
    """What the scribe writes; and how an answer was, for the baby's own measure."""
    for column in ("log_probability", "repeats"):
        db["replies"].add_column(column, float)
    page = {"kind": str, "day": str, "at": str, "text": str, "lines": str, "facts": str, "pair": str}
    db["diary"].create(page, pk=("kind", "day"))
    figures = {"band": str, "percent": float, "among": int}
    db["comments"].create({"id": str, "at": str, "reply_id": str, **figures, "text": str, "pair": str}, pk="id")
    db["comments"].create_index(["reply_id"])


@migrations()
def m006_trust(db: Database) -> None:
    """How much the word of whoever marked an answer counted; unknown of the marks before."""
    db["feedback"].add_column("trust", int)


@migrations()
def m007_lifetime(db: Database) -> None:
    """What time it was when something was last written, so that a clock that jumps is noticed."""
    db["lifetime"].create({"id": int, "believed": float, "wall": float}, pk="id")


def utc_now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def connect(path: Path) -> Database:
    """The writing connection. Private words are to be gone when deleted, so deleted pages are overwritten."""
    connection = sqlite3.connect(path, timeout=2, check_same_thread=False)
    try:
        db = Database(connection, strict=True)
        db.enable_wal()
        for pragma in (
            "foreign_keys=on",
            "synchronous=normal",
            "secure_delete=on",
            "temp_store=memory",
            "journal_size_limit=67108864",
        ):
            db.execute(f"pragma {pragma}")
        migrations.apply(db)
    except BaseException:
        connection.close()
        raise
    return db


class _Owed(BaseModel, extra="forbid"):
    """A line of what is still owed to somebody: one of these."""

    changed: Change | None = None
    if_known: bool = False
    forget: dict[str, str] | None = None
    withdraw: str | None = None
    remove: Scope | None = None


def _may_be_there(file: Path) -> bool:
    """Whether there is such a file, as far as can be seen."""
    try:
        file.stat()
    except FileNotFoundError:
        return False
    except OSError:
        pass
    return True


@contextlib.contextmanager
def reading(path: Path) -> Iterator[Database]:
    """A connection that can only read, for reports and look-ups from any thread."""
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=2)
    try:
        yield Database(connection)
    finally:
        connection.close()


def read_noted(record: Path, now: float) -> Noted | None:
    """What time it was when something was last written; None where nothing has been. Of a record that never noted it,
    its last date that is not in the future (``now``: seconds since 1970 by the clock on the wall)."""
    dates = """select max(at) from (select at from events union all select started_at from runs
               union all select ended_at from runs) where at <= ?"""
    try:
        with reading(record) as db:
            if "lifetime" in db.table_names():
                for row in db.execute("select believed, wall from lifetime").fetchall():
                    return Noted(*row)
            (at,) = db.execute(dates, [datetime.fromtimestamp(now, UTC).isoformat()]).fetchone()
            moment = datetime.fromisoformat(at).timestamp() if at else None
            return None if moment is None else Noted(moment, moment)
    except (sqlite3.Error, ValueError):
        return None


# ---- the one writer ------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Job:
    """Something to write; ``future`` gets what it returns. ``owed``: what to do again tomorrow if it can't be written
    today, since somebody was promised; ids only, no words."""

    write: Callable[[Database], Any]
    future: Future | None = None
    owed: dict[str, Any] | None = None


@dataclass(slots=True)
class _Backlog:
    jobs: deque[_Job] = field(default_factory=deque)
    dropped: int = 0
    closing: bool = False
    closed: bool = False


class Registrar:
    """Takes notes from any thread. ``close`` writes what waits."""

    def __init__(
        self,
        path: Path,
        settings: RecordSettings,
        *,
        run_config: dict[str, Any],
        from_step: int,
        lifetime: Lifetime | None = None,
    ):
        self.path, self.settings, self._lifetime = path, settings, lifetime or Lifetime()
        self.run_id = new_id()
        self._backlog = _Backlog()
        self._wake = threading.Condition()
        self._db: Database | None = None
        self._scrub = True  # the search index and the write-ahead log may hold words that were deleted
        self._drop_copies_before = ""  # of damaged records that were set aside before this id
        self._owing = path.with_name(f"{path.name}.owed")
        self._owed_text = ""  # what stands there
        self._owing_lock = threading.Lock()
        config = json.dumps(run_config)
        self._run = {"id": self.run_id, "started_at": utc_now(), "from_step": from_step, "config": config}
        self._submit(self._write_run)
        self._inherited_changes: list[Change] = []
        self.inherited: list[tuple[Scope, Future[Removed]]] = []  # removals that the day before could not write
        self._inherit()
        self._thread = threading.Thread(target=self._work, name="registrar", daemon=True)
        self._thread.start()

    @property
    def letters(self) -> Path:
        """The folder of the letters home."""
        return self.path.parent / LETTERS

    def write(self, job: Callable[[Database], T]) -> Future[T]:
        """Do something with the record on its own thread, behind all that is on its way to it, in one go. It is done
        again if the disk refuses."""
        done: Future[T] = Future()
        self._submit(job, done)
        return done

    @property
    def unwritten(self) -> int:
        """Rows that wait for the disk or were dropped."""
        return len(self._backlog.jobs) + self._backlog.dropped

    def close(self, *, step: int, ending: str, patience: float = 3.0) -> None:
        """Write the end of the run and all that waits; gives up after ``patience`` seconds."""
        end = {"ended_at": utc_now(), "to_step": step, "ending": ending}
        self._submit(lambda db: db["runs"].update(self.run_id, end))
        with self._wake:
            self._backlog.closing = True
            self._wake.notify()
        self._thread.join(patience)
        self._note_owed()
        if self.unwritten:
            log.warning("%d rows could not be written to %s", self.unwritten, self.path)

    def _inherit(self) -> None:
        """Begin with what the day before still owed to people. Raises Mistake where that can't be read just now."""
        for folder in (self.path.parent, self.letters):
            clear_unfinished(folder)
        try:
            lines = [line for line in read_whole(self._owing).splitlines(keepends=True) if line.strip()]
        except OSError as error:
            if not is_damage(error):
                raise Mistake(
                    f"{self._owing}: can't be read just now ({error.strerror}); nothing was changed."
                ) from None
            lines = []
        except Unfit:
            lines = [b"?"]
        understood = []
        for line in lines:
            try:
                self._owe(_Owed.model_validate_json(line))
                understood.append(line)
            except (ValueError, TypeError) as error:
                log.error("a line of %s can't be understood (%s)", self._owing.name, type(error).__name__)
        if len(understood) < len(lines):
            log.error("%s was set aside as %s", self._owing.name, set_aside(self._owing).name)
            write_whole(self._owing, b"".join(understood))
        self._owed_text = b"".join(understood).decode()

    def _owe(self, owed: _Owed) -> None:
        """Raises TypeError."""
        if owed.changed:
            self._inherited_changes.append(owed.changed)
            self.changed(owed.changed, if_known=owed.if_known)
        elif owed.forget is not None:
            self.forget(**owed.forget)
        elif owed.withdraw is not None:
            self.withdraw(owed.withdraw)
        elif owed.remove:
            self.inherited.append((owed.remove, self.remove(owed.remove)))
        else:
            raise TypeError("nothing is owed")

    def _note_owed(self) -> None:
        """Keep on disk what somebody was promised and what the record has not taken yet; no file where that is
        nothing."""
        with self._owing_lock:
            with self._wake:
                text = "".join(json.dumps(job.owed) + "\n" for job in self._backlog.jobs if job.owed)
            if text == self._owed_text:
                return
            try:
                if text:
                    write_whole(self._owing, text)
                else:
                    self._owing.unlink(missing_ok=True)
                self._owed_text = text
            except OSError as error:
                log.warning("%s can't be written (%s)", self._owing.name, error.strerror)

    def _submit(
        self, write: Callable[[Database], Any], future: Future | None = None, owed: dict[str, Any] | None = None
    ) -> None:
        with self._wake:
            if self._backlog.closed:
                if future:
                    fail(future, RuntimeError("the record is closed"))
                return
            self._backlog.jobs.append(_Job(write, future, owed))
            if len(self._backlog.jobs) > BACKLOG:
                self._drop_oldest()
            if future:
                self._wake.notify()

    def _drop_oldest(self) -> None:
        """Drop the oldest row, but nothing that somebody waits for."""
        jobs = self._backlog.jobs
        index = next((i for i, job in enumerate(jobs) if not job.future), None)
        if index is not None:
            del jobs[index]
            self._backlog.dropped += 1

    def _work(self) -> None:
        while True:
            with self._wake:
                if not self._backlog.closing:
                    self._wake.wait(FLUSH_SECONDS)
                batch = list(self._backlog.jobs)
                closing = self._backlog.closing
            written = not (batch or self._scrub) or self._flush(batch)
            with self._wake:
                if closing and (not written or not self._backlog.jobs):
                    self._backlog.closed = True
                    break
                if not written and not self._backlog.closing:
                    self._wake.wait(RETRY_SECONDS)
        for job in self._backlog.jobs:
            if job.future:
                fail(job.future, RuntimeError("the record is closed"))
        self._hang_up()

    def _flush(self, batch: list[_Job]) -> bool:
        """Write a batch in one transaction; False if the disk refuses, with everything still in the backlog."""
        try:
            if self._db is None:
                self._db = self._open()
                self._write_run(self._db)  # a full backlog, or a new record, may lack it, and all rows refer to it
            with self._db.atomic():
                results = [self._write_one(job) for job in batch]
                _note_time(self._db, self._lifetime.noted())
        except (sqlite3.Error, OSError) as error:
            log.warning("the record can't be written just now (%s); %d rows wait", error, len(batch))
            self._hang_up()
            self._note_owed()
            return False
        with self._wake:
            for job in batch:  # new ones came in behind; an overflow may have taken some in front
                if self._backlog.jobs and self._backlog.jobs[0] is job:
                    self._backlog.jobs.popleft()
        self._note_owed()
        if self._scrub:
            with contextlib.suppress(sqlite3.Error, OSError):  # somebody is in the way; once more after the next flush
                self._scrub = not self._clean()
        for job, (error, result) in zip(batch, results, strict=True):
            if job.future:
                fail(job.future, error) if error else fulfil(job.future, result)
        return True

    def _clean(self) -> bool:
        """Leave nothing of what was deleted behind; False where a reader still needs it."""
        for table in ("messages", "replies", "pairs"):
            self._db[table].optimize()  # else fragments stay in the search index
        for copy in self._copies():
            if id_at(int(copy.name.partition(f"{DAMAGED}-")[2].partition("-")[0])) < self._drop_copies_before:
                copy.unlink(missing_ok=True)
        self._drop_copies_before = ""
        busy, *_ = self._db.execute("pragma wal_checkpoint(truncate)").fetchone()
        return not busy

    def _copies(self) -> list[Path]:
        """Damaged records that were set aside."""
        return list(self.path.parent.glob(f"{self.path.name}.{DAMAGED}-*"))

    def _write_one(self, job: _Job) -> tuple[Exception | None, Any]:
        """One job in a savepoint of its own, so that a bad row harms no other."""
        try:
            with self._db.atomic():
                return None, job.write(self._db)
        except Exception as error:
            statement = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR
            if isinstance(error, OSError) or (isinstance(error, sqlite3.OperationalError) and not statement):
                raise  # the disk, or a lock: the whole batch is tried again
            log.exception("a row could not be recorded")
            return error, None

    def _write_run(self, db: Database) -> None:
        db["runs"].insert(self._run, ignore=True)

    def _hang_up(self) -> None:
        if self._db:
            self._db.close()
            self._db = None

    def _open(self) -> Database:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            return connect(self.path)
        except sqlite3.OperationalError:
            raise  # locked or out of space; later, perhaps
        except sqlite3.DatabaseError:
            aside = self.path.with_name(f"{self.path.name}.{DAMAGED}-{int(self._lifetime.now())}")
            for suffix in ("", "-wal", "-shm"):
                damaged = Path(f"{self.path}{suffix}")
                if damaged.exists():
                    damaged.rename(f"{aside}{suffix}")
            log.warning("%s was damaged; it was set aside as %s and a new record begun", self.path.name, aside.name)
            return connect(self.path)

    # ---- teaching --------------------------------------------------------------------------------------------------

    def note(self, event: Event) -> None:
        """Write down what the classroom tells."""
        match event:
            case StepReport():
                self.stepped(event)
            case Examined(result, step, gauges):
                self.examined(result, step, gauges)
            case Saved(step, place, problem):
                self.event("saved" if place else "not saved", place or problem, step)

    def stepped(self, report: StepReport) -> None:
        row = asdict(replace(report, glimpse=None))  # words stay out of the figures
        del row["glimpse"]
        skipped, returned_to = row.pop("skipped"), row.pop("returned_to")
        row["red"], row["green"], row["blue"] = row.pop("color")
        row["expected_red"], row["expected_green"], row["expected_blue"] = row.pop("expected")
        row = {name: value if math.isfinite(value) else None for name, value in row.items()}
        row |= {"run_id": self.run_id, "at": utc_now(), "span": 1}
        self._submit(lambda db: db["steps"].insert(row, replace=True))
        if skipped:
            back = "" if returned_to is None else f"; went back to the weights of step {returned_to}"
            self.event("skipped", f"step {report.step} was not finite and taught nothing{back}", report.step)

    def examined(self, result: ExamResult, step: int, gauges: dict[str, float]) -> None:
        row = asdict(result) | {"run_id": self.run_id, "at": utc_now(), "step": step, "gauges": json.dumps(gauges)}
        self._submit(lambda db: db["evaluations"].insert(row))

    def shelve(self, texts: list[Text]) -> None:
        """Note the texts of the library, each by its content; one that is known is seen again."""
        now = utc_now()

        def write(db: Database) -> None:
            for text in texts:
                counts = {"tokens": len(text.learn), "held_out_tokens": len(text.held_out)}
                seen = {"name": text.name, "last_seen_at": now, **counts}
                if db["sources"].count_where("sha256 = ?", [text.sha256]):
                    db["sources"].update(text.sha256, seen)
                    query = "update sources set first_seen_at = min(first_seen_at, ?) where sha256 = ?"
                    db.execute(query, [now, text.sha256])  # the clock may have been ahead then
                else:
                    first = {"sha256": text.sha256, "bytes": text.size, "first_seen_at": now}
                    db["sources"].insert(first | seen)

        self._submit(write)

    def event(self, kind: str, text: str, step: int | None = None) -> None:
        row = {"run_id": self.run_id, "at": utc_now(), "step": step, "kind": kind, "text": text}
        self._submit(lambda db: db["events"].insert(row))

    # ---- talk ------------------------------------------------------------------------------------------------------

    def heard(
        self,
        message_id: str,
        *,
        text: str,
        person: str,
        surface: str,
        conversation: str,
        consent: str,
        channel: str = "",
        message: str = "",
    ) -> None:
        row = {
            "id": message_id,
            "run_id": self.run_id,
            "at": utc_now(),
            "surface": surface,
            "conversation": conversation,
            "person": person,
            "consent": consent,
            "text": text,
            "channel": channel or None,
            "chat_message": message or None,
        }
        self._submit(lambda db: db["messages"].insert(row))

    def said(self, reply: Reply, message_id: str) -> None:
        red, green, blue = reply.color
        row = {
            "id": reply.id,
            "message_id": message_id,
            "at": utc_now(),
            "step": reply.step,
            "text": reply.text,
            "ending": reply.ending,
            "seconds": reply.seconds,
            "first_token_seconds": reply.first_token_seconds,
            "red": red,
            "green": green,
            "blue": blue,
            "log_probability": reply.log_probability,
            "repeats": reply.repeats,
        }
        self._submit(lambda db: db["replies"].insert(row))

    def sent(self, reply_id: str, message: str) -> None:
        self._submit(lambda db: db.execute("update replies set chat_message = ? where id = ?", [message, reply_id]))

    def marked(
        self, reply_id: str, *, person: str, verdict: str, correction: str, origin: Origin = NOWHERE, trust: int = 0
    ) -> None:
        row = {
            "id": new_id(),
            "reply_id": reply_id,
            "at": utc_now(),
            "person": person,
            "verdict": verdict,
            "correction": correction or None,
            "trust": trust,
            "channel": origin.channel or None,
            "chat_message": origin.message or None,
        }

        def write(db: Database) -> None:
            db["feedback"].insert(row)
            db.execute("update pairs set status = 'withdrawn' where reply_id = ?", [reply_id])

        self._submit(write)

    def taught(self, pair: Pair) -> None:
        row = {
            "id": pair.id,
            "at": utc_now(),
            "person": pair.person,
            "source": pair.source,
            "reply_id": pair.reply or None,
            "prompt": pair.prompt,
            "answer": pair.answer,
            "weight": pair.weight,
            "status": "learning",
            "asker": pair.asker or None,
            "asked_in": pair.asked_in or None,
            "surface": pair.origin.surface or None,
            "channel": pair.origin.channel or None,
            "chat_message": pair.origin.message or None,
        }
        self._submit(lambda db: db["pairs"].insert(row))

    def changed(self, change: Change, *, if_known: bool = False) -> Future[None]:
        """Write down what a person decided, or was decided about them. ``if_known``: not where the ledger, once it can
        be read, has nothing else of them, and no part of it is lost."""
        row = {"at": change.at, "person": change.person, "what": change.what, "channel": change.channel}
        row |= {"id": change.id, "wording": change.wording}
        done: Future[None] = Future()

        def write(db: Database) -> None:
            if not if_known or self._copies() or db["consents"].count_where("person = ?", [change.person]):
                db["consents"].insert(row, ignore=True)

        self._submit(write, done, owed={"changed": asdict(change)} | ({"if_known": True} if if_known else {}))
        return done

    def forget(self, *, person: str, source: str) -> Future[int]:
        """Delete all rows of a person and all pairs from a source, their search entries and old pages included. What
        stays is the ledger of their consent: an id and dates. Copies of damaged records go, too: nobody could tell what
        is in them."""

        def write(db: Database) -> tuple[int, int]:
            if person:
                self._take_out(db, person)
            rows = _delete_person(db, person) + _delete_source(db, source)
            return rows, rows

        owed = {"forget": {"person": person, "source": source}}
        return self._delete(write, owed=owed, copies_before=ALL if person else "")

    def withdraw(self, person: str) -> Future[int]:
        """Mark all pairs made of a person's words as not to be taught."""
        query = f"update pairs set status = 'withdrawn' where {_PAIRS_OF}"  # noqa: S608
        done: Future[int] = Future()

        def write(db: Database) -> int:
            self._take_out(db, person)
            return db.execute(query, {"person": person}).rowcount

        self._submit(write, done, owed={"withdraw": person})
        return done

    def _take_out(self, db: Database, person: str) -> None:
        """Take a person out of the diary and the letters, and with them the answers they got."""
        replies = {row[0] for row in db.execute(f"{_REPLIES_TO} = ?", [person]).fetchall()}
        self._scrub = bool(redact(db, {person}, replies, self.letters)) or self._scrub

    def remove(self, scope: Scope) -> Future[Removed]:
        """Delete what was said within a scope, with all that was made of it."""

        def write(db: Database) -> tuple[int, Removed]:
            removed = delete_scope(db, scope)
            changed = redact(db, {scope.person} - {""}, removed.replies, self.letters)
            self._scrub = self._scrub or bool(changed)
            return removed.rows, removed

        owed = {"remove": asdict(scope) | {"messages": sorted(scope.messages)}}
        return self._delete(write, owed=owed, copies_before=scope.before)  # whatever they hold is older

    def _delete(
        self, write: Callable[[Database], tuple[int, Any]], *, owed: dict[str, Any], copies_before: str
    ) -> Future:
        """Delete rows to the last byte; ``write`` tells how many, and what its future gets."""

        def delete(db: Database) -> Any:
            rows, result = write(db)
            self._drop_copies_before = max(self._drop_copies_before, copies_before)
            self._scrub = self._scrub or bool(rows or copies_before)
            return result

        done: Future = Future()
        self._submit(delete, done, owed)
        return done

    def kept(self, person: str) -> Future[Kept]:
        done: Future[Kept] = Future()
        self._submit(lambda db: _count(db, person), done)
        return done

    def exchanges(self, last: int) -> list[Exchange]:
        """So many of the last questions with their answers and marks, the oldest first."""
        query = """
            select replies.id as reply_id, messages.text as question, replies.text as answer, messages.person as person,
                   surface, coalesce(channel, '') as channel, coalesce(messages.chat_message, '') as message,
                   coalesce(replies.chat_message, '') as sent,
                   (select json_group_array(json_array(person, verdict)) from
                       (select person, verdict from feedback where reply_id = replies.id order by rowid)) as marks,
                   (select trust from feedback where reply_id = replies.id order by rowid desc limit 1) as trust
            from replies join messages on messages.id = replies.message_id order by replies.id desc limit ?"""
        try:
            with reading(self.path) as db:
                return [_exchange(row) for row in db.query(query, [last])][::-1]
        except sqlite3.Error:
            return []

    def steps(self, last: int) -> list[StepReport]:
        """So many of the last steps that are still kept one by one, the oldest first; without those that failed."""
        query = "select * from steps where span = 1 and loss is not null order by step desc limit ?"
        try:
            with reading(self.path) as db:
                return [_report(row) for row in db.query(query, [last])][::-1]
        except sqlite3.Error:
            return []

    def exams(self) -> list[float]:
        """Held-out bits per byte at all examinations, the oldest first."""
        try:
            with reading(self.path) as db:
                return [
                    row[0] for row in db.execute("select bits_per_byte from evaluations order by step, id").fetchall()
                ]
        except sqlite3.Error:
            return []

    def spoken(self, last: int) -> list[dict[str, Any]]:
        """How so many of the last answers were, the oldest first."""
        query = "select log_probability, repeats, ending from replies where log_probability is not null"
        try:
            with reading(self.path) as db:
                return list(db.query(f"{query} order by id desc limit ?", [last]))[::-1]
        except sqlite3.Error:
            return []

    def comments_between(self, start: str, end: str) -> int:
        """How many of the scribe's comments became lessons from then until then."""
        try:
            with reading(self.path) as db:
                return db["comments"].count_where("at >= ? and at < ? and pair != ''", [start, end])
        except sqlite3.Error:
            return 0

    def ledger(self) -> tuple[list[Change], bool]:
        """The ledger of consent, oldest first, and whether that is all of it. Where it can't be read, nobody has
        agreed; and a part of it may be in a damaged record that was set aside."""
        known, whole = [], not self._copies()
        try:
            with reading(self.path) as db:
                known = [Change(**row) for row in db.query("select * from consents order by rowid")]
        except sqlite3.Error as error:
            no_tables = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR
            if not no_tables and _may_be_there(self.path):  # else it has just begun
                whole = False
                log.warning("the ledger of consent can't be read (%s); today nobody counts as having agreed", error)
        ids = {change.id for change in known}
        return known + [change for change in self._inherited_changes if change.id not in ids], whole

    def lessons_since(self, surface: str, moment: float) -> dict[str, int]:
        """How many pairs each person has made on a surface in the day since then (seconds since 1970)."""
        query = "select person, count(*) as n from pairs where surface = ? and id >= ? and id < ? group by person"
        try:
            with reading(self.path) as db:
                day = [id_at(moment), id_at(moment + 86_400)]
                return {row["person"]: row["n"] for row in db.query(query, [surface, *day])}
        except sqlite3.Error:
            return {}

    def pairs_learning(self) -> list[Pair]:
        """All pairs that are to be taught, oldest first; none where there is no record yet."""
        query = """
            select pairs.id, prompt, answer, weight, pairs.person, source, coalesce(reply_id, '') as reply,
                   coalesce(pairs.asker, messages.person, '') as asker, coalesce(asked_in, '') as asked_in,
                   coalesce(pairs.surface, '') as surface, coalesce(pairs.channel, '') as channel,
                   coalesce(pairs.chat_message, '') as message
            from pairs left join replies on replies.id = reply_id left join messages on messages.id = message_id
            where status = 'learning' order by pairs.id"""
        try:
            with reading(self.path) as db:
                return [_pair(row) for row in db.query(query)]
        except sqlite3.Error:
            return []

    # ---- housekeeping ----------------------------------------------------------------------------------------------

    def thin(self) -> None:
        """Merge old steps into averages, so that a year of them stays small."""
        settings = self.settings
        self._submit(lambda db: thin_steps(db, settings.every_step, settings.hundreds))


def _report(row: dict[str, Any]) -> StepReport:
    """What a step's row was made from; what it lacks is not a number."""
    known = {name: math.nan if value is None else value for name, value in row.items()}
    colors = {"color": ("red", "green", "blue"), "expected": ("expected_red", "expected_green", "expected_blue")}
    figures = {field.name: known[field.name] for field in fields(StepReport) if field.name in known}
    return StepReport(
        **figures, **{name: tuple(known.get(c, math.nan) for c in channels) for name, channels in colors.items()}
    )


def _pair(row: dict[str, Any]) -> Pair:
    return Pair(origin=_origin(row), **row)


def _exchange(row: dict[str, Any]) -> Exchange:
    marks = tuple(tuple(mark) for mark in json.loads(row.pop("marks")))
    return Exchange(origin=_origin(row), marks=marks, verdict=marks[-1][1] if marks else "", **row)


def _origin(row: dict[str, Any]) -> Origin:
    """Takes the columns of an origin out of a row."""
    origin = Origin(**{name: row.pop(name) for name in ("surface", "channel", "message")})
    return origin if origin.channel else NOWHERE


_REPLIES_TO = "select replies.id from replies join messages on messages.id = replies.message_id where messages.person"
_PAIRS_OF = f"person = :person or asker = :person or reply_id in ({_REPLIES_TO} = :person)"


def _count(db: Database, person: str) -> Kept:
    counts = {
        "messages": "select (select count(*) from messages where person = :person) + "
        "(select count(*) from feedback where person = :person)",
        "replies": f"select count(*) from ({_REPLIES_TO} = :person)",
        "pairs": f"select count(*) from pairs where {_PAIRS_OF}",
    }
    return Kept(**{name: db.execute(query, {"person": person}).fetchone()[0] for name, query in counts.items()})


def _delete_person(db: Database, person: str) -> int:
    if not person:
        return 0
    deleted = 0
    for statement in (
        f"delete from comments where reply_id in ({_REPLIES_TO} = :person)",
        f"delete from feedback where person = :person or reply_id in ({_REPLIES_TO} = :person)",
        f"delete from pairs where {_PAIRS_OF}",
        "delete from replies where message_id in (select id from messages where person = :person)",
        "delete from messages where person = :person",
    ):
        deleted += db.execute(statement, {"person": person}).rowcount
    return deleted


def delete_scope(db: Database, scope: Scope) -> Removed:
    """Delete the messages within a scope and the answers to them, answers that were themselves said as one of its
    messages, and all marks and pairs made of any of these, or themselves within it; with ``answers``, the answers and
    what was made of them."""
    values = {"surface": scope.surface, "channel": scope.channel, "person": scope.person}
    values |= {"since": scope.since, "before": scope.before, "ids": json.dumps(sorted(scope.messages))}
    said = _within(scope)
    db.execute(
        f"create temp table gone_messages as select id, person from messages where surface = :surface{said}", values
    )
    db.execute("create temp table gone_replies (id text)")
    theirs = "select id from replies where message_id in (select id from temp.gone_messages)"
    own = f"select id from replies where chat_message in {_LISTED}"  # nobody's in particular
    for found in (theirs, *[own] * (bool(scope.messages) and not scope.person)):
        db.execute(f"insert into temp.gone_replies {found}", values)
    marks_and_pairs = (
        f"delete from feedback where channel is not null{said}",
        f"delete from pairs where surface = :surface{_within(scope, 'person asker', 'chat_message asked_in')}",
    )
    rows = 0
    for statement in (
        "delete from comments where reply_id in (select id from temp.gone_replies)",
        "delete from feedback where reply_id in (select id from temp.gone_replies)",
        "delete from pairs where reply_id in (select id from temp.gone_replies)",
        *(() if scope.answers else marks_and_pairs),
        "delete from replies where id in (select id from temp.gone_replies)",
        *(() if scope.answers else ("delete from messages where id in (select id from temp.gone_messages)",)),
    ):
        rows += db.execute(statement, values).rowcount
    people = frozenset(row[0] for row in db.execute("select distinct person from temp.gone_messages").fetchall())
    replies = frozenset(row[0] for row in db.execute("select id from temp.gone_replies").fetchall())
    for table in ("gone_messages", "gone_replies"):
        db.execute(f"drop table temp.{table}")
    return Removed(rows=rows, people=people, replies=replies)


_LISTED = "(select value from json_each(:ids))"


def _within(scope: Scope, people: str = "person", messages: str = "chat_message") -> str:
    """The conditions of a scope, those alone that are given, so that an index can be used. ``people`` and ``messages``
    are names of columns, of which one has to fit."""

    def one_of(columns: str, test: str) -> str:
        return "(" + " or ".join(f"{column} {test}" for column in columns.split()) + ")"

    given = {
        one_of(messages, f"in {_LISTED}"): scope.messages,
        one_of(people, "= :person"): scope.person,
        "channel = :channel": scope.channel,
        "id >= :since": scope.since,
        "id < :before": scope.before,
    }
    return "".join(f" and {condition}" for condition, value in given.items() if value)


def _note_time(db: Database, noted: Noted) -> None:
    db["lifetime"].insert({"id": 1, **asdict(noted)}, replace=True)


def _delete_source(db: Database, source: str) -> int:
    return db.execute("delete from pairs where source = ?", [source]).rowcount if source else 0


def thin_steps(db: Database, every_step: int, hundreds: int) -> None:
    """Steps older than the newest ``every_step`` become averages over 100, older than ``hundreds`` over 10,000.

    Loss and the like are weighted by the steps they stand for; ``span`` says how many those are.
    """
    newest = next(db.query("select coalesce(max(step), 0) as step from steps"))["step"]
    averaged = "loss bits_per_byte accuracy gradient_norm learning_rate tokens review_tokens seconds "
    averaged += "red green blue expected_red expected_green expected_blue"
    known = "case when {0} is not null then span end"  # a step that was not finite has no loss
    means = ", ".join(f"sum({name} * span) / sum({known.format(name)})" for name in averaged.split())
    columns = ", ".join(averaged.split())
    for width, age in ((100, every_step), (10_000, hundreds)):
        limit = (newest - age) // width * width
        where = f"step <= {limit} and span < {width}"
        db.execute(
            f"create temp table merged as select max(step) as step, max(run_id) as run_id, max(at) as at, "
            f"sum(span) as span, {means} from steps where {where} group by (step - 1) / {width}"
        )  # noqa: S608
        db.execute(f"delete from steps where {where}")
        db.execute(f"insert or replace into steps (step, run_id, at, span, {columns}) select * from merged")
        db.execute("drop table merged")
