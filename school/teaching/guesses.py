"""Verdicts that nobody gave: the voice answers the questions once more, and a judge says what people would of that.

So a course sees many answers for each one that somebody marked, and learns what they have in common. None of them is a
lesson: what is said this way is never taught for having been said, only what people would like against what they would
not. They last for a step, and all together never count more than what people said themselves.
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
ASKED, TRIED, KEPT = 12, 24, 8  # questions, answers to them, and of either kind the surest, at most
SHARE = 1.0  # of the weight of what people said


def guesses(
    given: Sequence[Verdict], drawn: Sequence[Verdict], voice: Brain, rng: np.random.Generator
) -> list[Verdict]:
    """For a step of those ``drawn``, after all verdicts that were ``given``, on what the ``voice`` says."""
    if len(given) < ENOUGH:
        return []
    judge = Judge([one.answer for one in given], [one.liked for one in given], [one.weight for one in given])
    if not judge.trust:
        return []
    asked = [given[number].question for number in rng.integers(len(given), size=ASKED)]
    questions = [asked[number % ASKED] for number in range(TRIED)]
    lots = torch.Generator().manual_seed(int(rng.integers(2**31)))
    said = answers(voice, questions, lots, longest=ANSWER)
    scores = judge.scores(said)
    order = np.argsort(scores, kind="stable")
    surest = [i for i in order[:KEPT] if scores[i] < 0] + [i for i in order[-KEPT:] if scores[i] > 0]
    weights = judge.trust * np.minimum(np.abs(scores[surest]), 1.0)
    weights *= min(1.0, SHARE * sum(one.weight for one in drawn) / max(weights.sum(), 1e-6))
    return [
        Verdict(questions[i], said[i], bool(scores[i] > 0), float(weight))
        for i, weight in zip(surest, weights, strict=True)
    ]
