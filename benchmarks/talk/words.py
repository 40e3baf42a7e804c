"""What counts as a word, for all that is counted here."""

from __future__ import annotations

import re

WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")


def words(text: str) -> list[str]:
    """The words of a text in small letters, without marks and figures."""
    return [word.replace("’", "'") for word in WORD.findall(text.lower())]
