"""Echoes: what was said before, or nearly so. Remembers a bounded number of lines, as digests of their pieces."""

from __future__ import annotations

import re
from collections import Counter, OrderedDict
from dataclasses import dataclass, field

from school.letters import folded

PIECE = 5  # letters of a piece
ALIKE = 0.6  # share of the longer line's pieces that makes an echo
WITHIN, LONG = 0.8, 20  # or so much of the shorter one's, where that has so many: the same with something around it


@dataclass(slots=True)
class Heard:
    """A line and how it came back. ``own``: the baby said it first, or too."""

    pieces: frozenset[int]
    times: int = 0
    people: set[str] = field(default_factory=set)
    own: bool = False


class Echoes:
    """The last ``window`` different lines; the same again, or nearly, counts instead of taking room."""

    def __init__(self, window: int):
        self._window = window
        self._lines: OrderedDict[int, Heard] = OrderedDict()
        self._holding: dict[int, set[int]] = {}  # a piece -> the lines that have it
        self._next = 0

    def __len__(self) -> int:
        return len(self._lines)

    def note(self, text: str, person: str = "", *, own: bool = False) -> Heard:
        """Hear a line; returns what is known of it, itself counted."""
        pieces = _pieces(text)
        key = self._like(pieces)
        if key is None:
            key = self._add(pieces)
        else:
            self._lines.move_to_end(key)
        heard = self._lines[key]
        heard.times += 1
        heard.own |= own
        if len(heard.people) < 100:
            heard.people.add(person)
        return heard

    def _like(self, pieces: frozenset[int]) -> int | None:
        """The line that shares most with these pieces, if that is enough."""
        shared = Counter(key for piece in pieces for key in self._holding.get(piece, ()))
        for key, count in shared.most_common(5):
            shorter, longer = sorted((len(pieces), len(self._lines[key].pieces)))
            if count >= ALIKE * longer or (shorter >= LONG and count >= WITHIN * shorter):
                return key
        return None

    def _add(self, pieces: frozenset[int]) -> int:
        key, self._next = self._next, self._next + 1
        self._lines[key] = Heard(pieces)
        for piece in pieces:
            self._holding.setdefault(piece, set()).add(key)
        while len(self._lines) > self._window:
            oldest, gone = self._lines.popitem(last=False)
            for piece in gone.pieces:
                self._holding[piece].discard(oldest)
                if not self._holding[piece]:
                    del self._holding[piece]
        return key


def _pieces(text: str) -> frozenset[int]:
    """Digests of all runs of PIECE letters, spaces and signs left out; a shorter line is one piece."""
    letters = re.sub(r"[\W_]+", "", folded(text)) or folded(text).strip()
    return frozenset(hash(letters[i : i + PIECE]) for i in range(max(1, len(letters) - PIECE + 1)))
