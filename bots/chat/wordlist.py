"""The list of words that are neither learned nor said. Whole words only, so that Scunthorpe may be spoken of.

A word is known by its skeleton, and by which of its letters are double: stretching it, or doubling more, hides nothing,
and a word with fewer is another. The shipped list holds digests, so that nobody meets the words by reading it; a
streamer's own is plain text.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable
from pathlib import Path

from bots.chat.normalize import folded, neighbours, readings, skeleton, words
from school.office.files import read_whole, write_whole
from school.office.mistakes import Mistake

SHIPPED = Path(__file__).with_name("words.sha256")
ENDINGS = ("", "s", "es", "z", "ed", "er", "ers", "ing")
SHORTEST_STEM = 3

Entry = tuple[str, str]  # the digest of a skeleton, and a 1 for each letter that is double


class WordList:
    """``plain`` words, and entries for others; a trailing ``*`` stands for any ending."""

    def __init__(self, plain: Iterable[str], entries: Iterable[Entry] = ()):
        self._beginnings: list[tuple[str, str]] = []
        self._doubles: dict[str, set[str]] = {}
        self._file: Path | None = None  # the streamer's own, if there may be one
        self._writing = threading.Lock()
        for digest, doubles in entries:
            self._doubles.setdefault(digest, set()).add(doubles)
        for word in plain:
            self.add(word)

    def add(self, word: str) -> None:
        """List one more, as long as this process lives."""
        word = "".join(folded(word).split())
        if word.endswith("*") and word != "*":
            self._beginnings.append(skeleton(word[:-1]))
        elif word not in ("", "*"):
            digest, doubles = entry(word)
            self._doubles.setdefault(digest, set()).add(doubles)

    def write_down(self, word: str) -> None:
        """Add it to the streamer's own list, if it isn't there. Raises OSError; it may take a moment."""
        if self._file is None:
            return
        with self._writing:
            text = self._file.read_text("utf-8-sig") if self._file.exists() else ""
            known = {line.partition("#")[0].strip().casefold() for line in text.splitlines()}
            if word.casefold() not in known:
                write_whole(self._file, text + "\n" * bool(text and not text.endswith("\n")) + word + "\n")

    @classmethod
    def read(cls, own: Path) -> WordList:
        """The shipped list and, where there is one, the file ``own``: a word a line, # for remarks. Raises Mistake."""
        shipped = [line.split() for line in SHIPPED.read_text("utf-8").splitlines() if line and line[0] != "#"]
        try:
            lines = read_whole(own).decode("utf-8-sig").splitlines() if own.exists() else []
        except (OSError, ValueError) as error:
            raise Mistake(f"{own}: can't be read ({error}).") from None
        words = cls([line.partition("#")[0].strip() for line in lines], [(one, other) for one, other in shipped])
        words._file = own
        return words

    def found_in(self, text: str) -> bool:
        """Whether a listed word stands in the text, however it is dressed up."""
        candidates = {reading for word in (*words(text), *neighbours(text)) for reading in readings(word)}
        return any(self._listed(*skeleton(word)) for word in candidates)

    def _listed(self, letters: str, doubles: str) -> bool:
        if any(letters.startswith(start) and _covers(doubles, needed) for start, needed in self._beginnings):
            return True
        stems = (letters[: len(letters) - len(ending)] for ending in ENDINGS if letters.endswith(ending))
        return any(
            _covers(doubles, needed)
            for stem in stems
            if len(stem) >= SHORTEST_STEM or stem == letters
            for needed in self._doubles.get(_digest(stem), ())
        )


def _covers(doubles: str, needed: str) -> bool:
    """Whether every letter that has to be double is."""
    return all(here >= there for here, there in zip(doubles, needed, strict=False))


def _digest(letters: str) -> str:
    return hashlib.sha256(f"babyllm:{letters}".encode()).hexdigest()[:16]


def entry(word: str) -> Entry:
    """A folded word as it stands in the shipped list."""
    letters, doubles = skeleton(word)
    return _digest(letters), doubles
