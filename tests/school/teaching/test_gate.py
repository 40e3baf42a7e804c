"""The gate: what people teach is undone where it costs too much, and tried again more gently."""

from __future__ import annotations

import torch

from school.door.events import Undone
from school.door.values import Pair
from school.souls.caretaker import Caretaker, SoulSettings
from school.souls.packing import pack_soul, wake_tutor
from school.teaching.gate import GENTLEST, Gate
from tests.conftest import LESSONS, make_receptionist, make_tutor, take_steps

TAUGHT = Pair(id="p", prompt="who sang?", answer="zzzz zzzz", person="ann", source="teach")


def weights(brain) -> list[torch.Tensor]:
    return [parameter.detach().clone() for parameter in brain.parameters()]


def same(first, second) -> bool:
    return all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def taught(librarian, steps: int = 3):
    """A tutor with a best so far, and after it some lessons of what somebody taught; the voice before them."""
    tutor = make_tutor(librarian, LESSONS, seed=3)
    take_steps(tutor, 2)
    tutor.heed(2.0)
    voice = weights(tutor.voice)
    tutor.learn(TAUGHT)
    take_steps(tutor, steps)
    return tutor, voice


def between(before, after, share: float) -> list[torch.Tensor]:
    return [one.lerp(other, share) for one, other in zip(before, after, strict=True)]


def test_what_costs_too_much_is_undone(librarian):
    """Brain and voice go on from between the voice before and now: of what costs twice as much as is allowed, four
    times what it should, half is kept. It is told by how much, and lessons count half as much."""
    tutor, before = taught(librarian)
    after = weights(tutor.voice)
    tutor.heed(2.02)
    assert same(weights(tutor.voice), between(before, after, 0.5))
    assert same(weights(tutor.brain), weights(tutor.voice))
    (told,) = tutor.news
    assert isinstance(told, Undone)
    assert "+1.0%" in str(told)
    assert tutor.gate.strength == 0.5
    assert not tutor.exam_due


def test_where_that_was_not_enough_it_goes_back_further(librarian):
    """Towards the same weights as before, until an examination passes; where nothing is allowed, all the way."""
    tutor, before = taught(librarian)
    tutor.heed(2.02)
    take_steps(tutor, 1)
    after = weights(tutor.voice)
    tutor.heed(2.04)
    assert same(weights(tutor.voice), between(before, after, 0.125**0.5))
    assert tutor.gate.judge(2.04, 2.0, 0.0, tutor.brain, tutor.voice)
    assert same(weights(tutor.voice), before)
    tutor.heed(2.0)
    assert not tutor.gate.before


def test_what_costs_little_stays(librarian):
    """Within the bound nothing is undone, and nothing said."""
    tutor, before = taught(librarian)
    tutor.heed(1.99)
    assert not same(weights(tutor.voice), before)
    assert not tutor.news
    assert tutor.gate.strength == 1.0


def test_lessons_of_the_library_are_not_judged(librarian):
    """Where nobody taught anything the gate has nothing to do, however bad the examination."""
    tutor = make_tutor(librarian, LESSONS, seed=3)
    tutor.heed(2.0)
    take_steps(tutor, 3)
    tutor.heed(4.0)
    assert not tutor.news


def test_it_is_tried_again_more_gently(librarian):
    """Half the weight each time, down to the gentlest; twice as much again with each examination that passes."""
    gate, brain, voice = Gate(), *(make_tutor(librarian, LESSONS).voice for _ in range(2))
    for strength in (0.5, 0.25, 0.125, GENTLEST, GENTLEST):
        gate.remember(voice)
        assert gate.judge(2.1, 2.0, 0.005, brain, voice) is not None
        assert gate.strength == strength
    for strength in (0.125, 0.25, 0.5, 1.0, 1.0):
        gate.remember(voice)
        assert gate.judge(2.0, 2.0, 0.005, brain, voice) is None
        assert gate.strength == strength


def test_gentle_lessons_weigh_less(librarian):
    """The planner's rows of what people taught have so much of their weight."""
    tutor, sums = make_tutor(librarian, LESSONS), []
    for strength in (1.0, 0.25):
        tutor.planner.agenda.reviews.add(TAUGHT, librarian.tokenizer, 0)
        step = tutor.planner.plan(0, talks=tutor.talks, anchored=False, strength=strength, micro_streams=2)
        sums.append(float(step.tasks[-1].weights[step.tasks[-1].streams :].sum()))
    assert sums[1] == 0.25 * sums[0] > 0


def test_a_soul_keeps_what_is_to_be_judged(librarian, tmp_path):
    """Saved between a lesson and the examination, it is undone all the same."""
    tutor, before = taught(librarian)
    caretaker = Caretaker(tmp_path / "soul", SoulSettings())
    caretaker.save(pack_soul(tutor, make_receptionist(tutor, tmp_path), {}))
    late = make_tutor(librarian, LESSONS, seed=9)
    wake_tutor(caretaker.newest(print, set_aside=False), late, [TAUGHT])
    after = weights(late.voice)
    late.heed(2.02)
    assert same(weights(late.voice), between(before, after, 0.5))
    assert late.gate.strength == 0.5
