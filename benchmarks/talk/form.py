"""Whether texts are well-formed: counts that need no judge. Every share is None where there is nothing to share."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from itertools import pairwise
from typing import Any

from benchmarks.talk.words import words
from school.talking.sentences import ends_sentence

COPIED = 8  # words in a row that nobody says twice by chance
DISTINCT_WORDS = 1000  # over which distinct-2 is counted, at most: it falls with the length of what it is counted over
CLOSES = {"(": ")", "[": "]", "{": "}", "“": "”", "«": "»"}
OPENS = {close: opened for opened, close in CLOSES.items()}
NO_BRACKET = re.compile(r"[:;]-?[()\[\]]|(?<!\w)\w{1,2}\)")  # a smile, and the number of a list: a) or 12)


def share(part: float, whole: float) -> float | None:
    return round(part / whole, 4) if whole else None


def known_words(texts: Iterable[str], vocabulary: Collection[str]) -> float | None:
    """The share of their words that a vocabulary has."""
    said = [word for text in texts for word in words(text)]
    return share(sum(word in vocabulary for word in said), len(said))


def ends(texts: Collection[str]) -> float | None:
    """The share of texts that end where a sentence does."""
    return share(sum(map(ends_sentence, texts)), len(texts))


def closed_marks(texts: Iterable[str]) -> tuple[int, int]:
    """How many pairs of brackets and quotation marks are whole, and how many there are, with those of which one is
    missing."""
    closed = missing = 0
    for text in texts:
        text = NO_BRACKET.sub("", text)
        closed += text.count('"') // 2
        missing += text.count('"') % 2
        waiting = dict.fromkeys(CLOSES, 0)
        for letter in text:
            if letter in CLOSES:
                waiting[letter] += 1
            elif letter in OPENS and waiting[OPENS[letter]]:
                waiting[OPENS[letter]] -= 1
                closed += 1
            elif letter in OPENS:
                missing += 1
        missing += sum(waiting.values())
    return closed, closed + missing


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


def copied_words(texts: Iterable[str], library: str) -> float | None:
    """The share of their words that stand in runs of COPIED or more words just so in a library."""
    said = [words(text) for text in texts]
    own = {run for one in said for run in _runs(one)}
    there = {run for run in _runs(words(library)) if run in own}
    copied = 0
    for one in said:
        inside = set()
        for start, run in enumerate(_runs(one)):
            if run in there:
                inside.update(range(start, start + COPIED))
        copied += len(inside)
    return share(copied, sum(map(len, said)))


def _runs(said: list[str]) -> Iterator[tuple[str, ...]]:
    return zip(*(said[start:] for start in range(COPIED)), strict=False)


def figures(
    texts: list[str], tokens: list[int], vocabulary: Collection[str], *, library: str, fresh: int, whole: list[str]
) -> dict[str, Any]:
    """All of it. ``tokens``: how long each text is in tokens; ``fresh``: how many of the first texts distinct-2 is
    counted over; ``whole``: the texts that are asked whether they end and close."""
    closed, marks = closed_marks(whole)
    diversity, counted = distinct_2(texts[:fresh])
    lengths = [len(words(text)) for text in texts]
    return {
        "known_words": known_words(texts, vocabulary),
        "ends_with_a_sentence": ends(whole),
        "closed_marks": share(closed, marks),
        "marks": marks,
        "distinct_2": diversity,
        "distinct_2_words": counted,
        "mean_words": share(sum(lengths), len(lengths)),
        "two_tokens_or_fewer": share(sum(count <= 2 for count in tokens), len(tokens)),
        "copied_words": copied_words(texts, library),
    }
