"""What people let on about an answer without marking it: laughter, thanks, the same question again, silence.

Weak evidence, and no more than that: one for each answer, each with its own small weight, and whatever somebody says
outright (good, bad, fix) takes its place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

SIGNALS = ("laughter", "thanks", "again", "silence")
FOR, AGAINST = "good", "bad"
LONGEST = 6  # words of a line that is a reaction and not talk
ALIKE = 0.8  # share of the words of two questions that are one


@dataclass(frozen=True, slots=True)
class Signal:
    """``verdict``: what it speaks for, with so much ``weight``."""

    name: str
    verdict: str
    weight: float


class Weights(Protocol):
    """The settings: the weight of each signal, and the minutes without a word that are silence."""

    laughter: float
    thanks: float
    again: float
    silence: float
    silence_minutes: float


class Signals:
    """``patterns``: words that are laughter and thanks; a * at the end of one stands for any ending."""

    def __init__(self, patterns: Mapping[str, Sequence[str]], settings: Weights):
        self._settings = settings
        self._patterns = {name: _pattern(words) for name, words in patterns.items()}

    def heard(self, text: str, question: str, seconds: float = 0.0) -> Signal | None:
        """What the next line says about the answer to a question, ``seconds`` after it; None where that is nothing."""
        name, verdict = self._told(text, question, seconds)
        weight = getattr(self._settings, name) if name else 0.0
        return Signal(name, verdict, weight) if weight else None

    def _told(self, text: str, question: str, seconds: float) -> tuple[str, str]:
        if _same(text, question):
            return "again", AGAINST
        if len(text.split()) <= LONGEST:
            for name in ("thanks", "laughter"):
                if self._patterns[name].search(text):
                    return name, FOR
        return ("silence", AGAINST) if seconds >= 60 * self._settings.silence_minutes else ("", "")


def _pattern(words: Sequence[str]) -> re.Pattern[str]:
    ways = (re.escape(word.removesuffix("*")) + (r"\w*" if word.endswith("*") else "") for word in words)
    return re.compile(rf"(?<!\w)(?:{'|'.join(ways)})(?!\w)", re.IGNORECASE)


def _same(text: str, question: str) -> bool:
    one, other = (set(re.findall(r"\w+", line.casefold())) for line in (text, question))
    return bool(one and other) and len(one & other) >= ALIKE * len(one | other)
