"""The plateau: when the rate falls, what is gone back to, and what people taught."""

from __future__ import annotations

import math

import pytest
import torch

from benchmarks.teach import nats_per_token
from brain.ops.token_losses import divergence
from school.door.values import Pair
from school.souls.packing import pack_soul, wake_tutor
from school.teaching.settings import LessonSettings
from school.texts.librarian import Bookmark
from tests.conftest import LESSONS, SENTENCES, make_receptionist, make_tutor, shelve, take_steps


def test_the_learning_rate_has_no_end(librarian):
    """It rises over the warm-up, then falls with the square root of time, never below its floor."""
    settings = LessonSettings(
        streams=2,
        micro_streams=1,
        learning_rate=1.0,
        warmup_steps=10,
        decay_steps=100,
        learning_rate_floor=0.2,
        block_tokens=16,
    )
    tutor = make_tutor(librarian, settings)
    rates = []
    for tutor.step in (0, 9, 300, 10**9):
        rates.append(tutor.learning_rate())
    assert rates == pytest.approx([math.sqrt(100 / 100) / 10, math.sqrt(100 / 109), 0.5, 0.2])


def test_a_library_known_by_heart_is_let_be(librarian):
    """Every second examination no better than the best lowers the rate, down to its floor, and goes on from the average
    that did best; taught pairs are always learned at their own rate; something new brings the rate back."""
    settings = LESSONS.model_copy(
        update={"plateau_factor": 0.5, "plateau_floor": 0.2, "review_rate": 0.25, "warmup_steps": 1, "decay_steps": 0}
    )
    tutor = make_tutor(librarian, settings)
    scales, voices = [], []
    for result in (2.0, 1.9, 1.95, 1.9, 1.8, 1.85, 1.85, 1.85, 1.85, 1.85, 1.85):
        take_steps(tutor, 1)
        voices.append([parameter.clone() for parameter in tutor.voice.parameters()])
        tutor.heed(result)
        scales.append(tutor.plateau.rate_scale)
    assert scales == [1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.25, 0.25, 0.2, 0.2, 0.2]
    for learning, average, best in zip(tutor.brain.parameters(), tutor.voice.parameters(), voices[4], strict=True):
        assert torch.equal(average, best)
        assert torch.equal(learning, best)
    assert tutor.learning_rate() == pytest.approx(0.2 * settings.learning_rate)
    assert tutor.learning_rate(reviewing=True) == pytest.approx(0.25 * settings.learning_rate)
    tutor.heed(1.9)
    tutor.planner.librarian = shelve(librarian.tokenizer, "something new: " + SENTENCES * 20)
    tutor.librarian.library = "another"
    take_steps(tutor, 1)
    assert (tutor.plateau.rate_scale, tutor.plateau.best_bits_per_byte) == (1.0, None)


def test_what_people_taught_is_not_taken_back(librarian):
    """After a lesson of theirs it goes on as it is, not from its best self, which does not know it. (The gate is
    open.)"""
    changes = {"plateau_patience": 1, "teaching_tolerance": 1.0}
    tutor = make_tutor(librarian, LESSONS.model_copy(update=changes))
    take_steps(tutor, 1)
    tutor.heed(1.5)
    tutor.reviews.add(Pair(id="1", prompt="who?", answer="the cat."), librarian.tokenizer, tutor.step)
    take_steps(tutor, 2)
    before = [parameter.clone() for parameter in (*tutor.brain.parameters(), *tutor.voice.parameters())]
    tutor.heed(1.51)
    after = [*tutor.brain.parameters(), *tutor.voice.parameters()]
    assert all(torch.equal(one, other) for one, other in zip(before, after, strict=True))
    assert tutor.plateau.rate_scale < 1


@pytest.mark.trial
def test_lessons_of_people_leave_it_as_it_was_at_its_best(librarian):
    """Once it knows its library, what it is taught moves what it says of the library's texts at most three quarters as
    far as without the anchor; and is learned as well. What is reported of the library is what reading it cost."""
    lesson, _ = librarian.lesson(Bookmark(0, 0, ""), streams=8, length=16)
    tokens, shown = torch.from_numpy(lesson.tokens[:, :-1]), torch.full((8, 16, 3), 0.5)
    pairs = [Pair(id=str(number), prompt="what is it?", answer="zzz qqq.") for number in range(20)]
    strayed, learned = [], []
    for anchor in (0.0, 1.0):
        settings = {"anchor": anchor, "review_rate": 1.0, "dialogue_share": 0.0, "averaging_steps": 10}
        settings["micro_streams"] = 2
        tutor = make_tutor(librarian, LESSONS.model_copy(update=settings))
        take_steps(tutor, 150)
        tutor.heed(1.0)
        tutor.plateau.rate_scale = 0.01
        before = tutor.voice(tokens, shown, tutor.voice.fresh_state(8)).logits
        for pair in pairs:
            tutor.reviews.add(pair, librarian.tokenizer, tutor.step)
        reports = take_steps(tutor, 100)
        after = tutor.voice(tokens, shown, tutor.voice.fresh_state(8)).logits
        strayed.append(divergence(after, before).item())
        learned.append(nats_per_token(tutor, pairs[0]))
        assert reports[0].review_tokens
        assert 1 < reports[0].loss < 6
    assert strayed[1] < 0.75 * strayed[0]
    assert learned[1] < 1.2 * learned[0]


def test_a_small_library_is_examined_sooner(librarian):
    """Examinations come at least after every reading of the library, not oftener than every 25 steps, once a step."""
    tutor = make_tutor(librarian, LESSONS.model_copy(update={"evaluation_steps": 250}))
    due = []
    for tutor.step in range(200):
        if tutor.exam_due:
            due.append(tutor.step)
            tutor.heed(1.0)
            assert not tutor.exam_due
    epoch = librarian.tokens / (2 * 16)
    assert due[0] == max(25, round(epoch))
    assert due == [due[0] * i for i in range(1, len(due) + 1)]


def test_what_the_examinations_found_is_kept(librarian, tmp_path):
    """Best result, its average, how long it has been waited for, rate and the examined step survive in the soul."""
    tutor = make_tutor(librarian)
    take_steps(tutor, 2)
    for result in (1.5, 1.6, 1.6, 1.6):
        tutor.heed(result)
    other = make_tutor(librarian)
    wake_tutor(pack_soul(tutor, make_receptionist(tutor, tmp_path), {}), other, [])
    assert (other.plateau.examined_step, other.plateau.rate_scale) == (2, tutor.plateau.rate_scale)
    assert other.plateau.rate_scale < 1
    assert (other.plateau.best.bits_per_byte, other.plateau.best.waited, other.plateau.best.taught) == (1.5, 1, False)
    for name, parameter in tutor.plateau.best.weights.items():
        assert torch.equal(other.plateau.best.weights[name], parameter)
