"""Whether texts are well-formed: counts that need no judge. Every share is None where there is nothing to share."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from school.texts.fluency import distinct_2, known_words, share, words
from school.texts.sentences import ends_sentence

COPIED = 8  # words in a row that nobody says twice by chance
CLOSES = {"(": ")", "[": "]", "{": "}", "“": "”", "«": "»"}
OPENS = {close: opened for opened, close in CLOSES.items()}
NO_BRACKET = re.compile(r"[:;]-?[()\[\]]|(?<!\w)\w{1,2}\)")  # a smile, and the number of a list: a) or 12)


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
