"""The way to the two threads that do the work: requests, and the mailbox that they wait in.

What is said goes to the talker, everything else to the one that teaches; both have a share in forgetting.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from school.door.values import (
    AS_ALWAYS,
    Asleep,
    Busy,
    Manner,
    Pair,
    Removed,
    Reply,
    Scope,
    Score,
    Turn,
    new_id,
)

if TYPE_CHECKING:
    from school.door.receipts import Progress, Receipt
    from school.talking.guard import Guard
    from school.texts.librarian import Librarian


@dataclass(slots=True)
class Ask:
    """A question on its way. Cancel its future to take it back, even while it is being answered."""

    text: str
    conversation: str
    person: str
    on_token: Callable[[str], None] | None
    kept: bool = True  # whether the conversation remembers it
    public: bool = False  # whether others than the owner hear the answer
    seconds: float | None = None  # longest time for the answer, where that is less than everybody's
    before: tuple[Turn, ...] = ()  # what was said before, where the conversation doesn't know
    manner: Manner = AS_ALWAYS
    id: str = field(default_factory=lambda: new_id())
    future: Future[Reply] = field(default_factory=Future)
    asked_at: float = field(default_factory=time.monotonic)


@dataclass(frozen=True, slots=True)
class Teach:
    """Learn this pair."""

    pair: Pair


@dataclass(slots=True)
class Forget:
    """Never train again on the pairs in this scope, and end its conversations, also what is being said in them. The
    future brings an OSError when some of it is still on disk; ask again."""

    scope: Scope
    future: Future[Removed] = field(default_factory=Future)
    shares: int = 2  # that are still to be done: the lessons', the talker's
    lock: threading.Lock = field(default_factory=threading.Lock)

    def share_done(self) -> None:
        with self.lock:
            self.shares -= 1
            last = self.shares == 0
        if last:
            fulfil(self.future, Removed())


@dataclass(frozen=True, slots=True)
class Remember:
    """The talker's share in learning a pair: from now on it can say it."""

    pair: Pair


@dataclass(frozen=True, slots=True)
class EndTalk:
    """The talker's share in forgetting: conversations end, and what was told goes."""

    forget: Forget


@dataclass(frozen=True, slots=True)
class Save:
    """Save the soul at the next step; the future tells where, or None if it was not possible."""

    future: Future[str | None] = field(default_factory=Future)


@dataclass(frozen=True, slots=True)
class BackUp:
    """Copy the newest saved soul to where the backups are; the future tells where it is now, or None if it was not
    possible."""

    future: Future[str | None] = field(default_factory=Future)


@dataclass(frozen=True, slots=True)
class Examine:
    """Examine it at the next step, although none may be due; the future brings its held-out bits per byte, or None if
    there is no text to examine it on. The lessons are the same with it as without."""

    future: Future[float | None] = field(default_factory=Future)


@dataclass(frozen=True, slots=True)
class Study:
    """Nobody talks: lessons that rested may go on; but not if somebody asked since."""

    at: float = field(default_factory=time.monotonic)


@dataclass(frozen=True, slots=True)
class Pause:
    """Lessons stop, or go on; the future brings whether they stand still now."""

    on: bool
    future: Future[bool] = field(default_factory=Future)


@dataclass(frozen=True, slots=True)
class Mark:
    """Say how well it predicts a file, without learning it; the future may bring a Mistake."""

    file: Path
    future: Future[Score] = field(default_factory=Future)


@dataclass(frozen=True, slots=True)
class Trace:
    """Say where the words of an answer come from. ``told``: the id of what it was held to, where it said that."""

    answer: str
    told: str = ""
    future: Future[Receipt] = field(default_factory=Future)


@dataclass(frozen=True, slots=True)
class Follow:
    """Say what became of the last lesson of a person's, or of the one with this id; the future brings None where there
    is none."""

    person: str
    pair: str = ""
    future: Future[Progress | None] = field(default_factory=Future)


@dataclass(frozen=True, slots=True)
class Rehearse:
    """Let the pairs that people made since then (an id of this module) come back in the next steps; the future tells
    how many."""

    since: str
    future: Future[int] = field(default_factory=Future)


@dataclass(frozen=True, slots=True)
class Restock:
    """From now on the lessons are drawn by this librarian; None: there is nothing left to learn from. ``guard``: of
    what may not be said of it in public."""

    librarian: Librarian | None
    guard: Guard | None = None


@dataclass(frozen=True, slots=True)
class Recollect:
    """Say how many conversations with a person it can go on with."""

    person: str
    future: Future[int] = field(default_factory=Future)


ForTalker = Ask | Remember | EndTalk | Recollect
Questions = Mark | Trace | Follow | Recollect  # that nobody answers any more once it sleeps
Request = ForTalker | Teach | Forget | Save | BackUp | Examine | Study | Pause | Questions | Rehearse | Restock


class Mailbox:
    """The one way in. Any thread may post; only the talker's hears, and only the teaching one drains. ``limit``:
    questions that may be without an answer yet."""

    def __init__(self, limit: int = 64):
        self._said: queue.SimpleQueue[ForTalker | None] = queue.SimpleQueue()  # None: look around
        self._requests: queue.SimpleQueue[Request] = queue.SimpleQueue()
        self._limit, self._unanswered = limit, 0
        self.asked_at = time.monotonic()  # when somebody last asked something
        self._closed = False
        self._lock = threading.RLock()  # so that no request slips in behind the last look

    def post(self, request: Request) -> None:
        """Waits for nothing. Raises Asleep when closed and Busy when too many questions wait."""
        with self._lock:
            if self._closed:
                raise Asleep
            if isinstance(request, Recollect):
                self._said.put(request)
            elif isinstance(request, Ask):
                if self._unanswered >= self._limit:
                    raise Busy
                self._unanswered += 1
                self.asked_at = request.asked_at
                self._said.put(request)
            else:
                if isinstance(request, Forget):
                    self._said.put(EndTalk(request))
                elif isinstance(request, Teach):
                    self._said.put(Remember(request.pair))
                self._requests.put(request)
        if isinstance(request, Ask):
            request.future.add_done_callback(self._answered)

    def wake_talker(self) -> None:
        self._said.put(None)

    def hear(self, wait: float = 0) -> list[ForTalker]:
        """All that was said and taught since, and whose talk is to end; with ``wait``, up to so many seconds for a
        first one."""
        return [request for request in _taken(self._said, wait) if request is not None]

    def drain(self, wait: float = 0) -> list[Request]:
        """All other requests that wait; with ``wait``, up to so many seconds for a first one."""
        return _taken(self._requests, wait)

    def close(self) -> list[Request]:
        """Take no more requests, answer the questions that wait with Asleep, and hand out those that are still to be
        carried out."""
        with self._lock:
            self._closed = True
        requests = [*self.hear(), *self.drain()]
        for request in requests:
            if isinstance(request, Ask | Questions):
                fail(request.future, Asleep())
        return [request for request in requests if not isinstance(request, Ask | Remember | Questions)]

    def _answered(self, _: Future[Reply]) -> None:
        with self._lock:
            self._unanswered -= 1


def _taken(waiting: queue.SimpleQueue, wait: float) -> list:
    requests = []
    try:
        requests.append(waiting.get(timeout=wait) if wait else waiting.get_nowait())
        while True:
            requests.append(waiting.get_nowait())
    except queue.Empty:
        return requests


def fail(future: Future, error: Exception) -> None:
    """Answer a future with an error unless it was answered or cancelled."""
    if not future.done() and future.set_running_or_notify_cancel():
        future.set_exception(error)


def fulfil(future: Future, result: object) -> None:
    """Answer a future unless it was answered or cancelled."""
    if not future.done() and future.set_running_or_notify_cancel():
        future.set_result(result)
