"""What all parts of a chat share."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from bots.chat.limits import Limits
from bots.chat.messages import Line
from bots.chat.parsing import names
from bots.chat.platform import Platform
from bots.chat.settings import ChatLessonSettings, ChatSettings
from bots.chat.wordlist import WordList
from school.diary.voice import CHAT, Voice, read_voices, signals_of
from school.door.consent import DAY, People
from school.door.school import School
from school.door.signals import Signals


class Stage(Protocol):
    """Where everybody sees what it says in chats, such as an overlay on a stream. On the event loop."""

    def shown(self, key: str, text: str, person: str) -> None:
        """A chat has shown an answer: its id, its words with no names of who did not agree, and whom it is for."""

    def cleared(self) -> None:
        """Something was taken back: show nothing of what was shown."""


class NoStage:
    def shown(self, key: str, text: str, person: str) -> None: ...
    def cleared(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """What a chat may ask of the house besides the school's verbs."""

    save: Callable[[], Future[str | None]]  # the soul
    lessons_since: Callable[[str, float], dict[str, int]] = lambda surface, since: {}  # lines learned from each person
    taught_before: Callable[[str], dict[str, list[float]]] = lambda surface: {}  # when each person's lessons were
    quiet: Callable[[], bool] = lambda: False  # whether these are hours without a word unasked
    stage: Stage = NoStage()
    wall: Callable[[], float] = time.time  # seconds since 1970, for days and ages, and what ids are dated by


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    platform: Platform
    school: School
    people: People
    hooks: Hooks
    chat: ChatSettings
    teaching: ChatLessonSettings
    called: dict[str, str]  # the commands' keys and what they are called, prefix included
    prefix: str
    voice: Voice
    moods: Voice  # words for them
    words: WordList
    signals: Signals | None = None  # of what lines let on about answers, where that counts in chats
    learned_today: dict[str, int] = field(default_factory=dict)  # lines from each person
    taught_before: dict[str, list[float]] = field(default_factory=dict)  # when each person's lessons were made
    limits: Limits = Limits()
    clock: Callable[[], float] = time.monotonic  # seconds that only go on, for pauses and waiting
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep  # seconds, by the same clock

    def writer(self, line: Line) -> str:
        """A line's writer as they stand in the record."""
        return self.platform.person(line.person)


def open_context(
    platform: Platform, school: School, people: People, hooks: Hooks, home: Path, settings: Any, **more: Any
) -> Context:
    """A chat's context with the home's own voice.toml and words.txt, where there are any. ``settings`` is the whole
    tree; ``more`` are fields of Context. Raises Mistake."""
    called = names(settings.commands)
    voices = read_voices(home, settings.voice.language, {CHAT: called})
    return Context(
        platform=platform,
        school=school,
        people=people,
        hooks=hooks,
        chat=settings.chat,
        teaching=settings.chat_lessons,
        called=called,
        prefix=settings.commands.prefix,
        voice=voices[CHAT],
        moods=voices["moods"],
        words=WordList.read(home / "words.txt"),
        signals=signals_of(voices, settings.signals) if settings.signals.public else None,
        learned_today=hooks.lessons_since(platform.name, hooks.wall() // DAY * DAY),
        taught_before=hooks.taught_before(platform.name),
        **more,
    )
