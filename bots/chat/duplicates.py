"""Near duplicates: what was said before, or nearly so. Remembers so many lines, as digests of their pieces."""

from __future__ import annotations

import re
from collections import Counter, OrderedDict
from dataclasses import dataclass
from itertools import chain, islice
from zlib import crc32

from bots.chat.normalize import folded

PIECE = 5  # letters of a piece
ALIKE = 0.6  # share of the longer line's pieces that makes a duplicate
WITHIN, LONG = 0.8, 20  # or so much of the shorter one's, where that has so many: the same with something around it
LOOKED_AT = 3000  # pieces in common that are counted at most, the rarest first
CANDIDATES = 5  # lines with most of them that are compared


@dataclass(slots=True)
class Seen:
    """A line and how often it came."""

    pieces: frozenset[int]
    times: int = 0


class NearDuplicates:
    """The last ``window`` different lines; the same again, or nearly, counts instead of taking room. ``looked_at``
    bounds what is compared for one line."""

    def __init__(self, window: int, *, looked_at: int = LOOKED_AT):
        self._window, self._looked_at = window, looked_at
        self._lines: OrderedDict[int, Seen] = OrderedDict()
        self._holding: dict[int, set[int]] = {}  # a piece -> the lines that have it
        self._next = 0

    def __len__(self) -> int:
        return len(self._lines)

    @property
    def pieces(self) -> int:
        """How many different pieces are remembered."""
        return len(self._holding)

    def note(self, text: str) -> Seen:
        """Take a line in; returns what is known of it, itself counted."""
        pieces = _pieces(text)
        key = self._like(pieces)
        if key is None:
            key = self._add(pieces)
        else:
            self._lines.move_to_end(key)
        self._lines[key].times += 1
        return self._lines[key]

    def find(self, text: str) -> Seen | None:
        """What is known of a line, without taking it in."""
        key = self._like(_pieces(text))
        return None if key is None else self._lines[key]

    def _like(self, pieces: frozenset[int]) -> int | None:
        """The line that has most in common with these pieces, if that is enough. Rare pieces find it, so that lines
        made of what many have in common take no longer than others."""
        holders = sorted((self._holding[piece] for piece in pieces if piece in self._holding), key=len)
        shared = Counter(islice(chain.from_iterable(holders), self._looked_at))
        for key, _ in shared.most_common(CANDIDATES):
            other = self._lines[key].pieces
            common, (shorter, longer) = len(pieces & other), sorted((len(pieces), len(other)))
            if common >= ALIKE * longer or (shorter >= LONG and common >= WITHIN * shorter):
                return key
        return None

    def _add(self, pieces: frozenset[int]) -> int:
        key, self._next = self._next, self._next + 1
        self._lines[key] = Seen(pieces)
        for piece in pieces:
            self._holding.setdefault(piece, set()).add(key)
        while len(self._lines) > self._window:
            self._drop_oldest()
        return key

    def _drop_oldest(self) -> None:
        oldest, gone = self._lines.popitem(last=False)
        for piece in gone.pieces:
            self._holding[piece].discard(oldest)
            if not self._holding[piece]:
                del self._holding[piece]


def _pieces(text: str) -> frozenset[int]:
    """Digests of all runs of PIECE letters, spaces and signs left out; a shorter line is one piece. (Python's own
    differ from process to process, and with them which line is found.)"""
    letters = re.sub(r"[\W_]+", "", folded(text)) or folded(text).strip()
    runs = (letters[i : i + PIECE] for i in range(max(1, len(letters) - PIECE + 1)))
    return frozenset(crc32(run.encode("utf-8", "surrogatepass")) for run in runs)
