"""Words in a row, and whether they stand in a text."""

from __future__ import annotations

import re
import unicodedata


class Phrase:
    """Capitals, spaces and ways of writing the same letter make no difference. Of letters that stand between spaces,
    only whole words count."""

    def __init__(self, words: str):
        plain = _plain(words)
        start, end = (r"\b" if edge.isascii() and edge.isalnum() else "" for edge in (plain[:1], plain[-1:]))
        self._pattern = re.compile(start + re.escape(plain) + end)
        self.letters = sum(c.isalpha() for c in plain)

    def found_in(self, text: str | None) -> bool:
        return bool(text) and self._pattern.search(_plain(text)) is not None


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
