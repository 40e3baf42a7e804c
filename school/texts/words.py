"""Many texts to ids at a go: a word that comes again is looked up, so that byte pairs are only made of new ones.

The tokenizer never joins what stands on two sides of a space or line end before a word: that one belongs to the word,
and all white space before it is by itself. Nor does it join a word with white space behind it. So a text may be cut
there, and its ids are those of the parts, one behind the other. Parts are looked up by the thousand, in arrays, and
one by one only where they are long, or new. ``tests/school/texts/test_words.py`` holds the ids against the plain way.

Shapes: W words of T texts, N bytes, I ids.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from school.texts.ends import SPREAD, TOLD, ends_of, hashes_of
from school.texts.spaces import ODD_SPACES, odd_characters

KEPT = 1 << 17  # words that are known at once; then all are forgotten, and the frequent ones are soon back
LONGEST = 40  # bytes of a word that is likely to come again
AT_ONCE = 1 << 15  # characters of texts that are cut together: what is made of them stays in the processor's cache
SLOTS = 19  # bits of a place in the table

BEFORE_WORD = re.compile(r"[ \n][!-~\w]")  # certainly not white space, whatever Unicode says next year
ONCE_SPACES = frozenset("\u180e\u200b\ufeff")  # that older tables call white space
FIRST, LAST, LARGEST = ord("!"), ord("~"), 255  # bytes


class Cut(NamedTuple):
    """Texts in UTF-8 one behind the other, in ``data`` of N bytes, cut into words: ``starts`` and ``sizes`` (W,), and
    for each text, and behind the last, the number of its first word: ``firsts`` (T+1,)."""

    data: bytes
    starts: np.ndarray
    sizes: np.ndarray
    firsts: np.ndarray


class WordIds:
    """``encode`` gives the ids of each of several texts; ``byte_lengths`` (V,): how many bytes each id stands for."""

    def __init__(self, encode: Callable[[list[str]], Iterable[list[int]]], byte_lengths: list[int]):
        self._encode, self._byte_lengths = encode, np.array(byte_lengths)
        self._forget()

    def _forget(self) -> None:
        self._known: dict[bytes, int] = {}  # a word, with the space before it -> its number, from 1 on
        self._table = np.zeros(1 << SLOTS, np.int32)  # the numbers of short ones, by their hashes; 0: nobody's
        self._first, self._last, self._sizes = _Row(np.uint64), _Row(np.uint64), _Row(np.int64)  # by their numbers
        self._stops = _Row(np.int64)  # where the ids of each end
        self._pool = _Row(np.uint16)  # all of these
        for row in (self._first, self._last, self._sizes, self._stops):
            row.add(np.zeros(1, np.uint8))

    def __call__(self, texts: list[str]) -> Iterator[np.ndarray]:
        """The ids of each, (I,) uint16."""
        some, size = [], 0
        for text in texts:
            some.append(text)
            size += len(text)
            if size >= AT_ONCE:
                yield from self._ids(some)
                some, size = [], 0
        if some:
            yield from self._ids(some)

    def _ids(self, texts: list[str]) -> list[np.ndarray]:
        words = cut(texts)
        numbers = self._numbers(words)
        stops, begins = self._stops.values[numbers], self._stops.values[numbers - 1]
        ends = np.cumsum(stops - begins)
        places = np.repeat(stops - ends, stops - begins)  # how far what is in the pool stands from where it goes
        places += np.arange(len(places))
        ids = self._pool.values[places]
        self._forget_long()
        return np.split(ids, np.append(0, ends)[words.firsts[1:-1]])

    def _numbers(self, words: Cut) -> np.ndarray:
        """Of words (W,), also of such as were not known until now."""
        if len(self._known) > KEPT:
            self._forget()
        first, last = ends_of(words.data, words.starts, words.sizes)
        numbers = self._table[_slots(first, last, words.sizes)].astype(np.int64)
        same = (self._first.values[numbers] == first) & (self._last.values[numbers] == last)
        others = np.flatnonzero(~(same & (self._sizes.values[numbers] == words.sizes)))
        stops = (words.starts + words.sizes)[others].tolist()
        which = [words.data[a:b] for a, b in zip(words.starts[others].tolist(), stops, strict=True)]
        self._learn(dict.fromkeys(word for word in which if word not in self._known))
        numbers[others] = np.fromiter(map(self._known.__getitem__, which), np.int64, len(which))
        return numbers

    def _learn(self, new: Iterable[bytes]) -> None:
        """Give words numbers, those last that are not kept."""
        new = sorted(new, key=lambda word: len(word) > LONGEST)
        if not new:
            return
        ids = self._encoded([word.decode() for word in new])
        numbers = np.arange(len(self._stops.values), len(self._stops.values) + len(new))
        self._known.update(zip(new, numbers.tolist(), strict=True))
        self._stops.add(len(self._pool.values) + np.cumsum([len(one) for one in ids]))
        self._pool.add(np.concatenate(ids))
        sizes = np.array([len(word) for word in new])
        first, last = ends_of(b"".join(new), np.cumsum(sizes) - sizes, sizes)
        for row, values in ((self._first, first), (self._last, last), (self._sizes, sizes)):
            row.add(values)
        slots = _slots(first, last, sizes)
        free = (sizes <= TOLD) & (self._table[slots] == 0)
        self._table[slots[free]] = numbers[free]

    def _encoded(self, words: list[str]) -> list[np.ndarray]:
        """The ids of each, most of them made in one text, as for one word alone it takes several times as long."""
        inner = [BEFORE_WORD.match(word) is not None for word in words]
        joined = [word for word, within in zip(words, inner, strict=True) if within]
        alone = [word for word, within in zip(words, inner, strict=True) if not within]
        whole, *others = (np.array(ids, np.uint16) for ids in self._encode(["".join(joined), *alone]))
        word_ends = np.cumsum([len(word.encode()) for word in joined])
        stops = np.searchsorted(np.cumsum(self._byte_lengths[whole]), word_ends) + 1
        pieces = iter([whole[start:stop] for start, stop in pairwise([0, *stops.tolist()])])
        rest = iter(others)
        return [next(pieces) if within else next(rest) for within in inner]

    def _forget_long(self) -> None:
        """Those that were put last."""
        while self._known and len(word := next(reversed(self._known))) > LONGEST:
            del self._known[word]
        count = len(self._known) + 1
        for row in (self._first, self._last, self._sizes, self._stops):
            row.cut(count)
        self._pool.cut(int(self._stops.values[-1]))


class _Row:
    """Numbers that become more: ``values`` are those that count."""

    def __init__(self, dtype: type):
        self._all, self.values = np.empty(0, dtype), np.empty(0, dtype)

    def add(self, more: np.ndarray) -> None:
        before, count = len(self.values), len(self.values) + len(more)
        if count > len(self._all):
            self._all = np.concatenate([self.values, np.empty(max(count, 2 * before) - before, self._all.dtype)])
        self._all[before:count] = more
        self.values = self._all[:count]

    def cut(self, count: int) -> None:
        self.values = self._all[:count]


def _slots(first: np.ndarray, last: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    return (hashes_of(first, last, sizes) * SPREAD >> np.uint64(64 - SLOTS)).view(np.int64)


def cut(texts: list[str]) -> Cut:
    """Texts, cut before words and behind them."""
    parts = [text.encode("utf-8", "replace") for text in texts]
    data, stops = b"".join(parts), np.cumsum([len(part) for part in parts])
    if not data:
        return Cut(data, np.empty(0, np.int64), np.empty(0, np.int64), np.zeros(len(texts) + 1, np.int64))
    codes = np.frombuffer(data, np.uint8)
    odd = not odd_characters(data).isdisjoint(ODD_SPACES | ONCE_SPACES)
    visible = codes - np.uint8(FIRST) <= (LAST if odd else LARGEST) - FIRST  # what is below FIRST is large then
    follows = np.append(visible[1:], False)  # whether the next one is
    follows[stops - 1] = False
    follows[1:] |= visible[:-1]
    follows &= (codes == ord(" ")) | (codes == ord("\n"))
    begins = np.append(0, stops)
    follows[begins[begins < len(data)]] = True
    starts = np.flatnonzero(follows)
    return Cut(data, starts, np.diff(starts, append=len(data)), np.searchsorted(starts, begins))
