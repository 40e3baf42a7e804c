"""Which paragraphs may say again what another one says: those of whose runs of three words many stand elsewhere, too.

Nearly all paragraphs say too much of their own to be like any, so this is asked of all of them, in arrays, and only
what is left is looked at closely (``near.py``). Chance may only leave some more: runs are told apart by hashes of their
words, a word's by its ends and its length, and rows of digits are all the same.

Shapes: W words and N runs of words, one paragraph behind the other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np

from school.texts.wording import LETTERS

RUN = 3  # words
LEAST = 8  # words of a paragraph that is asked about
AT_ONCE = 4096  # paragraphs, for each word of which some numbers are in memory
SPREAD = np.uint64(0x9E3779B97F4A7C15)  # odd, of splitmix64 (Steele et al. 2014)
LINE, DIGIT = b"\n", b"#"
DIGITS, ODD = re.compile(r"\d\d*"), re.compile(r"[^\x00-\x7f]+")

HALF = np.uint64(32)  # bits
_ONE_BYTE = [LETTERS[code].encode() or b" " for code in range(128)]
_TABLE = bytes(
    LINE[0] if code == LINE[0] else DIGIT[0] if chr(code).isdigit() else _ONE_BYTE[code][0] if code < 128 else code
    for code in range(256)
)
_GONE = bytes(code for code in range(128) if not LETTERS[code])
_FIRST = np.array([(1 << 8 * size) - 1 for size in range(8)] + [(1 << 64) - 1], np.uint64)  # of eight bytes


def worth_comparing(texts: Iterable[Sequence[str]], share: float) -> list[np.ndarray]:
    """Of each text's paragraphs the numbers of those of whose runs at least this share may stand elsewhere."""
    found, firsts = [np.empty(0, np.uint64)], [0]
    for paragraphs in texts:
        for start in range(0, len(paragraphs), AT_ONCE):
            found.append(runs_of(paragraphs[start : start + AT_ONCE]) + np.uint64(firsts[-1] + start))
        firsts.append(firsts[-1] + len(paragraphs))
    said = np.concatenate(found)
    found.clear()  # which is as large
    runs = np.bincount(_paragraphs(said), minlength=firsts[-1])
    own = np.bincount(_paragraphs(_alone(said)), minlength=firsts[-1])
    worth = (runs > 0) & (own <= (1 - share) * runs + 1e-9)
    return [np.flatnonzero(worth[first:last]) for first, last in pairwise(firsts)]


def _paragraphs(said: np.ndarray) -> np.ndarray:
    return said.astype(np.uint32)  # the lower half


def _alone(said: np.ndarray) -> np.ndarray:
    """All runs that stand in one paragraph only, each once. Sorts what it is given."""
    said.sort()
    said = said[np.append(True, said[1:] != said[:-1])[: len(said)]]
    same = (said[1:] >> HALF) == (said[:-1] >> HALF)
    return said[~np.append(same, False)[: len(said)] & ~np.append(False, same)[: len(said)]]


def runs_of(paragraphs: Sequence[str]) -> np.ndarray:
    """Each run (N,): half a hash of it, and in the lower half the number of its paragraph."""
    plain = plain_lines("\n".join(part.replace("\n", " ") for part in paragraphs))
    starts, sizes, of = _words(plain)
    long = np.bincount(of, minlength=len(paragraphs)) >= LEAST
    hashes = _hashes(plain, starts, sizes)
    inside = np.flatnonzero((of[: 1 - RUN] == of[RUN - 1 :]) & long[of[: 1 - RUN]])
    keys = np.zeros(len(inside), np.uint64)
    for place in range(RUN):
        keys = (keys ^ hashes[inside + place]) * SPREAD
        keys ^= keys >> np.uint64(29)
    return ((keys * SPREAD) >> HALF << HALF) + of[inside].astype(np.uint64)


def _words(plain: bytes) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where words begin, how many bytes they have, and in which line they are; each (W,)."""
    data = np.frombuffer(plain, np.uint8)
    edges = np.flatnonzero(np.diff(data > ord(" "), prepend=False, append=False))
    starts, stops = edges[::2], edges[1::2]
    lines = np.searchsorted(np.flatnonzero(data == LINE[0]), starts)
    return starts, stops - starts, lines


def _hashes(plain: bytes, starts: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Of words (W,), by their first and last eight bytes and how many there are."""
    eight = np.ndarray((len(plain) + 1,), "<u8", plain + bytes(8), strides=(1,))  # those from each byte on
    first = eight[starts] & _FIRST[np.minimum(sizes, 8)]
    last = eight[starts + np.maximum(sizes - 8, 0)] & _FIRST[np.minimum(sizes, 8)]
    return (first * SPREAD ^ last) * SPREAD ^ sizes.astype(np.uint64)


def plain_lines(text: str) -> bytes:
    """A text's words as ``wording.units_of`` has them, in UTF-8 with spaces between, each line by itself; # in the
    place of digits."""
    if not text.isascii():
        text = ODD.sub(_plain, text)
    plain = text.encode("utf-8", "surrogatepass").translate(_TABLE, _GONE)
    while DIGIT * 2 in plain:
        plain = plain.replace(DIGIT * 2, DIGIT)
    return plain


def _plain(odd: re.Match) -> str:
    return DIGITS.sub("0", odd[0].translate(LETTERS))
