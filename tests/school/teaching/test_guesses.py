"""Verdicts that nobody gave: a judge that knows what it is worth, and answers of its own that count no more than it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from school.teaching.course import Course, log_probabilities, read_quietly
from school.teaching.guesses import ENOUGH, FAR, TRIED, guesses
from school.teaching.judge import RIDGE, Judge, order
from school.teaching.own_words import answers
from school.teaching.verdicts import Verdict, matched
from school.texts.tokenizer import END, MARK_COUNT
from tests.conftest import make_brain, make_tutor


def random_answers(count: int, *, seed: int, lengths: tuple[int, int] = (5, 30)) -> list[tuple[int, ...]]:
    rng = np.random.default_rng(seed)
    return [(*rng.integers(MARK_COUNT, 200, size=rng.integers(*lengths)).tolist(), END) for _ in range(count)]


def given(count: int, *, seed: int = 0) -> list[Verdict]:
    """Short ones are liked."""
    return [Verdict((20, 21), one, len(one) < 18, 1.0) for one in random_answers(count, seed=seed)]


# ---- a judge -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("of_length", [True, False])
def test_a_judge_finds_what_was_liked(of_length):
    """How long answers are, or what is in them; and it knows that it can."""
    lengths = (5, 30) if of_length else (10, 13)
    marked, others = random_answers(60, seed=0, lengths=lengths), random_answers(200, seed=1, lengths=lengths)
    if not of_length:
        marked, others = ([(*one[:-1], 250 + i % 2, END) for i, one in enumerate(some)] for some in (marked, others))

    def liked(answer):
        return len(answer) < 18 if of_length else 250 in answer

    judge = Judge(marked, [liked(one) for one in marked], [1.0] * 60)
    scores, taste = judge.scores(others), np.array([liked(one) for one in others])
    assert order(scores[taste], scores[~taste]) > 0.75
    assert judge.trust > 0.4


def test_a_judge_of_what_has_no_order_is_not_trusted():
    """Verdicts by lot; nor one that heard only praise."""
    trust = []
    for seed in range(20):
        marked = random_answers(40, seed=seed)
        lots = np.random.default_rng(seed + 100).permutation(40) < 20
        trust.append(Judge(marked, list(lots), [1.0] * 40).trust)
    assert np.mean(trust) < 0.15
    assert Judge(marked, [True] * 40, [1.0] * 40).trust == 0


def test_leaving_out_is_exact():
    """As if each had been left out and the judge asked again."""
    marked = random_answers(12, seed=3)
    liked, weights = np.arange(12) % 3 > 0, np.linspace(0.2, 1, 12)
    judge = Judge(marked, list(liked), list(weights))
    likeness = judge._of_marked @ judge._of_marked.T
    targets = np.where(liked, 1.0, -1.0)
    targets -= targets.mean()
    left_out = np.empty(12)
    for one in range(12):
        rest = np.arange(12) != one
        shares = np.linalg.solve(likeness[np.ix_(rest, rest)] + np.diag(RIDGE / weights[rest]), targets[rest])
        left_out[one] = likeness[one, rest] @ shares
    assert judge.trust == pytest.approx(max(0.0, 2 * order(left_out[liked], left_out[~liked]) - 1))


# ---- guesses -------------------------------------------------------------------------------------------------------


def test_guesses_never_count_more_than_people(tokenizer):
    """Each at most as much as a verdict of theirs, none of anybody, and in sum they like nothing; the same lots bring
    the same."""
    voice, known = make_brain(tokenizer), given(40)
    for weight in (1.0, 0.2):
        people = [replace(one, weight=weight) for one in known]
        found = guesses(people, voice, np.random.default_rng(5))
        assert len(found) == TRIED
        assert {one.pair for one in found} == {None}
        assert all(0 < one.weight <= weight and abs(one.score) <= 2 * FAR for one in found)
        assert sum(one.score for one in found) == pytest.approx(0, abs=1e-6)
        assert found == guesses(people, voice, np.random.default_rng(5))
    lengths, scores = [len(one.answer) for one in found], [one.score for one in found]
    assert np.corrcoef(lengths, scores)[0, 1] < -0.5  # it has found that they like it short


def test_few_verdicts_make_no_judge(tokenizer):
    assert guesses(given(ENOUGH - 1), make_brain(tokenizer), np.random.default_rng(0)) == []


def test_what_is_guessed_is_no_lesson(librarian):
    """Nothing is made likelier in itself for having been said: that holds of what people liked only."""
    tutor = make_tutor(librarian)
    course = Course.begin(tutor.voice, {}, made_of=frozenset(), began=0, steps=4)
    course.step(given(8), tutor.taste._library(tutor))
    assert course.liked == 0.0


def test_what_is_guessed_to_be_liked_more_becomes_likelier(librarian):
    """By as much more as it would be liked more, in the end; what has a score of nothing stays."""
    tutor = make_tutor(librarian)
    said = [(9, 8, END), (30, 31, 32, 33, END), (50, 51, 52, END)]
    guessed = [Verdict((20,), one, True, 1.0, score=score) for one, score in zip(said, (0.5, -0.5, 0.0), strict=True)]
    course = Course.begin(tutor.voice, {}, made_of=frozenset(), began=0, steps=60)
    for _ in range(60):
        course.step(guessed, tutor.taste._library(tutor))
    rows = matched(guessed)
    after, before = (log_probabilities(b, read_quietly(b, rows.tokens), rows) for b in (course.learner, course.base))
    likelier = (after - before).tolist()
    assert likelier[0] > 0.3
    assert likelier[1] < -0.3
    assert abs(likelier[2]) < 0.3


# ---- its own words -------------------------------------------------------------------------------------------------


def test_own_words_follow_from_their_lots(tokenizer):
    """The same ones bring the same answers; none has a mark but its END, which is the last; an endless one has none."""
    voice, questions = make_brain(tokenizer), [(20, 21), (22,), ()]

    def say(seed: int, **how):
        return answers(voice, questions, torch.Generator().manual_seed(seed), longest=12, **how)

    assert say(1) == say(1) != say(2)
    for seed in range(5):
        for answer in say(seed):
            assert 1 <= len(answer) <= 12
            assert not set(answer[:-1]) & set(range(MARK_COUNT))
            assert answer[-1] == END or len(answer) == 12
        assert all(len(answer) == 12 and END not in answer for answer in say(seed, endless=True))
