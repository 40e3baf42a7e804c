"""The keeper of saved souls: takes conversations out of them, out of damaged ones and out of backups, on the thread
that saves, so behind a save that is under way.
"""

from __future__ import annotations

import threading
from concurrent.futures import Executor, Future

from school.door.mailbox import fail, fulfil
from school.door.values import Removed, Scope
from school.souls.caretaker import Caretaker


class SavedSouls:
    """All who are to go while souls are being rewritten wait for one more time, not for one each."""

    keeps = "saved souls"

    def __init__(self, caretaker: Caretaker, writer: Executor):
        self._caretaker, self._writer = caretaker, writer
        self._people: set[str] = set()
        self._waiting: list[Future[Removed]] = []
        self._lock = threading.Lock()

    def forget(self, scope: Scope) -> Future[Removed]:
        done: Future[Removed] = Future()
        if not scope.conversations:
            done.set_result(Removed())
            return done
        with self._lock:
            first = not self._waiting
            self._people |= scope.conversations
            self._waiting.append(done)
        if first:
            try:
                self._writer.submit(self._take_out)
            except RuntimeError as closed:
                self._waiting.remove(done)
                fail(done, closed)
        return done

    def _take_out(self) -> None:
        with self._lock:
            people, self._people = self._people, set()
            waiting, self._waiting = self._waiting, []
        try:
            self._caretaker.forget(people)
        except Exception as error:
            for done in waiting:
                fail(done, error)
        for done in waiting:
            fulfil(done, Removed())
