"""To forget: the one path by which anything is deleted. Every keeper of words is asked, in order, until all are done.

What is known in memory ends at once. The lessons and conversations of the tutor's thread follow, and behind them the
saved souls; the record is asked meanwhile, and what it alone knew of goes the same way. Whoever can't yet is asked
again. The journal holds what is not done, so that a later life goes on with it; what is asked twice does no harm.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Protocol

from school.door.journal import CONVERSATIONS, EVERYWHERE, SOULS, Journal, Promise
from school.door.mailbox import Forget, Mailbox, fail, fulfil
from school.door.values import Asleep, Forgotten, Removed, Scope

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 3.0  # after which it is told what is still owed
NOTE_SECONDS = 1.0  # more, for the journal
RETRY_SECONDS, LONGEST_RETRY_SECONDS = 5.0, 600.0
NOTHING = Removed()


class Removable(Protocol):
    """Somebody who keeps what people said, or what was made of it. ``keeps`` says what, as a person is told it."""

    keeps: str

    def forget(self, scope: Scope) -> Future[Removed]:
        """Remove what goes, and bring what that was. An OSError: not now, ask again; any other error: not in this
        life. Asked twice, nothing goes that should stay."""
        ...


class JournalKeeper(Removable, Protocol):
    """The keeper of the record, and of the journal of what is owed."""

    journal: Journal


class Mind:
    """The keeper on the tutor's thread: lessons under instruction, what is being said, and conversations."""

    keeps = "lessons and conversations"

    def __init__(self, mailbox: Mailbox):
        self._mailbox = mailbox

    def forget(self, scope: Scope) -> Future[Removed]:
        request = Forget(scope)
        try:
            self._mailbox.post(request)
        except Asleep as asleep:  # when it wakes, nothing is taught that the record has lost
            fail(request.future, asleep)
        return request.future


@dataclass(slots=True, eq=False)
class _Step:
    """A keeper who is asked. ``failed``: what came of it last; ``again``: when to ask anew."""

    keeper: Removable
    scope: Scope
    failed: Exception | None = None
    retry: float = RETRY_SECONDS
    again: float = 0.0


@dataclass(slots=True, eq=False)
class _Removal:
    """A removal that is not done yet."""

    answer: Future[Forgotten]
    promise: Promise
    patience_until: float
    steps: list[_Step]
    rows: int = 0

    @property
    def scope(self) -> Scope:
        return self.promise.what

    @property
    def stuck(self) -> bool:
        """Whether nobody is at work on it just now."""
        return all(step.failed for step in self.steps)


class Forgetting:
    """The coordinator. ``memory`` is asked on the caller's thread and answers at once; the keeper of saved souls joins
    later. ``clock`` in seconds, from any beginning."""

    def __init__(
        self,
        memory: Removable,
        mind: Removable,
        record: JournalKeeper,
        *,
        clock: Callable[[], float] = time.monotonic,
    ):
        self._memory, self._mind, self._record, self._clock = memory, mind, record, clock
        self._souls: Removable | None = None
        self._for_souls: list[_Removal] = []  # what an earlier life left to them
        self._wake = threading.Condition()
        self._removals: list[_Removal] = []
        self._watching = False

    @property
    def keepers(self) -> list[Removable]:
        """All that are asked, in order."""
        return [self._memory, self._mind, *([self._souls] if self._souls else []), self._record]

    def forget(self, scope: Scope) -> Future[Forgotten]:
        """Let it be gone everywhere. The answer comes when it is, or, within bounded time, when somebody still owes
        it."""
        removal = self._begin(self._record.journal.owe(scope))
        self._follow(removal, scope)
        if scope.in_record:  # behind what memory knows, so that no answer to it is written down after it
            self._ask(removal, _Step(self._record, scope))
        self._done(removal, removal.steps[0])
        return removal.answer

    def go_on(self, left: Mapping[str, str], inherited: Iterable[tuple[Promise, Future[Removed]]] = ()) -> None:
        """At waking: do what a crash or a refusing disk left undone. ``left``: people who did, and their last words
        ("forgotten" or others); ``inherited``: what the record is deleting already."""
        removing = {promise.key: future for promise, future in inherited}
        for promise in self._record.journal.open():
            if not isinstance(promise.what, Scope):
                continue
            removal = self._begin(promise)
            if promise.left == SOULS:
                self._for_souls.append(removal)
                continue
            self._follow(removal, promise.what)
            if future := removing.get(promise.key):
                self._await(removal, _Step(self._record, promise.what), future)
            self._done(removal, removal.steps[0])
        if self._souls:
            self.join(self._souls)
        for person, last_word in left.items():  # the ledger says so again tomorrow: nothing to note
            self._record.forget(Scope(person=person, withdrawn=last_word != "forgotten"))
        if left:
            scope = Scope(listeners=frozenset(left), withdrawn=True)
            removal = self._begin(Promise(key="", what=scope))
            self._follow(removal, scope)
            self._done(removal, removal.steps[0])

    def join(self, souls: Removable) -> None:
        """The keeper of saved souls is there."""
        self._souls = souls
        waiting, self._for_souls = self._for_souls, []
        for removal in waiting:
            self._ask(removal, _Step(souls, removal.scope))
            self._done(removal, removal.steps[0])

    def again(self) -> None:
        """Something changed for the better: ask anew whoever could not."""
        with self._wake:
            for step in [step for removal in self._removals for step in removal.steps if step.failed]:
                step.again = 0.0
            self._wake.notify_all()

    # ---- one removal ---------------------------------------------------------------------------------------------

    def _begin(self, promise: Promise) -> _Removal:
        """Its first step is the memory's, which is done when all others have been asked."""
        steps = [_Step(self._memory, promise.what)]
        removal = _Removal(Future(), promise, self._clock() + PATIENCE_SECONDS, steps)
        with self._wake:
            self._removals.append(removal)
        return removal

    def _follow(self, removal: _Removal, scope: Scope) -> None:
        """End what is known in memory, and then, with what that was, what is taught and remembered."""
        scope = scope.also(self._memory.forget(scope).result())
        self._ask(removal, _Step(self._mind, scope))

    def _ask(self, removal: _Removal, step: _Step) -> None:
        try:
            future = step.keeper.forget(step.scope)
        except Exception as error:
            fail(future := Future(), error)
        self._await(removal, step, future)

    def _await(self, removal: _Removal, step: _Step, future: Future[Removed]) -> None:
        with self._wake:
            step.failed = None
            if step not in removal.steps:
                removal.steps.append(step)
            self._watch()
        future.add_done_callback(lambda done: self._heard(removal, step, done))

    def _heard(self, removal: _Removal, step: _Step, done: Future[Removed]) -> None:
        error = RuntimeError("it was broken off") if done.cancelled() else done.exception()
        if error:
            self._put_off(step, error)
            return
        removed = done.result()
        removal.rows += removed.rows
        if step.keeper is self._mind and self._souls:  # behind it, so that no soul is saved with it once more
            self._ask(removal, _Step(self._souls, step.scope))
        if step.keeper is self._record and (removed.people or removed.replies):
            self._follow(removal, Scope(withdrawn=True).also(removed))
        self._done(removal, step, removed)

    def _amend(self, removal: _Removal, removed: Removed) -> None:
        """Note what is left of it."""
        asked = {step.keeper for step in removal.steps}
        left = CONVERSATIONS if asked & {self._memory, self._mind} else SOULS
        left = EVERYWHERE if self._record in asked else left
        promise = replace(removal.promise, what=removal.scope.also(removed), left=left)
        if promise != removal.promise and promise.key:
            removal.promise = promise
            self._record.journal.amend(promise)

    def _put_off(self, step: _Step, error: Exception) -> None:
        if not isinstance(error, Asleep):
            why = getattr(error, "strerror", None) or error
            log.warning("%s: not everything that is to be forgotten is gone yet (%s)", step.keeper.keeps, why)
        with self._wake:
            step.failed = error
            step.again = self._clock() + step.retry
            step.retry = min(2 * step.retry, LONGEST_RETRY_SECONDS)
            self._wake.notify_all()

    def _done(self, removal: _Removal, step: _Step, removed: Removed = NOTHING) -> None:
        with self._wake:
            removal.steps.remove(step)
            if removal.steps:
                self._amend(removal, removed)
                self._wake.notify_all()  # where the rest is stuck, that is told now
                return
            self._removals.remove(removal)
            self._wake.notify_all()
        if removal.promise.key:
            self._record.journal.settle(removal.promise)
        fulfil(removal.answer, Forgotten(rows=removal.rows))

    # ---- whoever takes long --------------------------------------------------------------------------------------

    def _watch(self) -> None:
        """Have a thread tell what is owed, and ask again; it ends when nothing is left."""
        if not self._watching:
            self._watching = True
            threading.Thread(target=self._keep_watch, name="forgetting", daemon=True).start()

    def _keep_watch(self) -> None:
        while True:
            with self._wake:
                self._removals = [one for one in self._removals if not (one.answer.done() and _over(one))]
                if not self._removals:
                    self._watching = False
                    return
                now = self._clock()
                late = [one for one in self._removals if not one.answer.done() and _is_late(one, now)]
                due = [(one, step) for one in self._removals for step in one.steps if _is_due(step, now)]
                if not (late or due):
                    self._wake.wait(min(60.0, max(0.0, _next_moment(self._removals) - now)))
            for number, removal in enumerate(late):
                self._tell_owed(removal, 0.0 if number else NOTE_SECONDS)  # a crowd doesn't wait one by one
            for removal, step in due:
                self._ask(removal, step)

    def _tell_owed(self, removal: _Removal, patience: float) -> None:
        noted = not removal.promise.key or self._record.journal.noted(removal.promise, patience)
        with self._wake:
            asked = {step.keeper for step in removal.steps}
        if self._mind in asked and removal.scope.conversations:
            asked.add(self._souls)  # who come after it
        owed = tuple(keeper.keeps for keeper in self.keepers if keeper in asked)
        if owed:  # else it was done this moment
            fulfil(removal.answer, Forgotten(rows=removal.rows, owed=owed, noted=noted))


def _is_late(removal: _Removal, now: float) -> bool:
    return removal.stuck or now >= removal.patience_until


def _is_due(step: _Step, now: float) -> bool:
    return isinstance(step.failed, OSError) and now >= step.again


def _over(removal: _Removal) -> bool:
    """Whether nothing more can come of it in this life."""
    return removal.stuck and not any(isinstance(step.failed, OSError) for step in removal.steps)


def _next_moment(removals: list[_Removal]) -> float:
    told = [removal.patience_until for removal in removals if not removal.answer.done()]
    tried = [step.again for one in removals for step in one.steps if isinstance(step.failed, OSError)]
    return min([*told, *tried], default=float("inf"))
