"""All settings: the school's, and those of each surface. Nothing here loads torch."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from bots.chat.settings import ChatLessonSettings, ChatSettings, CommandSettings
from bots.twitch.settings import TwitchSettings
from bots.web.settings import WebSettings
from school.office.settings import Slice, as_markdown, as_toml
from school.settings import SchoolSettings


class TerminalSettings(Slice):
    view: Literal["full", "compact", "plain", "off"] = Field(
        "compact", description="how lessons are shown: full, compact, plain or off; /view changes it"
    )
    line_seconds: float = Field(30.0, gt=0, le=86_400, description="seconds between lines about the lessons")


class Settings(SchoolSettings):
    """The settings of babyLLM that people change, with their defaults. Delete what you don't want to change, or all of
    it. All others are in docs/settings.md; they may stand here just as well.
    The brain's shape and its lessons are row "toddler" of docs/leaderboard.md."""

    terminal: TerminalSettings = Field(default_factory=TerminalSettings)
    twitch: TwitchSettings = Field(default_factory=TwitchSettings)
    chat: ChatSettings = Field(default_factory=ChatSettings)
    chat_lessons: ChatLessonSettings = Field(default_factory=ChatLessonSettings)
    commands: CommandSettings = Field(default_factory=CommandSettings)
    web: WebSettings = Field(default_factory=WebSettings)


PAGE = """\
# Settings

Every setting has a default that should do. Change one in `config.toml`, in a file given with `--config FILE`, or for
one time with `--set section.key=value`. A setting that doesn't exist, or a value that it can't have, ends with one line
that says what may stand there. (`stats`, `diary`, `timetable` and `twitch` look at no more of `config.toml` than they
go by.) `config.toml` holds what people change; the others may be written into it as well.

<!-- made by `make settings` -->
"""


def generated() -> dict[str, str]:
    """The files of the repository that are made from the settings, by their paths in it."""
    return {"config.toml": as_toml(Settings), "docs/settings.md": as_markdown(Settings, PAGE)}


if __name__ == "__main__":
    for name, text in generated().items():
        Path(__file__).parent.parent.joinpath(name).write_text(text, encoding="utf-8")
