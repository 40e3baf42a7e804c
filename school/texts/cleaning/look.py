"""What stands in a text, at a glance: which characters, and which of them several times in a row. Most texts have
nothing that a rule acts on, and a rule is not asked about those."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from school.texts.cleaning.changes import RUN

SHORT = 4096  # letters; a longer text is looked at as numbers, in parts of LONG
LONG = 1 << 16


@dataclass(frozen=True, slots=True)
class Look:
    """``chars``: the different characters of a ``text``; ``running``: those of which RUN or more stand in a row."""

    text: str
    chars: frozenset[str]
    running: frozenset[str]

    @classmethod
    def at(cls, text: str) -> Look:
        if len(text) < SHORT:
            chars = frozenset(text)
            return cls(text, chars, frozenset(c for c in chars if c * RUN in text))
        chars, running = set[str](), set[str]()
        for start in range(0, len(text), LONG):
            numbers = _numbers(text[start : start + LONG + RUN - 1])
            chars.update(_different(numbers))
            running.update(_in_a_row(numbers))
        return cls(text, frozenset(chars), frozenset(running))

    def has(self, chars: frozenset[str]) -> bool:
        """Whether any of these stands in the text."""
        return not chars.isdisjoint(self.chars)


def _numbers(text: str) -> np.ndarray:
    if text.isascii():
        return np.frombuffer(text.encode("ascii"), np.uint8)
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


def _different(numbers: np.ndarray) -> Iterator[str]:
    seen = np.zeros(int(numbers.max(initial=0)) + 1, dtype=bool)
    seen[numbers] = True
    return map(chr, np.flatnonzero(seen).tolist())


def _in_a_row(numbers: np.ndarray) -> Iterator[str]:
    same, count = numbers[1:] == numbers[:-1], max(0, len(numbers) - RUN + 1)
    runs = same[:count].copy()
    for further in range(1, RUN - 1):
        runs &= same[further : further + count]
    return map(chr, set(numbers[:count][runs].tolist()))
