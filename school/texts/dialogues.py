"""Conversations made of a library: sentences of it dressed as a person's turn and the baby's answer, again and again.

A library of diaries has no turns; without these the first question would be the first mark the baby ever met. What is
said before a sentence is the sentence before it, another one nearby that shares a word with it, or a question that it
may answer (``asking.py``): so that it learns that an answer takes up what was asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cached_property, lru_cache
from typing import NamedTuple

import numpy as np

from school.texts.asking import Asking, words_of
from school.texts.circle import Circle
from school.texts.rarity import rarity
from school.texts.sentences import ends_sentence
from school.texts.tokenizer import BABY, MARK_COUNT, PERSON, Tokenizer

WINDOW = 512  # tokens in which sentences are looked for
SHORTEST, LONGEST = 4, 48  # words and tokens of an answer: the longest that people get is not much longer
BEFORE, NEARBY = 0.25, 0.2  # shares of the questions that are the sentence before, another nearby
KEPT = 4096  # exchanges
LETTERS = 4  # of a token, roughly
PART = re.compile(r"[^\n]+?(?:[.!?…。！？؟।]+[\"'”’»)\]]*(?=\s|$)|$)", re.MULTILINE)


class Exchange(NamedTuple):
    question: tuple[int, ...]
    answer: tuple[int, ...]


class Dialogues:
    """Made of the texts in a ``circle``; ``rng`` draws for a purpose and a number."""

    def __init__(
        self, circle: Circle, tokenizer: Tokenizer, rng: Callable[..., np.random.Generator], language: str = "en"
    ):
        self._circle, self._tokenizer, self._rng = circle, tokenizer, rng
        self._long = LETTERS if tokenizer.by_letter else 1
        self._asking = Asking(language, self._weight)
        self.exchange = lru_cache(KEPT)(self._exchange)

    def read(self, number: int, *, start: int, length: int) -> tuple[np.ndarray, np.ndarray]:
        """Of conversation ``number``, from token ``start`` on: ids (length+1,) and whether each target (length,) is to
        be learned: the answers and their ends."""
        stop, turn = start + length + 1, 0
        ids: list[int] = []
        learned: list[bool] = []
        while len(ids) < stop:
            question, answer = self.exchange(number, turn)
            asked, answered = self._tokenizer.turn(PERSON, question), self._tokenizer.turn(BABY, answer)
            read = len(asked) + len(self._tokenizer.mark(BABY))
            ids += asked + answered
            learned += [False] * read + [True] * (len(ids) - len(learned) - read)
            turn += 1
        return np.array(ids[start:stop]), np.array(learned[start + 1 : stop])

    def _exchange(self, number: int, turn: int) -> Exchange:
        rng = self._rng("dialogue", number, turn)
        window, own = self._circle.read(int(rng.integers(self._circle.tokens)), WINDOW * self._long)
        window = window[own]
        sentences = sentences_of(self._text(window))[1:-1]  # the first and the last are halves
        for chosen in rng.permutation(_likely(sentences)).tolist():
            answer = self._tokenizer.encode(sentences[chosen])
            if len(answer) <= LONGEST * self._long:
                return Exchange(tuple(self._before(sentences, chosen, rng)), tuple(answer))
        plain = tuple(window[window >= MARK_COUNT][: 2 * LONGEST].tolist())
        return Exchange(plain[: len(plain) // 2], plain[len(plain) // 2 :])

    def _before(self, sentences: list[str], chosen: int, rng: np.random.Generator) -> list[int]:
        """What is said before the ``chosen`` sentence."""
        answer, way, others = sentences[chosen], rng.random(), [chosen - 1]
        if way > BEFORE:
            words = {word.text for word in self._asking.words(answer)} if way < BEFORE + NEARBY else set()
            others = [i for i, other in enumerate(sentences) if i != chosen and words & set(words_of(other))]
        if others:
            said = self._tokenizer.encode(sentences[others[int(rng.integers(len(others)))]])
            if len(said) <= LONGEST * self._long:
                return said
        return self._tokenizer.encode(self._asking.question(answer, rng))

    def _text(self, window: np.ndarray) -> str:
        """With a line's end for each mark."""
        piece = self._tokenizer.token_bytes
        return b"".join(piece(i) if i >= MARK_COUNT else b"\n" for i in window.tolist()).decode("utf-8", "ignore")

    def _weight(self, word: str) -> float:
        """How much a word says, by its rarest token."""
        counts = [int(self._counts[token]) for token in self._tokenizer.encode(f" {word}")]
        return rarity(min(counts, default=0), self._circle.tokens)

    @cached_property
    def _counts(self) -> np.ndarray:
        """How often each token stands in the texts."""
        size = self._tokenizer.size
        return sum((np.bincount(text.learn, minlength=size) for text in self._circle.texts), np.zeros(size, np.int64))


def _likely(sentences: list[str]) -> list[int]:
    """Those that may be an answer: of some words, not the first, and ending with a mark, where most do."""
    ended = [ends_sentence(sentence) for sentence in sentences]
    any_end = 2 * sum(ended) < len(ended)
    return [i for i in range(1, len(ended)) if (ended[i] or any_end) and len(words_of(sentences[i])) >= SHORTEST]


def sentences_of(text: str) -> list[str]:
    """Sentences, and what else stands on a line."""
    found: list[str] = []
    for line in text.split("\n"):
        begun = ""
        for part in PART.findall(line):
            begun += part
            if ends_sentence(begun):
                found.append(begun.strip())
                begun = ""
        if begun.strip():
            found.append(begun.strip())
    return found
