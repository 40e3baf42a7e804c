"""How well-formed what is said is, by counts that need no judge."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from itertools import pairwise
from typing import NamedTuple

from school.texts.sentences import ends_sentence

WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
DISTINCT_WORDS = 1000  # over which distinct-2 is counted, at most: it falls with the length of what it is counted over
LOST_WORDS, LEFT = 0.1, 0.6  # of what it was: more unknown words, or less of the rest, is worse by more than chance


class Fluency(NamedTuple):
    """Shares in [0, 1]: of words that the library has, of answers that end with a sentence, of pairs of neighbouring
    words that are different ones."""

    known_words: float
    ended: float
    distinct_2: float

    def __str__(self) -> str:
        known, ended, distinct = (f"{100 * share:.0f} %" for share in self)
        return f"words that it knows {known}, sentences that end {ended}, pairs of words that differ {distinct}"

    def worse_than(self, other: Fluency) -> bool:
        """By more than a few answers differ by chance. Who says many more words than before does not: a newborn's
        babble is varied, too."""
        if self.known_words > other.known_words + LOST_WORDS:
            return False
        if self.known_words < other.known_words - LOST_WORDS:
            return True
        return self.ended < LEFT * other.ended or self.distinct_2 < LEFT * other.distinct_2


def fluency(answers: Collection[str], vocabulary: Collection[str]) -> Fluency:
    """Of some answers, each ended by itself; nothing where nothing was said."""
    return Fluency(
        known_words(answers, vocabulary) or 0.0,
        share(sum(map(ends_sentence, answers)), len(answers)) or 0.0,
        distinct_2(answers)[0] or 0.0,
    )


def words(text: str) -> list[str]:
    """The words of a text in small letters, without marks and figures."""
    return [word.replace("’", "'") for word in WORD.findall(text.lower())]


def share(part: float, whole: float) -> float | None:
    return round(part / whole, 4) if whole else None


def known_words(texts: Iterable[str], vocabulary: Collection[str]) -> float | None:
    """The share of their words that a vocabulary has."""
    said = [word for text in texts for word in words(text)]
    return share(sum(word in vocabulary for word in said), len(said))


def distinct_2(texts: Iterable[str], limit: int = DISTINCT_WORDS) -> tuple[float | None, int]:
    """The share of pairs of neighbouring words that are different ones, over the first ``limit`` words, whole texts
    only; and over how many (Li et al. 2016, "A diversity-promoting objective function")."""
    pairs, count = [], 0
    for said in map(words, texts):
        if pairs and count + len(said) > limit:
            break
        count += len(said)
        pairs += pairwise(said)
    return share(len(set(pairs)), len(pairs)), count
