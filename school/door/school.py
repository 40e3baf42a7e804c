"""All that a surface may do: ask, teach, mark, make forget, and look how it is doing."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import replace
from typing import Protocol

from school.door.mailbox import Ask, Forget, Mailbox, Teach, fail, fulfil
from school.door.values import (
    ME,
    NOWHERE,
    Asleep,
    Exchange,
    Kept,
    Origin,
    Pair,
    Removed,
    Reply,
    Scope,
    Snapshot,
    id_at,
    new_id,
    writable,
)
from school.office.lifetime import Lifetime

REMEMBERED = 1000  # exchanges that can be marked


class Record(Protocol):
    """What the school writes down about talk; the registrar in daily life."""

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
    ) -> None: ...
    def said(self, reply: Reply, message_id: str) -> None: ...
    def sent(self, reply_id: str, message: str) -> None: ...
    def marked(
        self, reply_id: str, *, person: str, verdict: str, correction: str, origin: Origin = NOWHERE, trust: int = 0
    ) -> None: ...
    def taught(self, pair: Pair) -> None: ...
    def kept(self, person: str) -> Future[Kept]: ...
    def forget(self, *, person: str, source: str) -> Future[int]: ...
    def withdraw(self, person: str) -> Future[int]: ...
    def remove(self, scope: Scope) -> Future[Removed]: ...


class School:
    """The narrow interface. Every method returns at once; what takes time comes back as a future.

    ``exchanges``, the oldest first, are what it knows of earlier days; it remembers the last REMEMBERED. ``listener``
    hears every answer that is kept, on the tutor's thread.
    """

    listener: Callable[[Reply, str], None] | None = None  # the answer, and to whom

    def __init__(
        self,
        mailbox: Mailbox,
        record: Record,
        *,
        exchanges: Iterable[Exchange] = (),
        lifetime: Lifetime | None = None,
    ):
        self._mailbox, self._record, self._lifetime = mailbox, record, lifetime or Lifetime()
        self._exchanges = OrderedDict((exchange.reply_id, exchange) for exchange in exchanges)
        self._asking: dict[str, tuple[Ask, Exchange]] = {}  # questions to be kept, without their answers yet
        self._lock = threading.Lock()  # over both: questions are answered on the tutor's thread
        self.snapshot = Snapshot()  # replaced as a whole by the classroom

    def ask(
        self,
        text: str,
        conversation: str,
        *,
        person: str = ME,
        surface: str = "terminal",
        channel: str = "",
        message: str = "",
        consent: str = "owner",
        seconds: float | None = None,
        on_token: Callable[[str], None] | None = None,
    ) -> Future[Reply]:
        """Answer ``text`` within ``conversation``; ``on_token`` gets pieces of text on the tutor's thread.

        With ``consent`` empty, nothing of the exchange is written down, and the conversation neither knows what was
        before nor remembers it. ``channel`` and ``message`` are the surface's ids. The answer ends after ``seconds``.
        Raises Busy or Asleep.
        """
        text = writable(text)
        letter = Ask(text, conversation, person, on_token, kept=bool(consent), seconds=seconds)
        self._mailbox.post(letter)
        if consent:
            origin = Origin(surface=surface, channel=channel, message=message) if channel else NOWHERE
            exchange = Exchange(reply_id=letter.id, question=text, answer="", person=person, origin=origin)
            with self._lock:
                self._asking[letter.id] = letter, exchange
            self._record.heard(
                letter.id,
                text=text,
                person=person,
                surface=surface,
                conversation=conversation,
                consent=consent,
                channel=channel,
                message=message,
            )
            letter.future.add_done_callback(lambda future: self._remember(future, letter.id))
        return letter.future

    def sent(self, reply_id: str, message: str) -> None:
        """Note under which of the surface's ids a reply was said."""
        with self._lock:
            if exchange := self._exchanges.get(reply_id):
                self._exchanges[reply_id] = replace(exchange, sent=message)
        self._record.sent(reply_id, message)

    def teach(
        self,
        answer: str,
        *,
        prompt: str = "",
        source: str,
        weight: float = 1.0,
        person: str = ME,
        reply: str = "",
        asker: str = "",
        origin: Origin = NOWHERE,
        asked_in: str = "",
    ) -> str:
        """Add a lesson: a text, or an answer to a prompt. Returns its id. Raises Asleep."""
        pair = Pair(
            id=new_id(),
            prompt=writable(prompt),
            answer=writable(answer),
            weight=weight,
            person=person,
            source=source,
            reply=reply,
            asker=asker,
            origin=origin,
            asked_in=asked_in,
        )
        self._mailbox.post(Teach(pair))
        self._record.taught(pair)
        return pair.id

    def find(self, reply_id: str) -> Exchange | None:
        """The exchange that a reply belongs to, if it was kept and is one of the last."""
        return self._exchanges.get(reply_id)

    def find_sent(self, surface: str, message: str) -> str:
        """The id of the reply that was said as this message of the surface's, or "" where none is known."""
        with self._lock:
            known = (e.reply_id for e in self._exchanges.values() if (e.origin.surface, e.sent) == (surface, message))
            return next(known, "")

    def has_marked(self, reply_id: str, person: str, *, fixed: bool = False) -> bool:
        """Whether this person marked this reply already; with ``fixed``, corrected it."""
        exchange = self.find(reply_id)
        marks = exchange.marks if exchange else ()
        return any(who == person and (verdict == "fix" or not fixed) for who, verdict in marks)

    def feedback(
        self,
        reply_id: str,
        verdict: str,
        *,
        correction: str = "",
        person: str = ME,
        origin: Origin = NOWHERE,
        trust: int = 0,
    ) -> str:
        """Mark a reply "good" or "bad", or "fix" it with what it should have been.

        Good makes the exchange a lesson, a correction makes the corrected one a lesson of double weight; bad and fix
        take back what was made of the reply itself, and what was once bad never becomes good. Returns "learned",
        "marked", "unknown" (no such reply) or "refused" (it was bad before). ``origin`` is that of the mark, ``trust``
        the surface's in whoever gives it.
        """
        exchange = self.find(reply_id)
        if exchange is None:
            return "unknown"
        if verdict == "good" and exchange.verdict in ("bad", "fix"):
            return "refused"
        correction = writable(correction)
        mark = {"person": person, "verdict": verdict, "correction": correction, "origin": origin, "trust": trust}
        self._record.marked(reply_id, **mark)
        with self._lock:
            if reply_id in self._exchanges:
                marks = (*exchange.marks, (person, verdict))
                self._exchanges[reply_id] = replace(exchange, verdict=verdict, trust=trust, marks=marks)
        self._mailbox.post(Forget(replies=frozenset([reply_id])))
        if verdict == "bad":
            return "marked"
        answer, weight = (correction, 2.0) if verdict == "fix" else (exchange.answer, 1.0)
        self.teach(
            answer,
            prompt=exchange.question,
            source=verdict,
            weight=weight,
            person=person,
            reply=reply_id,
            asker=exchange.person,
            origin=origin,
            asked_in=exchange.origin.message,
        )
        return "learned"

    def kept(self, person: str) -> Future[Kept]:
        """What the record holds of a person, all that is on its way to it included."""
        return self._record.kept(person)

    def forget(self, *, person: str = "", source: str = "") -> Future[int]:
        """Delete everything of a person, or taught from a source, and never train on it again.

        The future tells how many rows of the record went; by then their conversations are gone too, in souls on disk
        as well. What the weights made of it fades but is not undone.
        """
        self._take_back(lambda exchange: bool(person) and exchange.person == person)
        self._drop_marks(person)
        written = self._record.forget(person=person, source=source)
        return _both(self._post(Forget(person=person, source=source)), written)

    def withdraw(self, person: str) -> Future[int]:
        """Break off all lessons made of a person's words, and their conversations; what was recorded stays. The future
        tells how many pairs that were, once it is written down."""
        self._take_back(lambda exchange: exchange.person == person)
        written = self._record.withdraw(person)
        self._post(Forget(person=person))
        return written

    def remove(self, scope: Scope, *, person: str = "") -> Future[int]:
        """Delete what was said within the scope, answers to it, and the pairs made of it; break off their lessons, and
        the conversations that heard it. The future tells how many rows of the record went.

        What is known in memory ends at once, however long the disk takes; so does the conversation of ``person``, where
        the surface knows who said it.
        """
        self._break_off(scope, person)
        removing, done = self._record.remove(scope), Future()
        removing.add_done_callback(lambda removing: self._finish(removing, done))
        return done

    def catch_up(self, left: Mapping[str, str], removals: Iterable[tuple[Scope, Future[Removed]]] = ()) -> None:
        """At waking: do again what a crash or a refusing disk may have left undone. ``left``: people who did, and their
        last words ("forgotten" or others); ``removals``: what the record is about to delete."""
        for person, what in left.items():
            if what == "forgotten":
                self._record.forget(person=person, source="")
            else:
                self._record.withdraw(person)
        if left:
            self._post(Forget(people=frozenset(left)))
        for scope, removing in removals:
            self._break_off(scope)
            removing.add_done_callback(lambda removing: self._finish(removing, Future()))

    def clear_out(self, surface: str, days: float) -> Future[int] | None:
        """Remove what was said on a surface more than so many days ago; 0: nothing, ever."""
        return self.remove(Scope(surface=surface, before=id_at(self._lifetime.now() - 86_400 * days))) if days else None

    def _break_off(self, scope: Scope, person: str = "") -> None:
        """End what is known in memory to be within a scope."""
        replies, people = self._take_back(
            lambda e: scope.reaches(e.reply_id, e.origin, {e.origin.message, e.sent}, {e.person})
        )
        self._post(Forget(scope=scope, replies=replies, people=people | ({person} - {""})))

    def _finish(self, removing: Future[Removed], done: Future[int]) -> None:
        """End what only the record knew of: conversations that heard it, pairs made of the answers."""
        if error := removing.exception():
            fail(done, error)
            return
        removed = removing.result()
        self._take_back(lambda exchange: exchange.reply_id in removed.replies)
        if removed.people or removed.replies:
            self._post(Forget(replies=removed.replies, people=removed.people))
        fulfil(done, removed.rows)

    def _post(self, letter: Forget) -> Future[int]:
        """Hand it on, if anybody is awake: when it wakes, nothing is taught that the record has lost."""
        try:
            self._mailbox.post(letter)
        except Asleep as asleep:
            fail(letter.future, asleep)
        return letter.future

    def _take_back(self, hit: Callable[[Exchange], bool]) -> tuple[frozenset[str], frozenset[str]]:
        """Drop the exchanges that are hit, those under way included; returns their replies' ids, and who asked."""
        with self._lock:
            asking = [letter for letter, exchange in self._asking.values() if hit(exchange)]
            known = [exchange for exchange in self._exchanges.values() if hit(exchange)]
            for letter in asking:
                del self._asking[letter.id]
            for exchange in known:
                del self._exchanges[exchange.reply_id]
        for letter in asking:
            letter.future.cancel()
        return frozenset(e.reply_id for e in known), frozenset(who.person for who in [*asking, *known])

    def _drop_marks(self, person: str) -> None:
        with self._lock:
            for key, exchange in self._exchanges.items():
                if any(who == person for who, _ in exchange.marks):
                    marks = tuple(mark for mark in exchange.marks if mark[0] != person)
                    self._exchanges[key] = replace(exchange, marks=marks)

    def status(self) -> Snapshot:
        return self.snapshot

    def _remember(self, future: Future[Reply], asked: str) -> None:
        """Keep an exchange, unless it was taken back while it was on its way."""
        with self._lock:
            _, exchange = self._asking.pop(asked, (None, None))
            if exchange is None or future.cancelled() or future.exception():
                return
            reply = future.result()
            self._record.said(reply, asked)
            self._exchanges[reply.id] = replace(exchange, reply_id=reply.id, answer=reply.text)
            while len(self._exchanges) > REMEMBERED:
                self._exchanges.popitem(last=False)
            if self.listener:  # with the lock, so that nobody leaves in between
                self.listener(reply, exchange.person)


def _both(done: Future, told: Future[int]) -> Future[int]:
    """What ``told`` brings, once ``done`` is done too; the error of either."""
    both: Future[int] = Future()

    def pass_on(_: Future) -> None:
        if error := done.exception() or told.exception():
            fail(both, error)
        else:
            fulfil(both, told.result())

    done.add_done_callback(lambda _: told.add_done_callback(pass_on))
    return both
