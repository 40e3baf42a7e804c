"""Anchors: what is read beside people's lessons, so that these cost little of the rest.

In such a step one stream of four is read as it stands, and learned from. The others, the anchors, are only to be said
as its best self says them (Li and Hoiem 2016, learning without forgetting), with every fifth word exchanged for
another: what it knows by heart it says the same whatever is lost around it. Conversations made of the library, and
taught questions in other words, were tried among them: they did not keep what was taught from coming up elsewhere.

Shapes: B streams, T tokens per block.
"""

from __future__ import annotations

import numpy as np

from school.texts.librarian import Lesson
from school.texts.tokenizer import MARK_COUNT

STREAMS = 4  # of which the first is no anchor
MUDDLED = 0.2  # of the words


def anchors_among(numbers: range) -> list[int]:
    """The places of the anchors among the streams with these ``numbers``."""
    return [place for place, number in enumerate(numbers) if number % STREAMS]


def with_anchors(lesson: Lesson, rng: np.random.Generator) -> Lesson:
    """The lesson with anchors in it, of which nothing is learned."""
    tokens, learned = lesson.tokens.copy(), lesson.learned.copy()
    anchors = anchors_among(range(len(tokens)))
    tokens[anchors], learned[anchors] = muddled(tokens[anchors], rng), False
    return lesson._replace(tokens=tokens, learned=learned)


def muddled(tokens: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The same, any shape, with a share MUDDLED of the words exchanged for others of them; marks stay."""
    words = tokens >= MARK_COUNT
    chosen = words & (rng.random(tokens.shape) < MUDDLED)
    exchanged = tokens.copy()
    exchanged[chosen] = rng.choice(tokens[words], int(chosen.sum()))
    return exchanged
