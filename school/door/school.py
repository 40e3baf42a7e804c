"""All that a surface may do: ask, teach, mark, make forget, and look how it is doing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Protocol

from school.door.exchanges import Exchanges
from school.door.forgetting import Forgetting, JournalKeeper, Mind
from school.door.mailbox import Ask, Follow, Forget, Mailbox, Mark, Recollect, Teach, Trace, fail, fulfil
from school.door.phrases import Phrase
from school.door.receipts import Progress, Receipt
from school.door.values import (
    AS_ALWAYS,
    ME,
    NOWHERE,
    OWN_SURFACES,
    Asleep,
    Busy,
    Exchange,
    Forgotten,
    Kept,
    Manner,
    Origin,
    Pair,
    Removed,
    Reply,
    Scope,
    Score,
    Snapshot,
    Turn,
    id_at,
    new_id,
    writable,
)
from school.office.lifetime import Lifetime


class Record(JournalKeeper, Protocol):
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
        self,
        reply_id: str,
        *,
        person: str,
        verdict: str,
        correction: str,
        origin: Origin = NOWHERE,
        trust: int = 0,
        written: Future[None] | None = None,
    ) -> None: ...
    def taught(self, pair: Pair, written: Future[None] | None = None) -> None: ...
    def take_back(self, person: str) -> Future[Pair | None]: ...
    def kept(self, person: str) -> Future[Kept]: ...
    def messages_with(self, surface: str, channel: str, phrase: Phrase) -> Future[frozenset[str]]: ...
    def forget(self, scope: Scope) -> Future[Removed]: ...
    def forget_texts(self, names: Collection[str]) -> Future[dict[str, int]]: ...


Overhearer = Callable[[Ask, str, str], Callable[[str], None] | None]
"""Is told of each question, its surface, and the consent to keep it; may want the pieces of the answer, too. It returns
at once, on whatever thread asks; so does what it returns, on the talker's."""


class School:
    """The narrow interface. Every method returns at once; what takes time comes back as a future.

    ``exchanges``, the oldest first, are what it knows of earlier days; it remembers the last REMEMBERED. ``listener``
    hears every answer that is kept, on the tutor's thread.
    """

    listener: Callable[[Reply, str], None] | None = None  # the answer, and to whom
    overhearer: Overhearer | None = None

    def __init__(
        self,
        mailbox: Mailbox,
        record: Record,
        *,
        exchanges: Iterable[Exchange] = (),
        lifetime: Lifetime | None = None,
    ):
        self._mailbox, self._record, self._lifetime = mailbox, record, lifetime or Lifetime()
        self._exchanges = Exchanges(exchanges)
        self.forgetting = Forgetting(self._exchanges, Mind(mailbox), record)
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
        remembered: bool = True,
        seconds: float | None = None,
        on_token: Callable[[str], None] | None = None,
        before: Iterable[Turn] = (),
        manner: Manner = AS_ALWAYS,
        key: str = "",
    ) -> Future[Reply]:
        """Answer ``text`` within ``conversation``; ``on_token`` gets pieces of text on the tutor's thread.

        With ``consent`` empty, nothing of the exchange is written down, and the conversation neither knows what was
        before nor remembers it; so does one that is not to be ``remembered``, which is written down. ``channel`` and
        ``message`` are the surface's ids. The answer ends after ``seconds``. ``before`` is what was said before, for a
        conversation that doesn't know; ``key`` is the answer's id, where the surface has to know it at once. On a
        ``surface`` that is not the owner's alone it says no private text word for word.
        Raises Busy or Asleep.
        """
        text = writable(text)
        kept, public = bool(consent) and remembered, surface not in OWN_SURFACES
        request = Ask(
            text, conversation, person, on_token, kept, public, seconds, tuple(before), manner, key or new_id()
        )
        self._post(request, surface, consent)
        if consent:
            origin = Origin(surface=surface, channel=channel, message=message) if channel else NOWHERE
            exchange = Exchange(reply_id=request.id, question=text, answer="", person=person, origin=origin)
            how = {"surface": surface, "conversation": conversation, "channel": channel, "message": message}
            note = partial(self._record.heard, request.id, text=text, person=person, consent=consent, **how)
            self._exchanges.begin(request, exchange, note)
            request.future.add_done_callback(lambda future: self._answered(request.id, future))
        return request.future

    def score(self, file: Path) -> Future[Score]:
        """How well it predicts a file, without learning it. Raises Asleep; the future may bring a Mistake."""
        request = Mark(file)
        self._mailbox.post(request)
        return request.future

    def forget_texts(self, names: Collection[str]) -> Future[dict[str, int]]:
        """Let the record tell nothing of these texts any more; how many ``lessons`` and ``pages`` of diary and letters
        it told of them. Whether they are taught is the library's to say."""
        return self._record.forget_texts(names)

    def sent(self, reply_id: str, message: str) -> None:
        """Note under which of the surface's ids a reply was said."""
        self._exchanges.sent(reply_id, message)
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
        written: Future[None] | None = None,
    ) -> str:
        """Add a lesson: a text, or an answer to a prompt; from the source "bad", what is none. Returns its id;
        ``written`` is done when it is on the disk, whatever happens from then on. Raises Asleep."""
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
        self._record.taught(pair, written)
        return pair.id

    def take_back(self, person: str = ME) -> Future[Pair | None]:
        """Take back the last that a person taught: it is neither said nor taught any more, and the answer that it was
        made of may be marked anew. The future brings what it was, None where there is nothing, once it is gone. What
        the weights made of it fades but is not undone."""
        gone: Future[Pair | None] = Future()

        def forget(found: Future[Pair | None]) -> None:
            try:
                if pair := found.result():
                    self._exchanges.unmarked(pair.reply, person)
                    self._mailbox.post(Forget(Scope(pairs=frozenset([pair.id]), withdrawn=True)))
                fulfil(gone, pair)
            except Exception as error:
                fail(gone, error)

        self._record.take_back(person).add_done_callback(forget)
        return gone

    def why(self, reply_id: str) -> Future[Receipt | None]:
        """Where the words of an answer come from; None where it is not known any more. Where others hear it, tell them
        ``Receipt.for_others``. Raises Asleep."""
        exchange = self.find(reply_id)
        if exchange is None:
            unknown: Future[Receipt | None] = Future()
            unknown.set_result(None)
            return unknown
        request = Trace(exchange.answer, exchange.told)
        self._mailbox.post(request)
        return request.future

    def learned(self, person: str = ME, *, pair: str = "") -> Future[Progress | None]:
        """What became of the last that a person taught, or of the lesson with this id; None where there is none. Raises
        Asleep."""
        request = Follow(person, pair)
        self._mailbox.post(request)
        return request.future

    def find(self, reply_id: str) -> Exchange | None:
        """The exchange that a reply belongs to, if it was kept and is one of the last."""
        return self._exchanges.find(reply_id)

    def find_sent(self, surface: str, message: str) -> str:
        """The id of the reply that was said as this message of the surface's, or "" where none is known."""
        return self._exchanges.find_sent(surface, message)

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
        weight: float | None = None,
        signal: str = "",
        written: Future[None] | None = None,
    ) -> str:
        """Mark a reply "good" or "bad", or "fix" it with what it should have been.

        Good makes the exchange a lesson, a correction makes the corrected one a lesson of double weight, unless
        ``weight`` says otherwise; bad and fix take back what was made of the reply itself, and what was once bad never
        becomes good. Good and bad are verdicts, besides, from which it learns what people like: as much as they weigh.
        A ``signal`` is a verdict that was only let on, by its name: it holds until somebody says more.
        Returns "learned", "marked", "unknown" (no such reply) or "refused" (it was bad before, or more is known).
        ``origin`` is that of the mark, ``trust`` the surface's in whoever gives it. Where something was learned or
        marked, ``written`` is done when it is on the disk.
        """
        exchange = self.find(reply_id)
        if exchange is None:
            return "unknown"
        if verdict == "good" and exchange.verdict in ("bad", "fix"):
            return "refused"
        if signal and (exchange.verdict or exchange.signal):
            return "refused"
        correction = writable(correction)
        mark = {
            "person": person,
            "verdict": signal or verdict,
            "correction": correction,
            "origin": origin,
            "trust": trust,
        }
        self._record.marked(reply_id, **mark, written=written if verdict == "bad" else None)
        if signal:
            self._exchanges.signalled(reply_id, signal)
        else:
            self._exchanges.marked(reply_id, person, verdict, trust)
        self._mailbox.post(Forget(Scope(replies=frozenset([reply_id]), withdrawn=True)))
        answer, usual = (correction, 2.0) if verdict == "fix" else (exchange.answer, 1.0)
        self.teach(
            answer,
            prompt=exchange.question,
            source=verdict,
            weight=usual if weight is None else weight,
            person=person,
            reply=reply_id,
            asker=exchange.person,
            origin=origin,
            asked_in=exchange.origin.message,
            written=written if verdict != "bad" else None,  # the mark is in front of it
        )
        return "marked" if verdict == "bad" else "learned"

    def kept(self, person: str) -> Future[Kept]:
        """What is kept of a person, all that is on its way to the record included."""
        kept: Future[Kept] = Future()
        asked = Recollect(person)
        try:
            self._mailbox.post(asked)
        except Asleep as asleep:
            fail(asked.future, asleep)

        def add(counted: Future[Kept], talks: Future[int]) -> None:
            try:
                fulfil(kept, replace(counted.result(), conversations=0 if talks.exception() else talks.result()))
            except Exception as error:
                fail(kept, error)

        def ask_on(counted: Future[Kept]) -> None:
            asked.future.add_done_callback(partial(add, counted))

        self._record.kept(person).add_done_callback(ask_on)
        return kept

    def forget(self, *, person: str = "", source: str = "") -> Future[Forgotten]:
        """Delete everything of a person, or taught from a source, and never train on it again.

        Within bounded time the future tells how many rows of the record went, and what is still owed: all else is gone
        by then, conversations in saved souls too. What the weights made of it fades but is not undone.
        """
        return self.forgetting.forget(Scope(person=person, source=source))

    def withdraw(self, person: str) -> Future[Forgotten]:
        """Break off all lessons made of a person's words, and their conversations; what was recorded stays. The future
        tells how many pairs that were."""
        return self.forgetting.forget(Scope(person=person, withdrawn=True))

    def messages_with(self, surface: str, channel: str, phrase: Phrase) -> Future[frozenset[str]]:
        """A surface's ids of the messages in a channel that a phrase stands in, or what was made of them."""
        return self._record.messages_with(surface, channel, phrase)

    def remove(self, scope: Scope, *, person: str = "") -> Future[Forgotten]:
        """Delete what was said within the scope, answers to it, and the pairs made of it; break off their lessons, and
        the conversations that heard it. The future tells how many rows of the record went.

        What is known in memory ends at once, however long the disk takes; so does the conversation of ``person``, where
        the surface knows who said it.
        """
        return self.forgetting.forget(replace(scope, listeners=scope.listeners | ({person} - {""})))

    def clear_out(self, surface: str, days: float) -> Future[Forgotten] | None:
        """Remove what was said on a surface more than so many days ago; 0: nothing, ever."""
        return self.remove(Scope(surface=surface, before=id_at(self._lifetime.now() - 86_400 * days))) if days else None

    def status(self) -> Snapshot:
        return self.snapshot

    def _post(self, request: Ask, surface: str, consent: str) -> None:
        """Raises Busy or Asleep."""
        if self.overhearer and (overhear := self.overhearer(request, surface, consent)):
            request.on_token = _both(overhear, request.on_token)
        try:
            self._mailbox.post(request)
        except (Busy, Asleep):
            request.future.cancel()
            raise

    def _answered(self, asked: str, future: Future[Reply]) -> None:
        def keep(reply: Reply, person: str) -> None:
            self._record.said(reply, asked)
            if self.listener:
                self.listener(reply, person)

        self._exchanges.end(asked, future, keep)


def _both(one: Callable[[str], None], other: Callable[[str], None] | None) -> Callable[[str], None]:
    def hear(piece: str) -> None:
        one(piece)
        if other:
            other(piece)

    return hear
