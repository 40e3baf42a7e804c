"""Byte pairs in pure Python: text to ids and back, as ``school/texts/tokenizer.py`` does it with a library.

Words are cut as GPT-2's byte-level vocabulary cuts them. Which characters are letters, numbers and spaces is listed in
the body: this Python may know another Unicode than the one that it learned with.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any


def _class(ranges: list[list[int]]) -> str:
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in ranges)


def splitter(letters: Mapping[str, Any]) -> re.Pattern:
    """A pattern that finds every word of a text, with the space before it."""
    of, spaces = _class(letters["letters"]), _class(letters["spaces"])
    numbers = _class(letters["numbers"])
    return re.compile(
        f"'(?:s|t|re|ve|m|ll|d)| ?[{of}]+| ?[{numbers}]+| ?[^{spaces}{of}{numbers}]+"
        f"|[{spaces}]+(?![^{spaces}])|[{spaces}]+"
    )


class BytePairs:
    """``letters``: pieces (as Latin-1) and merges by their ids, in the order in which they were learned."""

    def __init__(self, letters: Mapping[str, Any], marks: int):
        self.pieces = [piece.encode("latin-1") for piece in letters["pieces"]]
        known = {piece: i for i, piece in enumerate(self.pieces) if i >= marks}
        self._first = [known[bytes([byte])] for byte in range(256)]
        self._merges = {
            (left, right): (rank, known[self.pieces[left] + self.pieces[right]])
            for rank, (left, right) in enumerate(letters["merges"])
        }
        self._words = splitter(letters)
        self._cached = lru_cache(4096)(self._merged)

    def encode(self, text: str) -> list[int]:
        """Lone surrogates have no bytes and become question marks."""
        text = text.encode("utf-8", "replace").decode("utf-8")
        return [token for word in self._words.findall(text) for token in self._cached(word)]

    def decode(self, ids: Iterable[int]) -> str:
        return b"".join(self.pieces[i] for i in ids).decode("utf-8", "replace")

    def _merged(self, word: str) -> list[int]:
        """Its bytes, of which again and again the pair that was learned first, and of those the leftmost, is joined.

        What has been joined to its left neighbour is None; a heap finds the next pair, for a line of Japanese is one
        word.
        """
        ids: list[int | None] = [self._first[byte] for byte in word.encode("utf-8")]
        before, after = list(range(-1, len(ids) - 1)), list(range(1, len(ids) + 1))
        waiting: list[tuple[int, int, int, int]] = []

        def consider(left: int, right: int) -> None:
            if left >= 0 and right < len(ids) and (found := self._merges.get((ids[left], ids[right]))):
                heapq.heappush(waiting, (found[0], left, right, found[1]))

        for i in range(len(ids) - 1):
            consider(i, i + 1)
        while waiting:
            rank, left, right, joined = heapq.heappop(waiting)
            if after[left] != right or self._merges.get((ids[left], ids[right]), (None,))[0] != rank:
                continue  # one of them has been joined to something else meanwhile
            ids[left], ids[right], after[left] = joined, None, after[right]
            if after[left] < len(ids):
                before[after[left]] = left
            consider(before[left], left)
            consider(left, after[left])
        return [token for token in ids if token is not None]
