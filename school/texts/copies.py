"""What stands in several texts of a library is taught once, and no text teaches what another one holds out.

Texts are compared by their pieces: lines, and parts of the longer ones. Of two texts that share a passage the longer
one has it; a text of which nothing is left is a copy. What is too short to be a passage (a greeting, a heading) stays
in all of them, but is not held out then: how well it is predicted would tell nothing.

Shapes: P pieces in all texts, one behind the other.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import blake2b

import numpy as np

from school.texts.spaces import has_odd_spaces
from school.texts.spool import Place, Spool
from school.texts.standing import Standing

PASSAGE = 200  # letters, of neighbouring pieces, that two texts don't share by chance
LONG_LINE = 200  # letters; longer lines are compared in parts
_SENTENCE_ENDS = r"(?:[.!?…]+[\"'”’»)\]]*\s+|[。！？]+[\"'”’」』]*\s*)"
PARTS = re.compile(  # the first of these finds nothing that the second one wouldn't, only faster
    rf".{{40}}[^.!?…。！？]{{0,{LONG_LINE - 40}}}+{_SENTENCE_ENDS}"
    rf"|.{{40,{LONG_LINE}}}?{_SENTENCE_ENDS}|.{{1,{LONG_LINE}}}",
    re.DOTALL,
)
MOST_BITS, PER_PIECE = 27, 48  # of a place in the table of pieces; bytes that a piece has, at least

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Pieces:
    """A text in pieces that make the whole. ``hashes`` of what each says, the same in every process; ``ends``: where
    each ends; ``cut``: where the held-out part of the text begins."""

    hashes: np.ndarray
    ends: np.ndarray
    cut: int

    @property
    def length(self) -> int:
        return int(self.ends[-1]) if len(self.ends) else 0


@dataclass(slots=True)
class Share:
    """What of a text is taught and what is held out, as ranges of it. ``copy_of``: the text that has it all."""

    taught: list[Range] = field(default_factory=list)
    held_out: list[Range] = field(default_factory=list)
    copy_of: int | None = None


def pieces_of(text: str, cut: int) -> Pieces:
    parts = text.splitlines(keepends=True)
    if max(map(len, parts), default=0) > LONG_LINE:
        parts = [part for line in parts for part in ((line,) if len(line) <= LONG_LINE else PARTS.findall(line))]
    ends = np.cumsum(np.fromiter(map(len, parts), np.int64, len(parts)))
    said = map(str.strip, parts) if _is_evenly_spaced(text) else (" ".join(part.split()) for part in parts)
    hashes = b"".join([_digest(one) if one else NOTHING for one in said])
    return Pieces(np.frombuffer(hashes, np.int64), ends, cut)


def _digest(said: str) -> bytes:
    """Python's own hashes differ from process to process, and with them which texts are taken for copies."""
    return blake2b(said.encode("utf-8", "surrogatepass"), digest_size=8).digest()


NOTHING = _digest("")
BLANK = np.frombuffer(NOTHING, np.int64)[0]  # of a piece that says nothing


def _is_evenly_spaced(text: str) -> bool:
    """Whether words are one space apart, or a line; as good as always where a text was cleaned."""
    return not Standing.of(text).has(b"  ") and not has_odd_spaces(text)


class Gathered:
    """The pieces of all texts, added in order, of which few are in memory: what stands in one text alone need not be
    told apart from its neighbours. A table tells most of those at once, and the others are counted one by one: hashes
    that share a place in it. ``size``: bytes of the files."""

    def __init__(self, size: int, spool: Spool):
        self._bits = min(MOST_BITS, max(10, (size // PER_PIECE).bit_length() + 2))
        self._texts = np.zeros(1 << self._bits, np.uint8)  # in how many texts a piece stands: none, one, more
        self._spool, self._places = spool, []

    def add(self, pieces: Pieces) -> None:
        slots = self._slots(np.unique(pieces.hashes))
        self._texts[slots] = np.minimum(self._texts[slots] + 1, 2)
        data = pieces.hashes.tobytes() + pieces.ends.tobytes()
        self._places.append((self._spool.put(data), pieces.cut))

    def condensed(self) -> list[Pieces]:
        """In order; neighbours that stand in no other text are one piece, but for the last of them."""
        found = [np.unique(hashes[self._maybe_shared(hashes)]) for hashes, _ in map(self._kept, self._places)]
        met, times = np.unique(np.concatenate([np.empty(0, np.int64), *found]), return_counts=True)
        several = met[times > 1]
        return [self._condensed(*self._kept(place), place[1], several) for place in self._places]

    def _kept(self, place: tuple[Place, int]) -> np.ndarray:
        """The hashes of a text and the ends, (2, N)."""
        return np.frombuffer(self._spool.get(place[0]), np.int64).reshape(2, -1)

    def _maybe_shared(self, hashes: np.ndarray) -> np.ndarray:
        """The places of those that stand in several texts, and of some more; blank ones say nothing."""
        return np.flatnonzero((hashes != BLANK) & (self._texts[self._slots(hashes)] > 1))

    def _condensed(self, hashes: np.ndarray, ends: np.ndarray, cut: int, several: np.ndarray) -> Pieces:
        """``several``: the hashes of what stands in several texts, in order."""
        shared = np.zeros(len(hashes), bool)
        maybe = self._maybe_shared(hashes)
        shared[maybe] = np.searchsorted(several, hashes[maybe], "right") > np.searchsorted(several, hashes[maybe])
        own = np.flatnonzero((hashes != BLANK) & ~shared)
        if not len(own):
            return Pieces(hashes, ends, cut)
        stretch = np.cumsum(shared)[own]
        first = own[np.flatnonzero(np.diff(stretch, prepend=-1))]
        last = own[np.flatnonzero(np.diff(stretch, append=stretch[-1] + 1))]
        first, last = first[last - first > 1], last[last - first > 1]
        turns = np.zeros(len(hashes), np.int8)
        turns[first], turns[last - 1] = 1, -1
        stays = np.cumsum(turns) == 0
        hashes = hashes.copy()
        hashes[last - 1] = hashes[first]
        return Pieces(hashes[stays], ends[stays], cut)

    def _slots(self, hashes: np.ndarray) -> np.ndarray:
        return (hashes.view(np.uint64) >> np.uint64(64 - self._bits)).astype(np.int64)


def share_out(texts: list[Pieces], read: Callable[[int], str], split: Callable[[str], int]) -> list[Share]:
    """Who teaches what. ``read`` gives a text by its number, and ``split`` says where the held-out part begins of a
    text of which a part was taken out."""
    return _Sharing(texts, read, split).shares() if texts else []


class _Sharing:
    """All pieces in one row: ``what`` (P,) each says, as a number from 0 on; ``owner`` (P,): the text's number."""

    def __init__(self, texts: list[Pieces], read: Callable[[int], str], split: Callable[[str], int]):
        self.texts, self.read, self.split = texts, read, split
        counts = [len(text.hashes) for text in texts]
        self.stops = np.cumsum(counts)
        self.owner = np.repeat(np.arange(len(texts), dtype=np.int32), counts)
        hashes = np.concatenate([text.hashes for text in texts])
        self.says = hashes != BLANK
        known, what = np.unique(hashes, return_inverse=True)
        self.what, self.kinds = what.astype(np.int32), len(known)
        del hashes, known, what  # of a large library some hundred megabytes
        self.ends = np.concatenate([text.ends for text in texts])
        self.starts = np.append(0, self.ends)[:-1]
        self.starts[(self.stops - counts)[np.array(counts) > 0]] = 0
        self.cuts = [text.cut for text in texts]
        self.gone = np.zeros(len(self.ends), dtype=bool)

    def shares(self) -> list[Share]:
        copies = self._take_out_passages()
        for number in np.flatnonzero(np.bincount(self.owner[self.gone], minlength=len(self.texts))):
            self.cuts[number] = self._cut_of_rest(int(number))
        cuts = np.array(self.cuts)[self.owner]
        taught = ~self.gone & (self.starts < cuts)
        held = ~self.gone & (self.ends > cuts)
        held &= ~(self._taught_by_another(taught) & self.says)
        shares = []
        for number, (text, cut) in enumerate(zip(self.texts, self.cuts, strict=True)):
            share = Share(copy_of=copies.get(number))
            here = self._here(number)
            if not self.gone[here].any() and held[here][self.ends[here] > cut].all():
                share.taught, share.held_out = _ranges([(0, cut)]), _ranges([(cut, text.length)])
            elif share.copy_of is None:
                spans = list(zip(self.starts[here].tolist(), self.ends[here].tolist(), strict=True))
                share.taught = _ranges((s, min(e, cut)) for (s, e), yes in zip(spans, taught[here], strict=True) if yes)
                share.held_out = _ranges((max(s, cut), e) for (s, e), yes in zip(spans, held[here], strict=True) if yes)
            shares.append(share)
        return shares

    def _take_out_passages(self) -> dict[int, int]:
        """Mark as gone what a longer text has; returns the copies, each with the text that it is a copy of."""
        number, texts = np.arange(len(self.texts)), self.texts
        order = np.array(sorted(number.tolist(), key=lambda i: (-texts[i].length, i)))
        rank = np.empty_like(order)
        rank[order] = number
        first = np.full(self.kinds, len(texts))
        np.minimum.at(first, self.what, rank[self.owner])
        elsewhere = self.says & (first[self.what] < rank[self.owner])
        run = np.cumsum((self.says & ~elsewhere) | (self.starts == 0))  # begins with a piece of its own, or the text
        shared = np.bincount(run, weights=(self.ends - self.starts) * elsewhere)
        self.gone = (elsewhere | ~self.says) & (shared[run] >= PASSAGE)
        copies = {}
        own = np.bincount(self.owner[self.says & ~elsewhere], minlength=len(texts))
        for i in np.flatnonzero((own <= 1) & (np.bincount(self.owner[elsewhere], minlength=len(texts)) > 0)):
            here = self._here(i)
            original = int(order[np.bincount(first[self.what[here]][elsewhere[here]]).argmax()])  # that has most of it
            if own[i] == 0 or self._is_torn(i, original):
                copies[int(i)] = original
                self.gone[here] = True
        return copies

    def _is_torn(self, number: int, original: int) -> bool:
        """Whether the only piece of its own is its last one, and the beginning of what follows in the original."""
        here = np.arange(self.stops[number] - len(self.texts[number].hashes), self.stops[number])[self._says(number)]
        if len(here) < 2 or not self.gone[here[-2]] or self.gone[here[-1]]:
            return False
        there = np.arange(self.stops[original] - len(self.texts[original].hashes), self.stops[original])
        there = there[self._says(original)]
        words = self.read(number)[self.starts[here[-1]] :].split()
        said = re.compile(r"\s*" + r"\s+".join(map(re.escape, words)))  # of one piece or several
        text = self.read(original)
        after = there[1:][self.what[there[:-1]] == self.what[here[-2]]]
        return any(said.match(text, int(self.starts[i])) for i in after)

    def _taught_by_another(self, taught: np.ndarray) -> np.ndarray:
        """Of each piece (P,): whether another text teaches it."""
        least, most = np.full(self.kinds, len(self.texts)), np.full(self.kinds, -1)
        np.minimum.at(least, self.what[taught], self.owner[taught])
        np.maximum.at(most, self.what[taught], self.owner[taught])
        least, most = least[self.what], most[self.what]
        return (most >= 0) & ((least != self.owner) | (most != self.owner))

    def _cut_of_rest(self, number: int) -> int:
        here = self._here(number)
        kept = ~self.gone[here]
        starts, ends = self.starts[here][kept], self.ends[here][kept]
        if not len(starts):
            return 0
        text = self.read(number)
        rest = "".join(text[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True))
        place = self.split(rest)
        before = np.cumsum(ends - starts)
        i = min(int(np.searchsorted(before, place)), len(starts) - 1)
        return int(ends[i] - (before[i] - place))

    def _here(self, number: int) -> slice:
        return slice(int(self.stops[number]) - len(self.texts[number].hashes), int(self.stops[number]))

    def _says(self, number: int) -> np.ndarray:
        return self.says[self._here(number)]


def _ranges(spans) -> list[Range]:
    """Without empty ones, neighbours as one."""
    joined: list[Range] = []
    for start, end in spans:
        if end <= start:
            continue
        if joined and joined[-1][1] == start:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined
