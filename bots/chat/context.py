"""What all parts of a chat share."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path

from bots.chat.parsing import names
from bots.chat.settings import ChatLessonSettings, ChatSettings, CommandSettings
from bots.chat.wordlist import WordList
from school.diary.voice import CHAT, ENGLISH, Voice, read_voices
from school.door.consent import People
from school.door.school import School


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    school: School
    save: Callable[[], Future[str | None]]  # the soul
    people: People
    chat: ChatSettings
    teaching: ChatLessonSettings
    called: dict[str, str]  # the commands' keys and what they are called, prefix included
    prefix: str
    voice: Voice
    moods: Voice  # words for them
    words: WordList
    learned_today: dict[str, int] = field(default_factory=dict)  # lines from each person
    clock: Callable[[], float] = time.monotonic  # seconds that only go on, for turns and waiting
    wall: Callable[[], float] = time.time  # seconds since 1970, for days and ages
    hushed: Callable[[], bool] = lambda: False  # whether these are hours without a word unasked


def open_room(
    school: School,
    save: Callable[[], Future[str | None]],
    people: People,
    home: Path,
    *,
    chat: ChatSettings,
    teaching: ChatLessonSettings,
    commands: CommandSettings,
    learned_today: dict[str, int],
    hushed: Callable[[], bool] = lambda: False,
    wall: Callable[[], float] = time.time,
    language: str = ENGLISH,
) -> Room:
    """A room with the home's own voice.toml and words.txt, where there are any. Raises Mistake."""
    called = names(commands)
    voices = read_voices(home, language, {CHAT: called})
    return Room(
        school=school,
        save=save,
        people=people,
        chat=chat,
        teaching=teaching,
        called=called,
        prefix=commands.prefix,
        voice=voices[CHAT],
        moods=voices["moods"],
        words=WordList.read(home / "words.txt"),
        learned_today=learned_today,
        hushed=hushed,
        wall=wall,
    )
