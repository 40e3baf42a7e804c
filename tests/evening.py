"""An evening on Twitch for tests: a school that is really awake, the real client library, and a small Twitch."""

from __future__ import annotations

import asyncio
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from twitchio.eventsub import websockets
from twitchio.http import Route

import bots.chat.answers as answers
import bots.chat.host as host
import bots.chat.quarantine as lessons
import bots.twitch.pace as pace
import wakeup
from bots.chat.context import open_room
from bots.chat.host import Host
from bots.chat.messages import Line, Removal
from bots.chat.parsing import names
from bots.chat.settings import CommandSettings
from bots.twitch.wire import Patience, TwitchWire
from school.diary.voice import Voice, read_voices
from school.record.registrar import reading
from tests.fake_twitch import FakeTwitch, Sent

SMALL = (
    "brain.preset=newborn", "lessons.streams=2", "lessons.block_tokens=32", "lessons.micro_streams=2",
    "machine.threads=1", "machine.kernels=false", "speech.max_tokens=12", "chat.person_seconds=0",
    "chat.moderator_answers=100", "chat.raid_people=1000",
)  # fmt: skip
HASTE = Patience(
    answer=5.0, examination=0.5, silence=5.0, first_retry=0.05, longest_retry=0.2, well=0.2, keys=0.1,
    refused_retry=0.5, stale=20.0, gap=0.0, moderator_gap=0.0,
)  # fmt: skip
QUICK = [  # what is set for as long as an evening lasts; the addresses only so that they are as before afterwards
    (host, "COMMAND_SECONDS", 0.0), (host, "TICK", 0.03),
    (host, "CONFIRM_SECONDS", 0.0), (lessons, "UNNOTICED", 6.0),
    (answers, "REFUSALS_EVERY", 0.2), (answers, "WINDOW", 0.1), (pace, "WINDOW", 0.5),
    (Route, "BASE", Route.BASE), (Route, "ID_BASE", Route.ID_BASE), (websockets, "WSS", websockets.WSS),
]  # fmt: skip


class Evening:
    """Lines come in with ``says``; what it answered comes back."""

    def __init__(self, twitch: FakeTwitch, home: Path, *changes: str):
        self.twitch, self.home = twitch, home
        self._heard: set[str] = set()
        self.ahead = 0.0  # seconds by which the chat's clock goes before the real one
        arguments = [part for change in (*SMALL, *changes) for part in ("--set", change)]
        self._options = wakeup.parse(["--home", str(home), *arguments])
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="evening", daemon=True)

    @contextmanager
    def awake(self) -> Iterator[Evening]:
        settings, home = wakeup.read_options(self._options)
        with ExitStack() as closing:
            self.day = wakeup.put_together(settings, home, self._options, closing, lambda text: None)
            self.school, self.people = self.day.school, self.day.people
            room = open_room(
                self.school,
                lambda: self.day.control.save(),
                self.people,
                home,
                chat=settings.chat,
                teaching=settings.chat_lessons,
                commands=settings.commands,
                learned_today={},
            )
            self.wire = TwitchWire(settings.twitch, home, tell=lambda text: None, patience=HASTE)
            clock = lambda: time.time() + self.ahead  # noqa: E731
            self.host = Host(replace(room, clock=clock, wall=clock), self.wire)
            self.wire.listener = self
            self.day.classroom.start()
            self._thread.start()
            self.loop.call_soon_threadsafe(self.host.start)
            self.loop.call_soon_threadsafe(self.wire.start)
            try:
                self.twitch.wait(lambda: self.wire.state().standing == "listening" and self.twitch.listening, 20)
                yield self
            finally:
                self.do(self.host.close())
                self.do(self.wire.close())
                self.day.classroom.stop()
                self.day.classroom.done.result(timeout=30)
                self.day.ending = "asleep"
                self.loop.call_soon_threadsafe(self.loop.stop)
                self._thread.join(5)
                self.loop.close()

    def do(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(20)

    def heard(self, line: Line) -> None:
        self.host.heard(line)
        self._heard.add(line.id)

    def removed(self, removal: Removal) -> None:
        self.host.removed(removal)

    # ---- talking -------------------------------------------------------------------------------------------------

    def says(self, by: str, text: str, *, reply_to: str = "", **more: Any) -> Sent:
        """Somebody writes and is answered; returns the answer."""
        message = self.twitch.chat(text, by=by, reply_to=reply_to, **more)
        return self.answer_to(message)

    def answer_to(self, message: str, seconds: float = 40.0) -> Sent:
        return self.twitch.wait(lambda: next((s for s in self.twitch.sent if s.reply_to == message), None), seconds)

    def mutters(self, by: str, text: str, **more: Any) -> str:
        """Somebody writes and is heard, but need not be answered; returns the message's id."""
        message = self.twitch.chat(text, by=by, **more)
        self.twitch.wait(lambda: message in self._heard)
        return message

    def unanswered(self, message: str) -> bool:
        """Whether nobody answered it by the time that a later question was."""
        self.says("timekeeper", "!mood")
        return not any(sent.reply_to == message for sent in self.twitch.sent)

    def after_minutes(self, minutes: float) -> None:
        """Let the chat's clock go on, and what is due happen."""
        self.ahead += 60 * minutes
        time.sleep(2.5 * host.TICK)

    def key(self, login: str) -> str:
        """A person's id as it stands in the record."""
        return f"twitch:{self.twitch.person(login).id}"

    # ---- looking -------------------------------------------------------------------------------------------------

    def rows(self, query: str, *values: Any) -> list[tuple]:
        """What the record holds, all that is on its way to it included."""
        self.day.registrar.kept("nobody").result(timeout=20)
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
        self.day.registrar.kept("nobody").result(timeout=20)
        needle = words.lower().encode()
        files = (file for file in self.home.rglob("*") if file.is_file() and "library" not in file.parts)
        return [str(file.relative_to(self.home)) for file in files if needle in _content(file).lower()]

    def eventually(self, holds: Callable[[], Any], seconds: float = 40.0) -> Any:
        return self.twitch.wait(holds, seconds)


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return b""


@contextmanager
def evening(home: Path, *changes: str) -> Iterator[Evening]:
    """An evening from the arrival to the good night, with nobody's cooldowns. One at a time in a process: the client
    library keeps Twitch's address for all."""
    assert host.CONFIRM_SECONDS, "another evening is still going on in this process"
    (home / "library").mkdir(parents=True, exist_ok=True)
    (home / "library" / "diary.txt").write_text("today it rained and the cat slept. i made soup.\n" * 100)
    constants = [(place, name, getattr(place, name)) for place, name, _ in QUICK]
    for place, name, value in QUICK:
        setattr(place, name, value)
    kept = {name: os.environ.get(name) for name in ("BABYLLM_TWITCH_BASE", "TWITCH_CLIENT_ID", "TWITCH_CLIENT_SECRET")}
    try:
        with FakeTwitch(keepalive=0.5) as twitch:
            twitch.enforcing = False
            os.environ |= twitch.environment()
            twitch.moderators |= {twitch.bot.login, "mo"}
            twitch.log_in(home)
            with Evening(twitch, home, *changes, "twitch.moderator_messages=100").awake() as awake:
                yield awake
    finally:
        for place, name, value in constants:
            setattr(place, name, value)
        for name, value in kept.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


# ---- what is said ----------------------------------------------------------------------------------------------------

CALLED = names(CommandSettings())


def read_voice(home: Path = Path("none")) -> Voice:
    return read_voices(home, always={"twitch": CALLED})["twitch"]


def is_line(text: str, occasion: str, **fields: object) -> bool:
    """Whether a text is one of the shipped lines for an occasion, whatever is filled in."""
    lines = read_voice()._lines[occasion]
    patterns = (re.sub(r"\\\{\w+\\\}", ".*", re.escape(line.format_map(Known(CALLED | fields)))) for line in lines)
    return any(re.fullmatch(pattern, text) for pattern in patterns)


class Known(dict):
    def __missing__(self, key: str) -> str:
        return f"{{{key}}}"


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
