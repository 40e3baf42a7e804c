"""Saving in the course of a life: everything is copied at once and written in the background; lessons go on."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from school.door.events import Saved
from school.door.mailbox import fulfil
from school.souls.caretaker import Caretaker, Soul

log = logging.getLogger(__name__)


class Saver:
    """Writes what ``pack`` copies. ``saved_step``: of the newest soul on disk; ``changed``: whether anything is new
    since the last copy; ``writer``: the one thread that writes souls; ``then`` is called when one is written."""

    def __init__(
        self,
        caretaker: Caretaker,
        pack: Callable[[], Soul],
        publish: Callable[[Saved], object],
        *,
        saved_step: int | None = None,
    ):
        self.caretaker, self.pack, self.publish, self.saved_step = caretaker, pack, publish, saved_step
        self.changed = False
        self.then: Callable[[], object] = lambda: None
        self.writer = ThreadPoolExecutor(1, thread_name_prefix="caretaker")
        self._wanted: list[Future[str | None]] = []
        self._writing: Future[str | None] | None = None

    @property
    def wanted(self) -> bool:
        return bool(self._wanted)

    def want(self, future: Future[str | None]) -> None:
        """Somebody asks for a save; the future gets the place, or None if it could not be written."""
        self._wanted.append(future)

    def save(self) -> None:
        """Copy everything now and write it in the background; while a soul is being written, that is the one that is
        meant."""
        if self._writing is None or self._writing.done():
            soul = self.pack()
            self.changed = False
            self._writing = self.writer.submit(self._write, soul)
        wanted, self._wanted = self._wanted, []
        for future in wanted:
            self._writing.add_done_callback(lambda done, future=future: fulfil(future, done.result()))

    def back_up(self, future: Future[str | None]) -> None:
        """Copy the newest soul to the backups, in the background; the future gets the place, or None."""
        self.writer.submit(self._back_up, future)

    def wait(self) -> None:
        """Until nothing is being written."""
        if self._writing:
            self._writing.exception()

    def close(self) -> None:
        """Wait for all that the writer has to do; there is no more after it."""
        self.writer.shutdown()

    def _write(self, soul: Soul) -> str | None:
        try:
            place = self.caretaker.save(soul)
        except Exception as error:
            self.changed = True
            problem = in_words(error)
            log.error("the soul of step %d could not be saved: %s", soul.step, problem)
            self.publish(Saved(soul.step, None, problem))
            return None
        self.saved_step = soul.step
        self.then()
        self.publish(Saved(soul.step, str(place)))
        return str(place)

    def _back_up(self, future: Future[str | None]) -> None:
        try:
            fulfil(future, str(self.caretaker.back_up()))
        except Exception as error:
            log.error("the soul could not be backed up: %s", in_words(error))
            fulfil(future, None)


def in_words(error: Exception) -> str:
    """What went wrong, for a line that people read."""
    return getattr(error, "strerror", None) or str(error)
