"""Whether a word stands in a text at all. Most that are asked about do not, and the rarest bytes of a word, looked for
in all of the text at once, tell it several times as fast as a search."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from itertools import accumulate, pairwise

import numpy as np

COMMON = b" etaoinshrdlucmfygpbvwkTIASHWMBCOPNDELRFGYJUVK-\n,.'\"0123456789xjqz"  # in writing, the commonest first
LOOKED_AT = 3  # bytes of a word
SHORT = 1 << 12  # bytes of a text that is only searched
AT_ONCE = 1 << 16  # bytes that are looked at together: what is made of them stays in the processor's cache


class Standing:
    """A text in UTF-8 that is asked about words."""

    def __init__(self, data: bytes):
        self.data = data
        self._codes = np.frombuffer(data, np.uint8)

    @classmethod
    def of(cls, text: str) -> Standing:
        return cls(text.encode("utf-8", "surrogatepass"))

    def has(self, *words: bytes) -> bool:
        """Whether any of these stands in it."""
        data = self.data
        if len(data) >= SHORT:
            return any(True for word in words for _ in self.places(word))
        for word in words:  # noqa: SIM110 (``any`` takes longer, and messages are many)
            if word in data:
                return True
        return False

    def places(self, word: bytes) -> Iterator[int]:
        """Where it stands, in order; also where it overlaps itself."""
        if len(self.data) < SHORT:
            at = self.data.find(word)
            while at >= 0:
                yield at
                at = self.data.find(word, at + 1)
            return
        first, *more = _rarest(word)
        if word[first] not in self.data:
            return
        for start in range(0, len(self.data) - len(word) + 1, AT_ONCE):
            codes = self._codes[start : start + AT_ONCE + len(word) - 1]
            count = len(codes) - len(word) + 1
            same = codes[first : first + count] == word[first]
            for i in more:
                same &= codes[i : i + count] == word[i]
            yield from (at for at in (np.flatnonzero(same) + start).tolist() if self.data.startswith(word, at))


@functools.lru_cache(maxsize=1024)
def _rarest(word: bytes) -> list[int]:
    """The places of those of its bytes that are the rarest, this one first."""
    return sorted(range(len(word)), key=lambda i: -(COMMON.find(word[i]) % 256))[:LOOKED_AT]


def characters_at(data: bytes, places: list[int]) -> list[int]:
    """Which characters of a text in UTF-8 these bytes are, in order, each the first of its character."""
    if data.isascii():
        return places
    sizes = (len(data[a:b].decode("utf-8", "surrogatepass")) for a, b in pairwise([0, *places]))
    return list(accumulate(sizes))
