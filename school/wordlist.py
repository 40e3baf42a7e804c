"""The list of words that are neither learned nor said. Whole words only, so that Scunthorpe may be spoken of.

The shipped list holds digests, so that nobody meets the words by reading it; a streamer's own is plain text.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from school.letters import folded, readings, words
from school.mistakes import Mistake

SHIPPED = Path(__file__).with_name("words.sha256")
ENDINGS = ("", "s", "es", "z", "ed", "er", "ers", "ing")
SHORTEST_STEM = 3


class WordList:
    """``plain`` words, and the digests of others; a trailing ``*`` stands for any ending."""

    def __init__(self, plain: list[str], digests: frozenset[str] = frozenset()):
        entries = {"".join(folded(word).split()) for word in plain} - {"", "*"}
        self._beginnings = tuple(entry[:-1] for entry in entries if entry.endswith("*"))
        self._digests = digests | {digest(entry) for entry in entries if not entry.endswith("*")}

    @classmethod
    def read(cls, own: Path) -> WordList:
        """The shipped list and, where there is one, the file ``own``: a word a line, # for remarks. Raises Mistake."""
        digests = frozenset(line for line in SHIPPED.read_text("utf-8").split("\n") if line and line[0] != "#")
        try:
            lines = own.read_text("utf-8-sig").splitlines() if own.exists() else []
        except (OSError, UnicodeDecodeError) as error:
            raise Mistake(f"{own}: can't be read ({error}).") from None
        return cls([line.partition("#")[0].strip() for line in lines], digests)

    def found_in(self, text: str) -> bool:
        """Whether a listed word stands in the text, however it is dressed up."""
        return any(self._listed(reading) for word in words(text) for reading in readings(word))

    def _listed(self, word: str) -> bool:
        if self._beginnings and word.startswith(self._beginnings):
            return True
        stems = (word.removesuffix(ending) for ending in ENDINGS if word.endswith(ending))
        return any(digest(stem) in self._digests for stem in stems if len(stem) >= SHORTEST_STEM or stem == word)


def digest(word: str) -> str:
    """A folded word as it stands in the shipped list."""
    return hashlib.sha256(f"babyllm:{word}".encode()).hexdigest()[:16]
