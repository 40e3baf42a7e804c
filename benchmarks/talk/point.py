"""To the point: how often the judge finds an answer's question among ten, and how often it can with people's answers.

Nine other questions are drawn for each answer. One whose question scores best counts 1, one whose question ties with k
others at the top 1 / (k + 1). So whoever says nothing, or always the same, comes to a tenth.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from statistics import fmean
from typing import Any

import numpy as np

from benchmarks.talk.judge import Judge
from benchmarks.talk.library import Library, Pair
from benchmarks.talk.questions import Question
from school.texts.fluency import words

AMONG = 10
RESAMPLES, WITHIN = 2000, 0.95
MOST_PAIRS, FEWEST_PAIRS = 600, 4 * AMONG  # of people's
DEALT = 3000  # answers that are dealt out anew, roughly


def found(judge: Judge, answer: str, question: str, others: Sequence[str]) -> float:
    """1 if the answer's own question scores best, a share if several do, else 0."""
    scores = judge.scores(answer, [question, *others])
    best = np.isclose(scores, scores.max())
    return float(best[0] / best.sum())


def others_for(question: str, questions: Sequence[str], rng: random.Random) -> list[str]:
    """Nine different ones, or as many as there are."""
    pool = sorted(set(questions) - {question})
    return rng.sample(pool, min(AMONG - 1, len(pool)))


def hits_of(judge: Judge, asked: Sequence[str], answers: Sequence[Sequence[str]], questions: Sequence[str]) -> list:
    """For each question asked, whether each of its answers finds it among ``questions``. The others that an answer is
    tried against depend on its place alone."""
    return [
        [
            found(judge, answer, question, others_for(question, questions, random.Random(f"{number} {turn}")))
            for turn, answer in enumerate(said)
        ]
        for number, (question, said) in enumerate(zip(asked, answers, strict=True))
    ]


def summary(hits: Sequence[Sequence[float]], asked: Sequence[Question]) -> dict[str, Any]:
    """The mean with its interval, and of the questions that name something and of the others."""
    means = [fmean(one) for one in hits]
    low, high = interval(means)
    kinds = {
        name: [mean for mean, question in zip(means, asked, strict=True) if question.named == named]
        for name, named in (("named", True), ("others", False))
    }
    return {"mean": round(fmean(means), 4), "low": low, "high": high} | {
        name: round(fmean(values), 4) if values else None for name, values in kinds.items()
    }


def interval(means: Sequence[float]) -> tuple[float, float]:
    """In which the mean lies in 95 of 100 resamples of the questions (the bootstrap)."""
    values, rng = np.array(means), np.random.default_rng(0)
    resampled = values[rng.integers(len(values), size=(RESAMPLES, len(values)))].mean(1)
    low, high = np.quantile(resampled, [(1 - WITHIN) / 2, (1 + WITHIN) / 2])
    return round(float(low), 4), round(float(high), 4)


def echoed(pairs: Sequence[Pair]) -> float | None:
    """The share of the answers' words that stand in their questions."""
    said = [(word, question) for question, answer in pairs for word in words(answer)]
    asked = {question: set(words(question)) for question, _ in pairs}
    return round(fmean(word in asked[question] for word, question in said), 4) if said else None


# ---- the judge's own examination -----------------------------------------------------------------------------------


def ceiling(library: Library, *, seed: int = 0) -> dict[str, Any] | None:
    """How often the judge finds the question of an answer in the library's own conversations, and of one that is dealt
    out anew. Half of the pairs is judged by one who read the library without them, then the other half. None where
    there are too few."""
    rng = random.Random(seed)
    pairs = sorted(set(library.pairs))
    pairs = rng.sample(pairs, min(MOST_PAIRS, len(pairs)))
    if len({question for question, _ in pairs}) < FEWEST_PAIRS:
        return None
    means, dealt = [], []
    for half in (pairs[::2], pairs[1::2]):
        own = {said for pair in half for said in pair}
        judge = Judge(passage for passage in library.taught if passage not in own)
        means += _tried(judge, half, rng)
        for _ in range(max(1, DEALT // len(pairs))):
            shift = rng.randrange(1, len(half))
            moved = [(question, half[i - shift][1]) for i, (question, _) in enumerate(half)]
            dealt += _tried(judge, moved, rng)
    low, high = interval(means)
    found_ = {"mean": round(fmean(means), 4), "low": low, "high": high, "pairs": len(pairs)}
    return found_ | {"dealt_out_anew": round(fmean(dealt), 4), "echoed_words": echoed(pairs)}


def _tried(judge: Judge, pairs: Sequence[Pair], rng: random.Random) -> list[float]:
    questions = [question for question, _ in pairs]
    return [found(judge, answer, question, others_for(question, questions, rng)) for question, answer in pairs]
