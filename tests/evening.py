"""An evening in a chat for tests: a school that is really awake, the host, and the room on this machine to talk in."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

import wakeup
from bots.chat.context import Hooks
from bots.chat.limits import Limits
from bots.chat.messages import Line, Removal
from bots.chat.surface import Surface
from bots.room import open_room
from bots.room.wire import CHANNEL, id_of
from school.record.schema import reading
from tests.voices import is_line

SMALL = (
    "brain.preset=newborn", "lessons.streams=2", "lessons.block_tokens=32", "lessons.micro_streams=2",
    "machine.threads=1", "speech.max_tokens=12", "chat.person_seconds=0",
    "chat.moderator_answers=100", "chat.raid_people=1000",
)  # fmt: skip
QUICK = Limits(command=0.0, tick=0.03, confirmation=0.0, unnoticed=6.0, refusals=0.2, window=0.1)
MODERATORS = ("mo", "streamer")


@dataclass(frozen=True)
class Sent:
    """A message of the baby's."""

    id: str
    text: str
    reply_to: str


class Evening:
    """Lines come in with ``says``; what it answered comes back. This one's place is the room on this machine; another's
    says how it is entered, spoken in and moderated."""

    platform, channel, bot = "room", CHANNEL, "baby"
    restraints: tuple[str, ...] = ("--no-train",)  # what is taught waits for lessons; answers have the machine alone

    def __init__(self, home: Path, *changes: str, limits: Limits = QUICK):
        self.home, self.limits = home, limits
        self.ahead = 0.0  # seconds by which the chat's clock goes before the real one
        self._seen: dict[str, Line] = {}
        self._changed = threading.Condition()
        self._details: dict[str, Any] = {}  # what the room itself can't say of the next line
        arguments = [part for change in (*SMALL, *changes) for part in ("--set", change)]
        self._options = wakeup.parse(["--home", str(home), "--no-twitch", *self.restraints, *arguments])

    def _clock(self) -> float:
        return time.time() + self.ahead

    # ---- the place -----------------------------------------------------------------------------------------------

    def open(self, settings: Any, hooks: Hooks, **more: Any) -> Surface:
        return open_room(
            self.school, self.people, hooks, self.home, settings,
            show=lambda text: None, moderators=MODERATORS, **more,
        )  # fmt: skip

    def arrived(self) -> bool:
        return self.surface.wire.state().standing == "listening"

    def chat(self, text: str, *, by: str, reply_to: str = "", times: int = 1, **details: Any) -> str:
        """Somebody writes; ``details`` are fields of a Line that the room can't know. Returns the message's id."""
        if reply_to:
            details["reply_to"] = reply_to
        if parent := self._seen.get(reply_to):
            details |= {"reply_to_person": parent.person, "reply_to_me": parent.own}

        async def write() -> int:
            self._details = details
            try:
                return self.surface.wire.write(by, text)
            finally:
                self._details = {}

        number = self.do(write())
        return next(line.id for n, line in self.surface.wire.transcript() if n == number)

    def delete(self, message: str) -> None:
        async def delete() -> None:
            numbers = {line.id: number for number, line in self.surface.wire.transcript()}
            self.surface.wire.delete(numbers[message])

        self.do(delete())

    def ban(self, name: str) -> None:
        self._act(lambda: self.surface.wire.ban(name))

    def clear(self) -> None:
        self._act(lambda: self.surface.wire.clear())

    def id_of(self, name: str) -> str:
        return id_of(name)

    @property
    def sent(self) -> list[Sent]:
        """All that the baby said."""
        return [Sent(line.id, line.text, line.reply_to) for line in list(self._seen.values()) if line.own]

    # ---- being there ---------------------------------------------------------------------------------------------

    @contextmanager
    def awake(self) -> Iterator[Evening]:
        settings, home = wakeup.read_options(self._options)
        with ExitStack() as closing:
            self.day = wakeup.put_together(settings, home, self._options, closing, lambda text: None)
            self.school, self.people = self.day.school, self.day.people
            hooks = Hooks(save=lambda: self.day.control.save(), wall=self._clock)
            self.surface = self.open(settings, hooks, limits=self.limits, clock=self._clock)
            self.host = self.surface.host
            self.surface.wire.listener = self
            self.loop = asyncio.new_event_loop()  # only now, as nobody would close it if waking failed
            self._thread = threading.Thread(target=self.loop.run_forever, name="evening", daemon=True)
            self.day.classroom.start()
            self._thread.start()
            self._act(self.surface.start)
            try:
                self.eventually(self.arrived, 20)
                yield self
            finally:
                self.do(self.surface.close())
                self.day.classroom.stop()
                self.day.classroom.done.result(timeout=60)
                self.day.ending = "asleep"
                self.loop.call_soon_threadsafe(self.loop.stop)
                self._thread.join(5)
                self.loop.close()

    def do(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)

    def _act(self, act: Callable[[], None]) -> None:
        async def acting() -> None:
            act()

        self.do(acting())

    def heard(self, line: Line) -> None:
        details, self._details = self._details, {}
        line = replace(line, **details)
        self.host.heard(line)
        self._seen[line.id] = line
        with self._changed:
            self._changed.notify_all()

    def removed(self, removal: Removal) -> None:
        self.host.removed(removal)

    def eventually(self, holds: Callable[[], Any], seconds: float = 40.0) -> Any:
        """Wait until it is true; fails loudly."""
        deadline = time.monotonic() + seconds
        with self._changed:
            while not (value := holds()):
                left = deadline - time.monotonic()
                assert left > 0, f"did not happen in {seconds} s; sent: {[one.text for one in self.sent]}"
                self._changed.wait(min(left, 0.02))
        return value

    # ---- talking -------------------------------------------------------------------------------------------------

    def says(self, by: str, text: str, *, reply_to: str = "", **more: Any) -> Sent:
        """Somebody writes and is answered; returns the answer."""
        return self.answer_to(self.chat(text, by=by, reply_to=reply_to, **more))

    def answer_to(self, message: str, seconds: float = 40.0) -> Sent:
        return self.eventually(lambda: next((s for s in self.sent if s.reply_to == message), None), seconds)

    def mutters(self, by: str, text: str, **more: Any) -> str:
        """Somebody writes and is heard, but need not be answered; returns the message's id."""
        message = self.chat(text, by=by, **more)
        self.eventually(lambda: message in self._seen)
        return message

    def unanswered(self, message: str) -> bool:
        """Whether nobody answered it by the time that a later question was."""
        self.says("timekeeper", "!mood")
        return not any(sent.reply_to == message for sent in self.sent)

    def after_minutes(self, minutes: float) -> None:
        """Let the chat's clock go on, and what is due happen."""
        self.ahead += 60 * minutes
        self._act(self.host.tick)

    def key(self, name: str) -> str:
        """A person's id as it stands in the record."""
        return f"{self.platform}:{self.id_of(name)}"

    # ---- looking -------------------------------------------------------------------------------------------------

    def rows(self, query: str, *values: Any) -> list[tuple]:
        """What the record holds, all that is on its way to it included."""
        self.day.registrar.kept("nobody").result(timeout=60)
        with reading(self.home / "statistics" / "baby.db") as db:
            return db.execute(query, values).fetchall()

    def partners(self) -> dict[str, str]:
        """Whom each conversation in memory is with; the tutor's thread changes them, so look again if it just did."""
        for _ in range(100):
            with suppress(RuntimeError):
                kept = self.day.classroom.receptionist.conversations.snapshot()
                return {name: person for name, (person, _) in kept.items()}
        raise TimeoutError("the conversations never hold still")

    def lessons(self) -> set[tuple[str, str]]:
        """Prompt and answer of what is under instruction."""
        return {(r.pair.prompt, r.pair.answer) for r in list(self.day.tutor.reviews._reviews.values())}

    def files_with(self, words: str) -> list[str]:
        """Files of the home in which these words stand, or could be found by searching for them."""
        self.day.registrar.kept("nobody").result(timeout=60)
        needle = words.lower().encode()
        files = (file for file in files_below(self.home) if "library" not in file.parts)
        return [str(file.relative_to(self.home)) for file in files if needle in _content(file).lower()]


def files_below(folder: Path) -> list[Path]:
    """All that are there; some may come and go meanwhile, and folders, too, which ``rglob`` does not forgive."""
    return [Path(place, name) for place, _, names in os.walk(folder) for name in names]


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return b""


def stock(home: Path) -> None:
    """Give a home something to read."""
    (home / "library").mkdir(parents=True, exist_ok=True)
    (home / "library" / "diary.txt").write_text("today it rained and the cat slept. i made soup.\n" * 100)


@contextmanager
def evening(home: Path, *changes: str, limits: Limits = QUICK) -> Iterator[Evening]:
    """An evening in the room from the arrival to the good night, with nobody's cooldowns."""
    stock(home)
    with Evening(home, *changes, limits=limits).awake() as awake:
        yield awake


# ---- what is said ----------------------------------------------------------------------------------------------------


def answered(chat: Evening, text: str, *, by: str, occasion: str, **more) -> str:
    said = chat.says(by, text, **more).text
    assert is_line(said, occasion), (occasion, said)
    return said


def speaks(chat: Evening, monkeypatch: pytest.MonkeyPatch, text: str, *, seconds: float = 0.0) -> None:
    """Let the brain's next answers read like this, and their reading take a while."""
    receptionist = chat.day.classroom.receptionist
    monkeypatch.setattr(receptionist, "tokenizer", Speaker(receptionist.tokenizer, text, seconds))


class Speaker:
    def __init__(self, tokenizer, text: str, seconds: float):
        self._tokenizer, self._text, self._seconds = tokenizer, text, seconds

    def decode(self, tokens: list[int]) -> str:
        time.sleep(self._seconds)
        return self._text

    def __getattr__(self, name: str):
        return getattr(self._tokenizer, name)
