"""What is known of talk without asking the record: questions under way, and the last answers with their marks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import replace

from cachetools import FIFOCache

from school.door.mailbox import Ask
from school.door.values import Exchange, Removed, Reply, Scope

REMEMBERED = 1000  # exchanges that can be marked


class Exchanges:
    """The last REMEMBERED that were kept. Any thread may call anything: questions are answered on the tutor's."""

    keeps = "what was just said"

    def __init__(self, known: Iterable[Exchange] = ()):
        self._known: FIFOCache[str, Exchange] = FIFOCache(REMEMBERED)
        for exchange in known:
            self._known[exchange.reply_id] = exchange
        self._asking: dict[str, tuple[Ask, Exchange]] = {}  # questions to be kept, without their answers yet
        self._lock = threading.RLock()  # over both; whoever hears of an answer may look around

    def begin(self, ask: Ask, exchange: Exchange, note: Callable[[], None]) -> None:
        """A question that is to be kept was asked; ``note`` writes it down, before anybody can take it back."""
        with self._lock:
            self._asking[ask.id] = ask, exchange
            note()

    def end(self, asked: str, answered: Future[Reply], keep: Callable[[Reply, str], None]) -> None:
        """It was answered. Unless it was taken back while that was on its way, it is known from now on, and ``keep``
        gets the answer and to whom; with the lock, so that nobody leaves in between."""
        with self._lock:
            _, exchange = self._asking.pop(asked, (None, None))
            if exchange is None or answered.cancelled() or answered.exception():
                return
            reply = answered.result()
            told = reply.told.id if reply.told else ""
            self._known[reply.id] = replace(exchange, reply_id=reply.id, answer=reply.text, told=told)
            keep(reply, exchange.person)

    def sent(self, reply_id: str, message: str) -> None:
        """Under which of the surface's ids a reply was said."""
        self._change(reply_id, lambda exchange: replace(exchange, sent=message))

    def marked(self, reply_id: str, person: str, verdict: str, trust: int) -> None:
        def with_mark(exchange: Exchange) -> Exchange:
            return replace(exchange, verdict=verdict, trust=trust, marks=(*exchange.marks, (person, verdict)))

        self._change(reply_id, with_mark)

    def signalled(self, reply_id: str, name: str) -> None:
        """Somebody let on what they think of it."""
        self._change(reply_id, lambda exchange: replace(exchange, signal=name))

    def unmarked(self, reply_id: str, person: str) -> None:
        """This person's marks are taken back."""

        def without(exchange: Exchange) -> Exchange:
            marks = tuple(mark for mark in exchange.marks if mark[0] != person)
            return replace(exchange, verdict=marks[-1][1] if marks else "", marks=marks)

        self._change(reply_id, without)

    def find(self, reply_id: str) -> Exchange | None:
        with self._lock:
            return self._known.get(reply_id)

    def find_sent(self, surface: str, message: str) -> str:
        """The id of the reply that a surface said under one of its ids; "" where it is not known."""
        with self._lock:
            known = [e.reply_id for e in self._known.values() if e.sent == message and e.origin.surface == surface]
        return known[0] if known else ""

    def forget(self, scope: Scope) -> Future[Removed]:
        """Drop what goes, break off what is under way; brings the replies' ids, and who asked. Of a person who goes
        altogether, their marks go, too."""
        with self._lock:
            asking = [ask for ask, exchange in self._asking.values() if scope.hits(exchange)]
            known = [exchange for exchange in self._known.values() if scope.hits(exchange)]
            for ask in asking:
                del self._asking[ask.id]
            for exchange in known:
                del self._known[exchange.reply_id]
            if scope.person and not (scope.surface or scope.withdrawn):
                self._drop_marks(scope.person)
        for ask in asking:
            ask.future.cancel()
        done: Future[Removed] = Future()
        people = frozenset(who.person for who in [*asking, *known])
        done.set_result(Removed(replies=frozenset(e.reply_id for e in known), people=people))
        return done

    def _drop_marks(self, person: str) -> None:
        for exchange in list(self._known.values()):
            marks = tuple(mark for mark in exchange.marks if mark[0] != person)
            if marks != exchange.marks:
                self._known[exchange.reply_id] = replace(exchange, marks=marks)

    def _change(self, reply_id: str, how: Callable[[Exchange], Exchange]) -> None:
        with self._lock:
            if exchange := self._known.get(reply_id):
                self._known[reply_id] = how(exchange)
