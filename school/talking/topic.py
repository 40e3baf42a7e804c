"""What an answer is to take up: the words of its question that say something stay likelier until they are said.

People's answers take up what they were asked, and a brain this small forgets it after a few words. So each such word,
by how rare it is in what was heard, gains some nats; the brain says where it may stand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from school.talking.words import WORD, Language
from school.texts.rarity import rarity
from school.texts.tokenizer import Tokenizer

MOST = 3  # words
RARE = 4.0  # nats of rarity from which on a word gains all that it can
OF_PIECES = 0.7  # of that, what the first piece of a word of several gains: others begin so, too
PLAUSIBLE = 150  # a word gains only where it is among so many of the likeliest tokens
GOES_ON = 6.0  # nats that the rest of a word gains that is begun
TAIL = 12  # tokens in which a word is looked for


@dataclass(frozen=True, slots=True)
class Topic:
    """A word of the question: the ``ways`` in which it is written, in tokens, and how rare it is, in (0, 1]."""

    word: str
    ways: tuple[tuple[int, ...], ...]
    rarity: float

    def begins(self, pull: float) -> Iterator[tuple[int, float]]:
        """Tokens that it may begin with, and by how many nats they are to be likelier."""
        for way in self.ways:
            yield way[0], pull * self.rarity * (1.0 if len(way) == 1 else OF_PIECES)

    def goes_on(self, said: list[int]) -> Iterator[int]:
        """Tokens with which it goes on where it is begun."""
        for way in self.ways:
            yield from (way[begun] for begun in range(1, len(way)) if tuple(said[-begun:]) == way[:begun])


class Topics:
    """Of questions in a ``language``. ``counts`` (V,): how often each token was heard."""

    def __init__(self, tokenizer: Tokenizer, language: Language, counts: np.ndarray):
        self._tokenizer, self._language, self._counts = tokenizer, language, counts
        self._total = max(1, int(counts.sum()))

    def of(self, question: str) -> list[Topic]:
        """Its rarest words that were ever heard; none where a token is a letter, which says nothing of a word."""
        if self._tokenizer.by_letter:
            return []
        words = dict.fromkeys(word for word in WORD.findall(question) if not self._language.says_little(word))
        found = [topic for word in words if (topic := self._topic(word))]
        return sorted(found, key=lambda topic: -topic.rarity)[:MOST]

    def left(self, topics: list[Topic], said: list[int]) -> list[Topic]:
        """Those that were not said yet."""
        if not topics:
            return topics
        tail = self._tokenizer.decode(said[-TAIL:]).casefold()
        return [topic for topic in topics if topic.word not in tail]

    def _topic(self, word: str) -> Topic | None:
        ways = {tuple(self._tokenizer.encode(f" {one}")) for one in (word, word.lower(), word.capitalize())}
        counts = {way: min(int(self._counts[token]) for token in way) for way in sorted(ways)}
        often = max(counts.values())
        rare = rarity(often, self._total)
        if not often or not rare:
            return None
        known = tuple(way for way, count in counts.items() if 10 * count >= often)
        return Topic(word.casefold(), known, min(1.0, rare / RARE))


def gone_on(logits: Tensor, topics: list[list[Topic]], said: list[list[int]]) -> Tensor:
    """Logits (B, V) in which a word of what is left of each answer's topics that is begun is likelier to go on."""
    rest = [
        {token for topic in left for token in topic.goes_on(words)} for left, words in zip(topics, said, strict=True)
    ]
    return _raised(logits, [dict.fromkeys(tokens, GOES_ON) for tokens in rest])


def taken_up(logits: Tensor, topics: list[list[Topic]], pull: float) -> Tensor:
    """Logits (B, V) in which a word of what is left of each answer's topics is likelier to begin, by ``pull`` nats at
    most."""
    if not pull or not any(topics):
        return logits
    likely, gains = _likely(logits), []
    for row, left in enumerate(topics):
        begins = [(token, gain) for topic in left for token, gain in topic.begins(pull) if likely[row, token]]
        gains.append(dict(sorted(begins, key=lambda begin: begin[1])))  # of two the larger
    return _raised(logits, gains)


def _raised(logits: Tensor, gains: list[dict[int, float]]) -> Tensor:
    """By so much for each token of each row."""
    if not any(gains):
        return logits
    logits = logits.clone()
    for row, gain in enumerate(gains):
        for token, nats in gain.items():
            logits[row, token] += nats
    return logits


def _likely(logits: Tensor) -> Tensor:
    """Which tokens (B, V) are among the likeliest."""
    return logits >= logits.topk(min(PLAUSIBLE, logits.shape[-1]), dim=-1).values[:, -1:]
