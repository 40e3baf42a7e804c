"""The guard at the mouth: in public, no answer says a run of words that stands in a private text.

It knows of the private texts one number for each word: the hash of the run of words that ends there. Whatever token is
about to be said, the answer with it, taken as if it ended there, must hold no such run. So what was shown never has to
be taken back, and whatever ends an answer, all of it is fit to be heard. (The price: where "mill" would complete a run,
"miller" can't be begun with "mill" either.)

A run counts ``words`` words; of a script without spaces, three characters count one (school/texts/wording.py). The
hash of a run is a polynomial in an odd number over its words' own 64-bit hashes, modulo 2**64, so that those of a whole
text come from one running sum. W windows are a sorted array of 8 W bytes: a false alarm has the odds of W in 2**64.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from school.texts.wording import THIRDS, go_on, thirds_of, value_of

BASE = 0x9E3779B97F4A7C15  # odd; any such number with the bits well mixed does
MODULUS = 1 << 64
INVERSE = pow(BASE, -1, MODULUS)
CHUNK = 1 << 18  # tokens of a text taken up at a time

Unit = tuple[int, int]  # the hash of a word, and how many thirds it counts


@dataclass(frozen=True, slots=True)
class Said:
    """How an answer ends so far: its last whole words, the word that may go on, and bytes of a character."""

    units: tuple[Unit, ...] = ()
    word: str = ""
    torn: bytes = b""


class Guard:
    """``windows``: the sorted hashes of all runs that may not be said; ``pieces``: the bytes of each token."""

    def __init__(self, windows: np.ndarray, pieces: list[bytes], words: int):
        self._windows, self._pieces, self._thirds = windows, pieces, THIRDS * words

    def after(self, said: Said, token: int) -> Said:
        """How the answer ends with one more token."""
        new, word, torn = go_on(said.word, said.torn, self._pieces[token])
        units = (*said.units, *map(_unit, new))[-self._thirds :] if new else said.units
        return Said(units, word, torn)

    def forbids(self, said: Said, token: int) -> bool:
        """Whether with this token a private run would have been said."""
        new, word, _ = go_on(said.word, said.torn, self._pieces[token])
        if not new and word == said.word:
            return False
        units = list(said.units)
        for unit in (*new, word) if word else new:
            units.append(_unit(unit))
            if self._stands_in_one(units):
                return True
        return False

    def _stands_in_one(self, units: list[Unit]) -> bool:
        """Whether the run that ends with the last unit does: of all that count enough, the shortest."""
        total, power, thirds = 0, 1, 0
        for value, counts in reversed(units):
            total += value * power
            power = power * BASE % MODULUS
            thirds += counts
            if thirds >= self._thirds:
                found = np.uint64(total % MODULUS)
                place = self._windows.searchsorted(found)
                return bool(place < len(self._windows) and self._windows[place] == found)
        return False


def _unit(unit: str) -> Unit:
    return value_of(unit), thirds_of(unit)


def windows_of(texts: Iterable[Iterable[np.ndarray]], pieces: list[bytes], words: int) -> np.ndarray:
    """The sorted hashes of all runs of so many words in these texts, each given as the parts that follow one another,
    in tokens (N,). Where a mark is, a word ends and a run goes on."""
    pieces = [piece or b" " for piece in pieces]
    found = [np.empty(0, np.uint64)]
    for parts in texts:
        found += [np.unique(hashes) for hashes in _windows(parts, pieces, THIRDS * words)]
    return np.unique(np.concatenate(found))


def _windows(parts: Iterable[np.ndarray], pieces: list[bytes], thirds: int) -> Iterator[np.ndarray]:
    numbers: dict[str, int] = {}  # of each word met so far
    known: list[Unit] = []
    before = np.empty(0, np.int64)  # the last words of what came before
    for units in _units(parts, pieces):
        for unit in set(units).difference(numbers):
            numbers[unit] = len(known)
            known.append(_unit(unit))
        met = np.concatenate([before, np.fromiter((numbers[unit] for unit in units), np.int64, len(units))])
        values = np.array([value for value, _ in known], np.uint64)[met]
        counts = np.array([count for _, count in known], np.int64)[met]
        yield hash_runs(values, counts, thirds)
        before = met[-thirds:]


def hash_runs(values: np.ndarray, counts: np.ndarray, thirds: int) -> np.ndarray:
    """The hashes of all shortest runs of units that count ``thirds``, by the end of each. Both (N,)."""
    before = np.concatenate([[0], np.cumsum(counts)])  # how much the first 0, 1, ... units count
    ends = np.flatnonzero(before >= thirds)
    starts = np.searchsorted(before, before[ends] - thirds, side="right") - 1
    powers, inverses = np.full(len(values), BASE, np.uint64), np.full(len(values), INVERSE, np.uint64)
    powers[:1] = inverses[:1] = 1
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(values * np.multiply.accumulate(inverses))])
    return (sums[ends] - sums[starts]) * np.multiply.accumulate(powers)[ends - 1]


def _units(parts: Iterable[np.ndarray], pieces: list[bytes]) -> Iterator[list[str]]:
    """The words of a text, chunk by chunk; the last one comes by itself."""
    word, torn = "", b""
    for part in parts:
        for start in range(0, len(part), CHUNK):
            said = b"".join([pieces[token] for token in part[start : start + CHUNK].tolist()])
            new, word, torn = go_on(word, torn, said)
            yield new
    yield [word] if word else []
