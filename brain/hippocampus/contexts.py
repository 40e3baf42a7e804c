"""What counts are kept of: for each place in a text, a key for each of its contexts.

Shapes: N tokens, K contexts.

They are the last one, two and three tokens; the one before the last, and the last with the third-last; the last byte,
two, three and five; the word so far, the word before, and both. None looks back beyond the beginning of its
document, so that a document has the same ones wherever it stands, and can be taken back. Besides, it is told how much
of a word has begun, which says how far to rely on each of them.
"""

from __future__ import annotations

import numpy as np

PAD = 0xFFFF  # in place of a token before the beginning
NO_BYTE = 256
BASE = 0x100000001B3  # of the words' hash: the prime of FNV-1a
MIX, SPREAD = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9  # odd, of splitmix64 (Steele et al. 2014)
NAMES = (
    "1", "2", "3", "2nd", "1+3rd", "1 byte", "2 bytes", "3 bytes", "5 bytes", "word", "word before", "2 words",
)  # fmt: skip
WHOLE = (1 << 64) - 1
REACH = 64  # tokens back that any of them looks, as good as always
LONGEST_BEGUN = 15  # bytes of a word, longer ones are like that


class Contexts:
    """For tokens with these ``pieces`` of text. ``document``: the mark that a document begins with."""

    def __init__(self, pieces: list[bytes], document: int):
        shown = [piece or b"\0" for piece in pieces]  # a mark ends a word
        self.document, self._pieces = document, shown
        self._bytes = np.frombuffer(b"".join(shown), dtype=np.uint8).astype(np.int64)
        self._lengths = np.array([len(piece) for piece in shown])
        self._starts = np.concatenate([[0], np.cumsum(self._lengths)])
        self._letters = np.array([chr(byte).isalnum() or byte >= 128 or byte == 39 for byte in range(256)])

    def keys(self, tokens: np.ndarray, first: int = 0) -> np.ndarray:
        """(N, K) uint64: row i is what stands before token i, as far as ``tokens`` (N,) int64 begin; from row ``first``
        on. Never 0."""
        return self.before(tokens, first)[0]

    def before(self, tokens: np.ndarray, first: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """These keys, and (N,) int64 how many bytes of a word have begun there."""
        places = np.arange(first, len(tokens))
        begin = np.maximum.accumulate(np.where(tokens == self.document, np.arange(len(tokens)), 0))
        begin = begin[np.maximum(places - 1, 0)]  # where the document of the token before begins

        def back(count: int) -> np.ndarray:
            at = places - count
            return np.where(at >= begin, tokens[np.maximum(at, 0)], PAD)

        last, second, third = back(1), back(2), back(3)
        text, ends = self._text(tokens)
        stops, starts = ends[places], ends[begin]

        def byte(count: int) -> np.ndarray:
            at = stops - count
            return np.where(at >= starts, text[np.maximum(at, 0)], NO_BYTE)

        two = byte(1) * 257 + byte(2)
        three = two * 257 + byte(3)
        begun, word, before = self._words(text, stops, starts)
        parts = [
            (last,), (last, second), (last, second, third), (second,), (last, third), (byte(1),), (two,), (three,),
            (three, byte(4) * 257 + byte(5)), (word,), (before,), (word, before),
        ]  # fmt: skip
        return np.stack([_key(number, part) for number, part in enumerate(parts, 1)], axis=1), begun

    def before_next(self, tokens: list[int]) -> tuple[list[int], int]:
        """The last row of what ``before`` finds for one more token behind these: the same in plain numbers, which for a
        single place is quicker."""
        tokens = tokens[-REACH:]
        begin = next((i for i in reversed(range(len(tokens))) if tokens[i] == self.document), 0)
        tokens = tokens[begin:]
        last, second, third = ([PAD] * 3 + tokens)[:-4:-1] if tokens else [PAD] * 3
        text = b"".join(self._pieces[token] for token in tokens)
        one, two, three, four, five = ([NO_BYTE] * 5 + list(text[-5:]))[:-6:-1]
        double = one * 257 + two
        triple = double * 257 + three
        stop, letters = len(text), self._letters
        begin = stop
        while begin and letters[text[begin - 1]]:
            begin -= 1
        end = begin
        while end and not letters[text[end - 1]]:
            end -= 1
        start = end
        while start and letters[text[start - 1]]:
            start -= 1
        word, before = _hashed(text[begin:stop]), _hashed(text[start:end])
        parts = [
            (last,), (last, second), (last, second, third), (second,), (last, third), (one,), (double,), (triple,),
            (triple, four * 257 + five), (word,), (before,), (word, before),
        ]  # fmt: skip
        keys = [_plain_key(number, part) for number, part in enumerate(parts, 1)]
        return keys, min(stop - begin, LONGEST_BEGUN)

    def _text(self, tokens: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The bytes of the tokens, one behind the other, and where each token begins, and the last ends."""
        lengths = self._lengths[tokens]
        ends = np.concatenate([[0], np.cumsum(lengths)])
        within = np.arange(ends[-1]) - np.repeat(ends[:-1], lengths)
        return self._bytes[np.repeat(self._starts[tokens], lengths) + within], ends

    def _words(
        self, text: np.ndarray, stops: np.ndarray, starts: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The length of the word that has begun before each of the ``stops``, its hash, and that of the word before it;
        neither begins before its one of the ``starts``."""
        places, letters = np.arange(1, len(text) + 1), self._letters[text]
        gap = np.maximum.accumulate(np.concatenate([[0], np.where(letters, 0, places)]))  # where a word may begin
        letter = np.maximum.accumulate(np.concatenate([[0], np.where(letters, places, 0)]))  # where the last one ends
        powers = np.cumprod(np.full(len(text) + 1, BASE, dtype=np.uint64))
        unpowers = np.cumprod(np.full(len(text) + 1, pow(BASE, -1, 1 << 64), dtype=np.uint64))
        sums = np.zeros(len(text) + 1, dtype=np.uint64)
        np.cumsum((text + 1).astype(np.uint64) * powers[:-1], out=sums[1:])

        def hashed(begin: np.ndarray, end: np.ndarray) -> np.ndarray:
            return (sums[end] - sums[begin]) * unpowers[begin]

        begin = np.maximum(gap[stops], starts)
        end = np.maximum(letter[begin], starts)
        length = np.minimum(stops - begin, LONGEST_BEGUN)
        return length, hashed(begin, stops), hashed(np.maximum(gap[end], starts), end)


def _hashed(word: bytes) -> int:
    """As ``Contexts._words`` does it."""
    found, power = 0, 1
    for byte in word:
        found, power = found + (byte + 1) * power, power * BASE & WHOLE
    return found & WHOLE


def _plain_key(number: int, parts: tuple[int, ...]) -> int:
    key = number * SPREAD & WHOLE
    for part in parts:
        key = (key ^ part) * MIX & WHOLE
        key ^= key >> 29
    key = key * SPREAD & WHOLE
    return key ^ key >> 32 or 1


def _key(number: int, parts: tuple[np.ndarray, ...]) -> np.ndarray:
    key = np.full(parts[0].shape, number * SPREAD % (1 << 64), dtype=np.uint64)
    for part in parts:
        key = (key ^ part.astype(np.uint64)) * np.uint64(MIX)
        key ^= key >> np.uint64(29)
    key = key * np.uint64(SPREAD)
    key ^= key >> np.uint64(32)
    return np.where(key == 0, np.uint64(1), key)
