"""Three ways to answer badly, on purpose: what self-play makes of a voice, to be told apart from what people say.

``loops``: cold, so that it says the same again and again; ``canned``: what it says to nobody in particular, behind any
question; ``wall``: it doesn't end. What comes out otherwise (a loop that has none) is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from brain.contract import Brain
from school.teaching.own_words import Words, answers
from school.texts.tokenizer import END

WALL = "wall"
LONGEST = {"loops": 64, "canned": 24, WALL: 96}  # tokens
COLD, CALM = 0.1, 0.5  # temperatures
REPEATED = 0.5  # share of a loop's pairs of tokens that were there before, at least
PHRASES = 4  # that a voice has ready for everybody

Style = Callable[[Brain, Sequence[Words], torch.Generator], list[Words]]


def loops(voice: Brain, questions: Sequence[Words], rng: torch.Generator) -> list[Words]:
    said = answers(voice, questions, rng, longest=LONGEST["loops"], temperature=COLD, endless=True)
    return [answer if repeated(answer) >= REPEATED else () for answer in said]


def canned(voice: Brain, questions: Sequence[Words], rng: torch.Generator) -> list[Words]:
    """One of a few phrases for each; a question decides which."""
    nobody: list[Words] = [()] * PHRASES
    phrases = sorted({*answers(voice, nobody, rng, longest=LONGEST["canned"], temperature=CALM)} - {(END,)})
    return [phrases[sum(question) % len(phrases)] if phrases else () for question in questions]


def wall(voice: Brain, questions: Sequence[Words], rng: torch.Generator) -> list[Words]:
    return answers(voice, questions, rng, longest=LONGEST[WALL], endless=True)


STYLES: dict[str, Style] = {"loops": loops, "canned": canned, WALL: wall}


def repeated(answer: Words) -> float:
    """The share of its pairs of neighbouring tokens that it had before."""
    pairs = list(zip(answer, answer[1:], strict=False))
    return 1 - len(set(pairs)) / len(pairs) if pairs else 0.0
