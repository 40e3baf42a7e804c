"""Held-out human text to hold answers against: for each answer a piece as long as it is.

A piece begins where a sentence or a line does and is cut behind as many words as the answer has, wherever that is. For
what only whole sentences can show (whether they end and close), it is a run: from the same place on, the sentences and
lines that together come nearest to that length. The pieces follow one another through the text from a place of chance;
when they come round to it again, they are no longer ``fresh``.
"""

from __future__ import annotations

import random
import re
from bisect import bisect_left
from collections.abc import Iterable
from typing import NamedTuple

from school.texts.fluency import WORD
from school.texts.sentences import ends_sentence

PART = re.compile(r"[^\n]+?(?:[.!?…]+[\"'”’»)\]]*(?=\s|$)|$)", re.MULTILINE)
CLOSING = re.compile(r"[.,;:!?…\"'”’»)\]]*")  # belongs to the word before it


class Pieces(NamedTuple):
    """A cut and a run for each length; the first ``fresh`` of them share no word with one another."""

    cuts: list[str]
    runs: list[str]
    fresh: int


def pieces_of(text: str, lengths: Iterable[int], *, seed: int) -> Pieces:
    """Of these lengths in words, where the text has so many; nothing at all where it has no words."""
    held_out = _Text(text)
    last = len(held_out.starts)
    if not last:
        return Pieces([], [], 0)
    cuts, runs, fresh = [], [], 0
    place, read = random.Random(seed).randrange(last), 0
    for length in lengths:
        if not held_out.reaches(place, length):
            read += last - place
            place = 0
        cuts.append(held_out.cut(place, length))
        runs.append(held_out.run(place, length))
        after = held_out.behind(place, cuts[-1])
        read += after - place
        fresh += read <= last
        place = after % last
    return Pieces(cuts, runs, fresh)


class _Text:
    """A text that knows where its sentences and words are. A ``place`` is the number of a sentence."""

    def __init__(self, text: str):
        self._text = text
        self._words = [word.span() for word in WORD.finditer(text)]
        sentences = sentences_of(text)
        self.starts, self._stops = [start for start, _ in sentences], [stop for _, stop in sentences]
        self._first = [bisect_left(self._words, (start, 0)) for start in self.starts]  # word of each sentence
        self._after = [bisect_left(self._words, (stop, 0)) for stop in self._stops]

    def reaches(self, place: int, length: int) -> bool:
        """Whether so many words come from there on."""
        return self._first[place] + length <= len(self._words)

    def cut(self, place: int, length: int) -> str:
        """So many words from there on, with the marks behind the last."""
        said = self._words[self._first[place] :][:length]
        return self._text[self.starts[place] : CLOSING.match(self._text, said[-1][1]).end()] if said else ""

    def run(self, place: int, length: int) -> str:
        """The sentences from there on that together come nearest to a length; one at least, if it is any."""
        last = place
        while last + 1 < len(self.starts) and self._miss(place, last + 1, length) < self._miss(place, last, length):
            last += 1
        return self._text[self.starts[place] : self._stops[last]] if length else ""

    def _miss(self, place: int, last: int, length: int) -> int:
        return abs(self._after[last] - self._first[place] - length)

    def behind(self, place: int, cut: str) -> int:
        """The first sentence that begins behind a cut from there."""
        return bisect_left(self.starts, self.starts[place] + len(cut)) if cut else place


def sentences_of(text: str) -> list[tuple[int, int]]:
    """Where the sentences, and what else stands on a line, begin and end; what has no words belongs to what is before
    it on its line."""
    found: list[tuple[int, int]] = []
    for part in PART.finditer(text):
        start, stop = part.start() + len(part[0]) - len(part[0].lstrip()), part.end()
        before = found[-1] if found and "\n" not in text[found[-1][1] : start] else None
        if before and not (WORD.search(part[0]) and ends_sentence(text[slice(*before)])):
            found[-1] = (before[0], stop)
        elif WORD.search(part[0]):
            found.append((start, stop))
    return found
