"""Which of its lines the baby said."""

from __future__ import annotations

import re
from pathlib import Path

from bots.chat.parsing import names
from bots.chat.settings import CommandSettings
from school.diary.voice import CHAT, Voice, read_voices

CALLED = names(CommandSettings())


def read_voice(home: Path = Path("none")) -> Voice:
    return read_voices(home, always={CHAT: CALLED})[CHAT]


def is_line(text: str, occasion: str, **fields: object) -> bool:
    """Whether a text is one of the shipped lines for an occasion, whatever is filled in."""
    lines = read_voice()._lines[occasion]
    patterns = (re.sub(r"\\\{\w+\\\}", ".*", re.escape(line.format_map(Known(CALLED | fields)))) for line in lines)
    return any(re.fullmatch(pattern, text) for pattern in patterns)


class Known(dict):
    def __missing__(self, key: str) -> str:
        return f"{{{key}}}"
