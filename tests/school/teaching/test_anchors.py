"""Steps with what people taught hold the rest to its best self."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

from brain.ops.token_losses import divergence
from school.door.values import Pair
from school.teaching.anchors import MUDDLED, STREAMS, muddled
from school.teaching.tutor import Tutor
from school.texts.tokenizer import MARK_COUNT
from tests.conftest import LESSONS, make_tutor, take_steps

EIGHT = LESSONS.model_copy(update={"streams": 8, "micro_streams": 4, "dialogue_share": 0.0})


@pytest.fixture
def tutor(librarian) -> Tutor:
    """One that knows its library and is about to be taught something."""
    tutor = make_tutor(librarian, EIGHT)
    take_steps(tutor, 3)
    tutor.heed(1.0)
    tutor.plateau.rate_scale = 0.01
    tutor.learn(Pair(id="a", prompt="who?", answer="the cat."))
    return tutor


def planned(tutor: Tutor, *, anchored: bool, micro_streams: int = 4):
    """The next step, which is not taken."""
    planner, talks = copy.deepcopy(tutor.planner), copy.deepcopy(tutor.talks)
    return planner.plan(tutor.step, talks=talks, anchored=anchored, strength=1.0, micro_streams=micro_streams)


def test_one_stream_of_four_is_read_as_it_stands_and_learned_from(tutor):
    plain, step = planned(tutor, anchored=False), planned(tutor, anchored=True)
    assert (plain.anchored, step.anchored) == (False, True)
    before, after = (torch.cat([task.tokens[: task.streams] for task in one.tasks]) for one in (plain, step))
    weights = torch.cat([task.weights[: task.streams] for task in step.tasks])
    assert [step.anchors(task) for task in step.tasks] == [[1, 2, 3], [1, 2, 3]]
    assert torch.equal(before[::STREAMS], after[::STREAMS])
    assert (weights[::STREAMS] == 1).all()
    for anchor in (1, 2, 3, 5, 6, 7):
        assert 0 < (before[anchor] != after[anchor]).sum() < after.shape[1] / 2
        assert not weights[anchor].any()
    assert (plain.library_targets, step.library_targets) == (8 * 16, 2 * 16)
    assert step.library_bytes == tutor.librarian.byte_count(after[::STREAMS, 1:].numpy())
    assert step.weight == plain.weight
    assert not any(plain.anchors(task) for task in plain.tasks)


def test_what_is_reported_is_what_was_read_as_it_stands(tutor):
    """So the curves of its lessons don't jump where somebody teaches it something."""
    ordinary = take_steps(make_tutor(tutor.librarian, EIGHT), 4)[-1]
    [report] = take_steps(tutor, 1)
    assert report.review_tokens
    assert report.loss == pytest.approx(ordinary.loss, rel=0.15)
    assert report.bits_per_byte == pytest.approx(ordinary.bits_per_byte, rel=0.15)
    assert 0 <= report.accuracy <= 1
    assert sum(text.tokens for text in report.taught) <= 8 * 16 / STREAMS


def test_at_its_best_nothing_pulls_at_it(tutor):
    """What holds it is what speaks, with all its neurons: where some were silenced on one side only, it was pulled away
    from its best self while it stood there."""
    step = planned(tutor, anchored=True)
    for task in step.tasks:
        own, inputs = tutor._carried_by(task), task.tokens[:, :-1]
        best = tutor.plateau.best_self(tutor.voice)
        out = best(inputs, own.pixels, own.state, dropout=tutor._dropout(step, task))
        logits = out.logits.transpose(0, 1)
        assert tutor._strayed(step.anchors(task), logits, inputs, own).item() == pytest.approx(0, abs=1e-4)
        calm = best(inputs, own.pixels, own.state).logits
        assert divergence(out.logits[:1], calm[:1]).item() > 1e-2  # no anchor: some are silenced, as ever


def test_its_best_self_is_the_weights_that_did_best(tutor):
    best, kept = tutor.plateau.best_self(tutor.voice), tutor.plateau.best.weights
    assert all(p.data_ptr() == kept[name].data_ptr() for name, p in best.named_parameters())
    take_steps(tutor, 2)
    assert tutor.plateau.best_self(tutor.voice) is best
    tutor.heed(0.5)
    better = tutor.plateau.best_self(tutor.voice)
    for (_, one), other in zip(better.named_parameters(), tutor.voice.parameters(), strict=True):
        assert torch.equal(one, other)


def test_when_it_is_held(tutor):
    """Where the library no longer pays for what people's lessons cost, or these have cost too much; not where nothing
    of theirs is due, nor before anything is known to hold to, nor where there is something new to read."""
    tutor.plateau.rate_scale = 0.99
    assert tutor._is_to_be_anchored()
    tutor.plateau.rate_scale = 1.0
    assert not tutor._is_to_be_anchored()
    tutor.gate.strength = 0.5
    assert tutor._is_to_be_anchored()
    assert planned(tutor, anchored=True).anchored
    tutor.reviews._reviews.clear()
    assert not planned(tutor, anchored=True).anchored
    tutor.learn(Pair(id="b", prompt="who?", answer="the cat."))
    tutor.planner.agenda.bookmark = tutor.planner.agenda.bookmark._replace(library="another")
    assert not planned(tutor, anchored=True).anchored
    tutor.plateau.begin_again()
    assert not tutor._is_to_be_anchored()


def test_whatever_the_size_of_tasks_it_is_held_alike(librarian):
    lives = []
    for micro_streams in (8, 4, 2, 1):
        tutor = make_tutor(librarian, EIGHT.model_copy(update={"micro_streams": micro_streams}))
        take_steps(tutor, 2)
        tutor.heed(1.0)
        tutor.plateau.rate_scale = 0.01
        tutor.learn(Pair(id="a", prompt="who?", answer="the cat."))
        take_steps(tutor, 2)
        lives.append([parameter.detach() for parameter in tutor.brain.parameters()])
    for life in lives[1:]:
        for one, other in zip(lives[0], life, strict=True):
            assert torch.allclose(one, other, rtol=1e-3, atol=1e-4)


def test_words_are_exchanged_and_marks_stay():
    rng = np.random.default_rng(1)
    tokens = rng.integers(0, 300, (40, 100))
    exchanged = muddled(tokens, rng)
    marks = tokens < MARK_COUNT
    assert marks.any()
    assert (exchanged[marks] == tokens[marks]).all()
    assert (exchanged >= MARK_COUNT).sum() == (~marks).sum()
    assert np.mean(exchanged[~marks] != tokens[~marks]) == pytest.approx(MUDDLED, abs=0.03)
    assert set(np.unique(exchanged)) <= set(np.unique(tokens))
    nothing = np.zeros((2, 3), dtype=np.int64)
    assert (muddled(nothing, rng) == nothing).all()
