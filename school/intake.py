"""Keeps an eye on the library while the baby is awake: what is put there is learned from within a minute, what is taken
away is no longer taught.

A thread of its own looks at the files' stamps now and then (asking the system to tell of changes would take a package,
and doesn't work on every disk), reads what is new, makes a new librarian of it with the same letters, and posts that to
the classroom, which takes it between two parts of a step.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from school.door.mailbox import Mailbox, Restock
from school.door.values import Asleep
from school.office.errors import in_short
from school.office.mistakes import Mistake
from school.talking.guard import Guard
from school.texts.librarian import Librarian
from school.texts.places import Source
from school.texts.stamps import SETTLED_NS

AGAIN = 3.0  # seconds until a file that is being written is looked at again
SELDOM = 50  # times as long as a look takes, until the next one: a hundred thousand notes are not looked at all day

Gather = Callable[[], tuple[list[Source], dict[str, str]]]
Seen = dict[str, tuple[object, ...]]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What it works with. ``gather`` finds the files as they are now, ``open`` makes a librarian of them (it says the
    news, and raises Mistake where nothing is left to learn from), ``current`` is the one who teaches, ``guard`` keeps
    what is private from being said in public, ``taken`` hears of each new one."""

    gather: Gather
    open: Callable[[list[Source], dict[str, str]], Librarian]
    current: Callable[[], Librarian]
    guard: Callable[[Librarian], Guard | None] = lambda librarian: None
    taken: Callable[[Librarian], object]
    say: Callable[[str], None]


class Intake:
    """Looks every so many ``seconds``, from ``start`` to ``close``; 0: never."""

    def __init__(self, desk: Desk, mailbox: Mailbox, *, seconds: float):
        self.desk, self.mailbox, self.seconds = desk, mailbox, seconds
        self._seen: Seen | None = None  # what the texts are of that are taught; at first nobody knows whether still
        self._resting = False  # there was nothing to learn from
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="intake", daemon=True)

    def start(self) -> None:
        if self.seconds:
            self._thread.start()

    async def close(self) -> None:
        self._stopping.set()
        if self._thread.ident is not None:
            await asyncio.to_thread(self._thread.join)

    def lines(self) -> list[str]:
        return []

    def _run(self) -> None:
        wait, failed = self.seconds, ""
        while not self._stopping.wait(wait):
            began = time.monotonic()
            try:
                looked, failed = self.look(), ""
                wait = max(self.seconds if looked else AGAIN, SELDOM * (time.monotonic() - began))
            except Asleep:
                return
            except Exception as error:  # a disk that fails; it is told once
                wait, before, failed = self.seconds, failed, in_short(error)
                if failed != before:
                    log.exception("the library could not be looked at")
                    self.desk.say(f"the library can't be looked at ({failed}); what it has goes on being taught.")

    def look(self) -> bool:
        """Take in what has changed since the last look; False if somebody is still writing there. Raises OSError,
        Mistake, Asleep."""
        sources, skipped = self.desk.gather()
        now = _look(sources, skipped)
        if now == self._seen:
            return True
        before = self._seen or {}
        if any(_is_fresh(stamp) for name, stamp in now.items() if before.get(name) != stamp):
            return False
        try:
            librarian = self.desk.open(sources, skipped)
        except Mistake as why:
            self.desk.say(f"{why} Lessons rest until then.")
            self.mailbox.post(Restock(None))
            self._resting = True
        else:
            if self._resting or not _same(librarian, self.desk.current()):
                self.mailbox.post(Restock(librarian, self.desk.guard(librarian)))
                self.desk.taken(librarian)
            self._resting = False
        self._seen = now
        return True


def _same(one: Librarian, other: Librarian) -> bool:
    return (one.library, one.files, one.skipped) == (other.library, other.files, other.skipped)


def _look(sources: list[Source], skipped: dict[str, str]) -> Seen:
    """What each file is like, and what is said about it."""
    seen: Seen = {name: (why,) for name, why in skipped.items()}
    for source in sources:
        try:
            stat = source.path.stat()
        except OSError:
            seen[source.name] = ("gone",)
            continue
        seen[source.name] = (stat.st_ctime_ns, stat.st_mtime_ns, stat.st_size, stat.st_ino, source.facts)
    return seen


def _is_fresh(stamp: tuple[object, ...]) -> bool:
    """Whether a file was changed a moment ago, and may not be whole yet."""
    return isinstance(stamp[0], int) and abs(time.time_ns() - stamp[0]) < SETTLED_NS
