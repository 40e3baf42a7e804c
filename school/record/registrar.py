"""The registrar: writes the life down. Takes notes from any thread, without ever holding anybody up."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import Future
from dataclasses import asdict, replace
from datetime import UTC, tzinfo
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from sqlite_utils import Database

from brain.gauges import Gauge, by_name
from school.door.consent import Change
from school.door.events import Event, Examined, ExamResult, Saved, StepReport, Tasted, Undone
from school.door.journal import EVERYWHERE, Journal, Promise
from school.door.phrases import Phrase
from school.door.values import NOWHERE, Kept, Origin, Pair, Removed, Reply, Scope, new_id
from school.office.files import clear_unfinished
from school.office.lifetime import DAY, Lifetime
from school.record import sources
from school.record.backup import Copies
from school.record.pages import LETTERS
from school.record.phrases import messages_with
from school.record.played import row_of
from school.record.queries import Queries
from school.record.removal import ALL, count, remove, take_back
from school.record.salvage import mend
from school.record.schema import utc_at, utc_now
from school.record.settings import RecordSettings
from school.record.thinning import Thinned, thin_hours, thin_steps
from school.record.unwritten import Row, Rows
from school.record.writer import Writer

if TYPE_CHECKING:
    from school.texts.shelf import Text

T = TypeVar("T")

TALLIED = 100  # steps, after which it is written down what they taught of each text
BEDTIME_SECONDS = 5.0  # for a lock; containers get ten from the signal to the end, and the soul is saved in them, too


class Registrar:
    """``queries`` is the read side; ``journal`` keeps what the record has promised and not taken yet. ``close`` writes
    what waits; ``caught_up`` is done when that of an earlier life, if any, is in the record. Raises Mistake."""

    keeps = "the record"

    def __init__(
        self,
        path: Path,
        settings: RecordSettings,
        *,
        run_config: dict[str, Any],
        from_step: int,
        journal: Journal | None = None,
        lifetime: Lifetime | None = None,
        copies: Copies | None = None,
    ):
        lifetime = lifetime or Lifetime()
        mend(path, lifetime.now)
        self.path, self.settings, self.queries = path, settings, Queries(path)
        self.journal = journal or Journal.beside(path)
        self.run_id = new_id()
        config = json.dumps(run_config)
        run = {"id": self.run_id, "started_at": utc_now(), "from_step": from_step, "config": config}
        for folder in (path.parent, self.letters):
            clear_unfinished(folder)
        begin = Rows.of(Row("runs", run, known="ignore"))  # in front of all rows, which refer to it
        self._tally = sources.Tally()
        self._lifetime, self._thinned, self._thinning = lifetime, Thinned(), False
        self._writer = Writer(path, begin, lifetime, copies)
        self._writer.submit(begin)  # a full backlog, or a new record, may lack it
        self.caught_up: Future[None] | None = self.write(lambda db: None) if self._writer.put_by.waiting else None
        self.inherited: list[tuple[Promise, Future[Removed]]] = []  # removals that a life before still owed
        for promise in self.journal.open():
            if isinstance(promise.what, Change):
                self._write_change(promise)
            elif promise.what.in_record and promise.left == EVERYWHERE:
                self.inherited.append((promise, self.forget(promise.what)))
        self._writer.start()

    @property
    def letters(self) -> Path:
        """The folder of the letters home."""
        return self.path.parent / LETTERS

    @property
    def unwritten(self) -> int:
        """Rows that wait for the disk or were dropped."""
        return self._writer.unwritten

    def write(self, job: Callable[[Database], T], *, urgent: bool = True) -> Future[T]:
        """Do something with the record on its own thread, behind all that is on its way to it, in one go. It is done
        again if the disk refuses. What is not ``urgent`` may take a second to begin."""
        done: Future[T] = Future()
        self._writer.submit(job, done, urgent=urgent)
        return done

    def close(self, *, step: int, ending: str, patience: float = BEDTIME_SECONDS) -> None:
        """Write the end of the run and all that waits; gives up after ``patience`` seconds."""
        self._write_tally()
        end = {"ended_at": utc_now(), "to_step": step, "ending": ending}
        self._writer.submit(Rows.of(Row("runs", end, where={"id": self.run_id})))
        self._writer.close(patience)
        self.journal.close()

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
            case Tasted(step=step):
                self.event("taste", str(event), step)
            case Undone(step=step):
                self.event("undone", str(event), step)

    def stepped(self, report: StepReport) -> None:
        self._tally.add(report.step, report.taught)
        if self._tally.steps >= TALLIED:
            self._write_tally()
        row = asdict(replace(report, glimpse=None, taught=()))  # words stay out of the figures
        del row["glimpse"], row["taught"]
        skipped, returned_to = row.pop("skipped"), row.pop("returned_to")
        row["red"], row["green"], row["blue"] = row.pop("color")
        row["expected_red"], row["expected_green"], row["expected_blue"] = row.pop("expected")
        row = {name: value if math.isfinite(value) else None for name, value in row.items()}
        row |= {"run_id": self.run_id, "at": utc_now(), "span": 1}
        self._writer.submit(Rows.of(Row("steps", row, known="replace")))
        if skipped:
            back = "" if returned_to is None else f"; went back to the weights of step {returned_to}"
            self.event("skipped", f"step {report.step} was not finite and taught nothing{back}", report.step)

    def examined(self, result: ExamResult, step: int, gauges: Iterable[Gauge]) -> None:
        known = json.dumps(by_name(gauges))
        row = asdict(result) | {"run_id": self.run_id, "at": utc_now(), "step": step, "gauges": known}
        self._writer.submit(Rows.of(Row("evaluations", row)))

    def shelve(self, texts: list[Text]) -> None:
        """Note the texts of the library, each by its content; one that is known is seen again."""
        now = utc_now()
        self._write_tally()  # the text may be another under the same name now
        self._writer.submit(lambda db: sources.shelve(db, texts, now))

    def _write_tally(self) -> None:
        if points := self._tally.take():
            self._writer.submit(lambda db: sources.note(db, points))

    def forget_texts(self, names: Collection[str]) -> Future[dict[str, int]]:
        """See ``sources.forget_texts``; to the last byte."""

        def write(db: Database) -> dict[str, int]:
            gone = sources.forget_texts(db, names, self.letters)
            self._writer.leftovers.note()
            return gone

        return self.write(write)

    def event(self, kind: str, text: str, step: int | None = None) -> None:
        row = {"run_id": self.run_id, "at": utc_now(), "step": step, "kind": kind, "text": text}
        self._writer.submit(Rows.of(Row("events", row)))

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
        self._writer.submit(Rows.of(Row("messages", row)))

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
        self._writer.submit(Rows.of(Row("replies", row)))

    def sent(self, reply_id: str, message: str) -> None:
        self._writer.submit(Rows.of(Row("replies", {"chat_message": message}, where={"id": reply_id})))

    def marked(
        self,
        reply_id: str,
        *,
        person: str,
        verdict: str,
        correction: str,
        origin: Origin = NOWHERE,
        trust: int = 0,
        written: Future[None] | None = None,
    ) -> None:
        """``written`` is done when it is on the disk."""
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
        withdrawn = Row("pairs", {"status": "withdrawn"}, where={"reply_id": reply_id})
        self._writer.submit(Rows.of(Row("feedback", row), withdrawn), written)

    def taught(self, pair: Pair, written: Future[None] | None = None) -> None:
        """``written`` is done when it is on the disk."""
        self._writer.submit(Rows.of(Row("pairs", row_of(pair))), written)

    def take_back(self, person: str) -> Future[Pair | None]:
        """See ``removal.take_back``; all that is on its way included."""
        return self.write(lambda db: take_back(db, person))

    # ---- people ----------------------------------------------------------------------------------------------------

    def changed(self, change: Change, *, if_known: bool = False) -> Future[None]:
        """Write down what a person decided, or was decided about them. ``if_known``: not where the ledger, once it can
        be read, has nothing else of them, and no part of it is lost."""
        return self._write_change(self.journal.owe(change, if_known=if_known))

    def _write_change(self, promise: Promise) -> Future[None]:
        def write(db: Database) -> None:
            if not promise.if_known or self._writer.leftovers.copies() or _is_known(db, promise.what.person):
                db["consents"].insert(asdict(promise.what), ignore=True)

        written = self.write(write)
        written.add_done_callback(lambda done: done.exception() or self.journal.settle(promise))
        return written

    def ledger(self) -> tuple[list[Change], bool]:
        """The ledger of consent, oldest first, and whether that is all of it. Where it can't be read, nobody has
        agreed; and a part of it may be in a damaged record that was set aside."""
        whole = not self._writer.leftovers.copies()
        known, readable = self.queries.ledger()
        ids = {change.id for change in known}
        owed = [promise.what for promise in self.journal.open() if isinstance(promise.what, Change)]
        return known + [change for change in owed if change.id not in ids], whole and readable

    def kept(self, person: str) -> Future[Kept]:
        """What there is of a person, all that is on its way included."""
        return self.write(lambda db: count(db, person))

    def messages_with(self, surface: str, channel: str, phrase: Phrase) -> Future[frozenset[str]]:
        """A surface's ids of the messages that a phrase stands in, all that is on its way included."""
        return self.write(lambda db: messages_with(db, surface, channel, phrase))

    def forget(self, scope: Scope) -> Future[Removed]:
        """Delete what goes to the last byte, or mark it as withdrawn. What stays of a person is the ledger of their
        consent: an id and dates. Of damaged records that were set aside nobody can tell what is in them: they go with
        any person, and when they are old enough with what was said before a moment."""
        copies_before = ALL if scope.person and not scope.surface and not scope.withdrawn else scope.before

        def write(db: Database) -> Removed:
            before = db.conn.total_changes
            removed = remove(db, scope, self.letters)
            if copies_before or db.conn.total_changes > before:
                self._writer.leftovers.note(copies_before=copies_before)
            return removed

        return self.write(write)

    # ---- housekeeping ----------------------------------------------------------------------------------------------

    def back_up(self) -> Future[None]:
        """Copy the record, with all that is on its way to it, to where the backups are; done when the future is."""
        if self._writer.copies:
            self._writer.copies.wanted = True
        return self.write(lambda db: None)

    def thin(self, zone: tzinfo = UTC) -> None:
        """Merge old steps into averages, and leave of examinations and events what tells of each hour in a time zone.
        That of a long life that was never thinned is done little by little, with others served in between."""
        if self._thinning:
            return
        settings, thinned = self.settings, self._thinned
        before = utc_at(max(0.0, self._lifetime.now() - DAY * settings.whole_days))

        def write(db: Database) -> Thinned:
            thin_steps(db, settings.every_step, settings.hundreds)
            return thin_hours(db, thinned, before, zone)

        self._thinning = True
        self.write(write, urgent=False).add_done_callback(partial(self._thin_on, zone))

    def _thin_on(self, zone: tzinfo, done: Future[Thinned]) -> None:
        self._thinning = False
        if done.exception():
            return
        self._thinned = done.result()
        if not self._thinned.all and not self._writer.closing:
            self.thin(zone)


def _is_known(db: Database, person: str) -> bool:
    return bool(db["consents"].count_where("person = ?", [person]))
