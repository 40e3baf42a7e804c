"""What stands in a text, at a glance: which characters, and which of them several times in a row. Most texts have
nothing that a rule acts on, and a rule is not asked about those."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from school.texts.cleaning.changes import RUN
from school.texts.standing import Standing

SHORT = 4096  # letters; a longer text is looked at as numbers, in parts of LONG
LONG = 1 << 16
USUAL = b" etaoinshrdlucmfygpbvwkxjqzETAOINSHRDLUCMFYGPBVWKXJQZ,.\n'\"-;:!?()0123456789"


@dataclass(frozen=True)
class Look:
    """``said``: a ``text`` in UTF-8; ``chars``: the different characters of it."""

    text: str
    said: Standing
    chars: frozenset[str]

    @classmethod
    def at(cls, text: str) -> Look:
        said = Standing.of(text)
        if len(text) < SHORT:
            return cls(text, said, frozenset(text))
        unusual = said.data.translate(None, USUAL).decode("utf-8", "surrogatepass")
        return cls(text, said, frozenset(unusual).union(chr(code) for code in USUAL if code in said.data))

    @cached_property
    def running(self) -> frozenset[str]:
        """Those characters of which RUN or more stand in a row."""
        text = self.text
        if len(text) < SHORT:
            return frozenset(c for c in self.chars if c * RUN in text)
        parts = (text[start : start + LONG + RUN - 1] for start in range(0, len(text), LONG))
        return frozenset(c for part in parts for c in _in_a_row(_numbers(part)))

    def has(self, chars: frozenset[str]) -> bool:
        """Whether any of these stands in the text."""
        return not chars.isdisjoint(self.chars)


def _numbers(text: str) -> np.ndarray:
    if text.isascii():
        return np.frombuffer(text.encode("ascii"), np.uint8)
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


def _in_a_row(numbers: np.ndarray) -> Iterator[str]:
    same, count = numbers[1:] == numbers[:-1], max(0, len(numbers) - RUN + 1)
    runs = same[:count].copy()
    for further in range(1, RUN - 1):
        runs &= same[further : further + count]
    return map(chr, set(numbers[:count][runs].tolist()))
