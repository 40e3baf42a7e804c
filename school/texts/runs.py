"""Which paragraphs may say again what another one says: those of whose runs of three words many stand elsewhere, too.

Nearly all paragraphs say too much of their own to be like any, so this is asked of all of them, in arrays, and only
what is left is looked at closely (``near.py``). Chance may only leave some more: runs are told apart by hashes of their
words, a word's by its ends and its length, and rows of digits are all the same.

Shapes: W words and N runs of words, one paragraph behind the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np

from school.texts.ends import SPREAD, ends_of, hashes_of
from school.texts.wording import LETTERS

RUN = 3  # words
LEAST = 8  # words of a paragraph that is asked about
AT_ONCE = 4096  # paragraphs, for each word of which some numbers are in memory
MOST_BITS = 24  # of a place in the table of runs
CHUNK = 1 << 16  # runs
LINE, DIGIT = b"\n", b"#"

_ONE_BYTE = [LETTERS[code].encode() or b" " for code in range(128)]
_TABLE = bytes(
    LINE[0] if code == LINE[0] else DIGIT[0] if chr(code).isdigit() else _ONE_BYTE[code][0] if code < 128 else code
    for code in range(256)
)
_GONE = bytes(code for code in range(128) if not LETTERS[code])


def worth_comparing(texts: Iterable[Sequence[str]], share: float) -> list[np.ndarray]:
    """Of each text's paragraphs the numbers of those of whose runs at least this share may stand elsewhere."""
    found, firsts = [(np.empty(0, np.uint32), np.empty(0, np.uint32))], [0]
    for paragraphs in texts:
        for start in range(0, len(paragraphs), AT_ONCE):
            hashes, of = runs_of(paragraphs[start : start + AT_ONCE])
            found.append((hashes, of + np.uint32(firsts[-1] + start)))
        firsts.append(firsts[-1] + len(paragraphs))
    hashes, of = map(np.concatenate, zip(*found, strict=True))
    found.clear()  # which is as large
    runs = np.bincount(of, minlength=firsts[-1])
    own = np.bincount(of[_alone(hashes, of)], minlength=firsts[-1])
    worth = (runs > 0) & (own <= (1 - share) * runs + 1e-9)
    return [np.flatnonzero(worth[first:last]) for first, last in pairwise(firsts)]


def _alone(hashes: np.ndarray, of: np.ndarray) -> np.ndarray:
    """Which runs (N,) stand in one paragraph only, each but once there. Of those that share a place in a table none
    counts as alone that are of several paragraphs."""
    bits = min(MOST_BITS, max(10, (4 * len(of)).bit_length()))
    last, shared = np.zeros(1 << bits, np.uint32), np.zeros(1 << bits, bool)
    numbers, alone = np.arange(len(of), dtype=np.uint32), np.empty(len(of), bool)
    parts = [slice(start, start + CHUNK) for start in range(0, len(of), CHUNK)]
    for part in parts:
        last[_places(hashes[part], bits)] = numbers[part]
    for part in parts:
        places = _places(hashes[part], bits)
        stays = last.take(places)
        np.equal(stays, numbers[part], out=alone[part])
        shared[places[of.take(stays) != of[part]]] = True
    for part in parts:
        alone[part] &= ~shared.take(_places(hashes[part], bits))
    return alone


def _places(hashes: np.ndarray, bits: int) -> np.ndarray:
    return (hashes >> np.uint32(32 - bits)).astype(np.int64)


def runs_of(paragraphs: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Each run: a hash of it, and the number of its paragraph, both (N,) uint32."""
    plain = plain_lines("\n".join(part.replace("\n", " ") for part in paragraphs))
    starts, sizes, of = _words(plain)
    long = np.bincount(of, minlength=len(paragraphs)) >= LEAST
    hashes = hashes_of(*ends_of(plain, starts, sizes), sizes)
    inside = np.flatnonzero((of[: 1 - RUN] == of[RUN - 1 :]) & long[of[: 1 - RUN]])
    keys = np.zeros(len(inside), np.uint64)
    for place in range(RUN):
        keys = (keys ^ hashes[inside + place]) * SPREAD
        keys ^= keys >> np.uint64(29)
    return (keys * SPREAD >> np.uint64(32)).astype(np.uint32), of[inside]


def _words(plain: bytes) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where words begin, how many bytes they have, and in which line they are; each (W,)."""
    data = np.frombuffer(plain, np.uint8)
    edges = np.flatnonzero(np.diff(data > ord(" "), prepend=False, append=False))
    starts, stops = edges[::2], edges[1::2]
    before = np.searchsorted(starts, np.flatnonzero(data == LINE[0]))  # words, of each line's end
    counts = np.diff(before, prepend=0, append=len(starts))
    return starts, stops - starts, np.repeat(np.arange(len(counts), dtype=np.uint32), counts)


def plain_lines(text: str) -> bytes:
    """A text's words as ``wording.units_of`` has them, in UTF-8 with spaces between, each line by itself; # in the
    place of digits."""
    data = text.encode("utf-8", "surrogatepass")
    plain = (data if data.isascii() else _without_odd(data)).translate(_TABLE, _GONE)
    codes = np.frombuffer(plain, np.uint8)
    digits = codes == DIGIT[0]
    again = digits[1:] & digits[:-1]
    return codes[np.append(True, ~again)].tobytes() if again.any() else plain


def _without_odd(data: bytes) -> bytes:
    """With what is beyond ASCII as it is compared."""
    edges = np.flatnonzero(np.diff(np.frombuffer(data, np.uint8) > 127, prepend=False, append=False)).tolist()
    parts, at = [], 0
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        odd = data[start:stop]
        parts += [data[at:start], _ONE[odd] if len(odd) <= LONGEST_ONE else _plain(odd)]
        at = stop
    return b"".join([*parts, data[at:]])


def _plain(odd: bytes) -> bytes:
    plain = odd.decode("utf-8", "surrogatepass").translate(LETTERS)
    return "".join("0" if char.isdecimal() else char for char in plain).encode("utf-8", "surrogatepass")


class _One(dict[bytes, bytes]):
    """What each character becomes, kept."""

    def __missing__(self, odd: bytes) -> bytes:
        self[odd] = _plain(odd)
        return self[odd]


LONGEST_ONE, _ONE = 4, _One()
