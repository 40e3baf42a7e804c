"""Verdicts that nobody gave: the voice answers the questions once more, and a judge says what people would of that.

So a course sees many answers for each one that somebody marked, and learns what they have in common. None of them is a
lesson: what is said this way is never taught for having been said, only how much more people would like it than the
rest. They last for a step.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from brain.contract import Brain
from school.teaching.judge import Judge
from school.teaching.own_words import answers
from school.teaching.verdicts import ANSWER, Verdict

ENOUGH = 10  # verdicts, from which on a judge is asked
ASKED, TRIED = 12, 24  # questions, answers to them
FAR = 1.5  # beyond which a score says no more


def guesses(given: Sequence[Verdict], voice: Brain, rng: np.random.Generator) -> list[Verdict]:
    """After all verdicts that were ``given``, on what the ``voice`` says: with scores that come to nothing together."""
    if len(given) < ENOUGH:
        return []
    judge = Judge([one.answer for one in given], [one.liked for one in given], [one.weight for one in given])
    if not judge.trust:
        return []
    asked = [given[number].question for number in rng.integers(len(given), size=ASKED)]
    questions = [asked[number % ASKED] for number in range(TRIED)]
    lots = torch.Generator().manual_seed(int(rng.integers(2**31)))
    said = answers(voice, questions, lots, longest=ANSWER)
    scores = judge.scores(said).clip(-FAR, FAR)
    scores -= scores.mean()
    weight = judge.trust * float(np.mean([one.weight for one in given]))
    return [
        Verdict(question, answer, bool(score > 0), weight, score=float(score))
        for question, answer, score in zip(questions, said, scores, strict=True)
    ]
