"""Anchors: what is read beside people's lessons, so that these cost little of the rest.

In such a step one stream of four is read as it stands, and learned from. The others, the anchors, are only to be said
as its best self says them (Li and Hoiem 2016, learning without forgetting). Two of them go on with the library; every
fifth word is exchanged for another, since what it knows by heart it says the same whatever is lost around it. One reads
talk, for what it was taught would soon come up in answer to anything: questions made of the library, and those that it
was taught the answers to, with half of the words exchanged.

Shapes: B streams, T tokens per block.
"""

from __future__ import annotations

import numpy as np

from school.teaching.reviews import Reviews
from school.texts.librarian import Lesson, Librarian
from school.texts.tokenizer import BABY, MARK_COUNT, PERSON

STREAMS = 4  # of which the first is no anchor
TALK = 1  # and the second talks
TALKS = 1000  # made of the library, from which those come
MUDDLED, MUDDLED_QUESTION = 0.2, 0.5  # shares of the words that are exchanged
TAUGHT = 0.5  # of the questions


def anchors_among(numbers: range) -> list[int]:
    """The places of the anchors among the streams with these ``numbers``."""
    return [place for place, number in enumerate(numbers) if number % STREAMS]


def with_anchors(
    lesson: Lesson, librarian: Librarian, reviews: Reviews, rng: np.random.Generator
) -> tuple[Lesson, np.ndarray]:
    """The lesson with anchors in it, and how much each target counts, (B, T)."""
    numbers, tokens, counts = range(len(lesson.tokens)), lesson.tokens.copy(), lesson.learned.astype(np.float32)
    words = tokens[tokens >= MARK_COUNT]
    for number in anchors_among(numbers):
        is_talk = number % STREAMS == TALK
        row = talk(tokens.shape[1], words, librarian, reviews, rng) if is_talk else tokens[number]
        tokens[number], counts[number] = muddled(row, words, MUDDLED, rng), 0.0
    return lesson._replace(tokens=tokens), counts


def talk(size: int, words: np.ndarray, librarian: Librarian, reviews: Reviews, rng: np.random.Generator) -> np.ndarray:
    """The first so many tokens of a conversation, in which what was taught is asked for in other ``words``."""
    tokenizer, number, turn = librarian.tokenizer, int(rng.integers(TALKS)), 0
    ids: list[int] = []
    while len(ids) < size:
        question, answer = librarian.exchange(number, turn)
        if rng.random() < TAUGHT and (asked := reviews.some_question(rng)):
            question = muddled(np.array(tokenizer.encode(asked)), words, MUDDLED_QUESTION, rng).tolist()
        ids += tokenizer.turn(PERSON, question) + tokenizer.turn(BABY, answer)
        turn += 1
    return np.array(ids[:size])


def muddled(tokens: np.ndarray, words: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """The same tokens, any shape, but a share of them that comes from ``words``; marks stay."""
    chosen = (tokens >= MARK_COUNT) & (rng.random(tokens.shape) < share)
    exchanged = tokens.copy()
    if len(words):
        exchanged[chosen] = rng.choice(words, int(chosen.sum()))
    return exchanged
