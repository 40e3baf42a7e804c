"""Verdicts: a course of its own that stops before it does harm, is taken up where it may be, and can be taken out."""

from __future__ import annotations

import copy
from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from school.door.events import Tasted
from school.door.mailbox import Forget, Mailbox, Teach
from school.door.values import Pair, Scope
from school.souls.caretaker import Caretaker, SoulSettings
from school.souls.packing import pack_soul, wake_tutor
from school.teaching import course as courses
from school.teaching import guesses
from school.teaching import taste as tastes
from school.teaching.course import Course, log_probabilities, read_quietly
from school.teaching.verdicts import Verdicts, balanced, matched, mismatched
from school.texts.tokenizer import BABY, END, PERSON
from tests.conftest import WHOLE, make_classroom, make_receptionist, make_tutor, take_steps

SLOW = WHOLE.model_copy(update={"learning_rate": 1e-4, "verdict_tolerance": 0.2, "verdict_budget": 0.2})


@pytest.fixture(autouse=True)
def short_courses(monkeypatch):
    """With few guesses, and short ones; how many there are, and how good, is what test_guesses.py looks at."""
    monkeypatch.setattr(tastes, "FEWEST", 16)
    monkeypatch.setattr(guesses, "TRIED", 8)
    monkeypatch.setattr(guesses, "ANSWER", 12)  # tokens; what is liked and what is not have fewer


def verdicts(count: int) -> list[Pair]:
    """Half of them good: soup is liked, the rain is not."""
    said = {"good": "soup.", "bad": "the rain sang."}
    return [
        Pair(
            id=f"v{i:02}",
            prompt=f"{i}?",
            answer=said[source],
            person="bob" if i == 3 else "ann",
            source=source,
        )
        for i in range(count)
        for source in [("good", "bad")[i % 2]]
    ]


def tutor_with(librarian, pairs: list[Pair], settings=SLOW):
    tutor = make_tutor(librarian, settings, seed=3)
    for pair in pairs:
        tutor.learn(pair)
    return tutor


def weights(brain) -> list[torch.Tensor]:
    return [parameter.detach().clone() for parameter in brain.parameters()]


def same(first, second) -> bool:
    return all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def close(first, second) -> bool:
    return all(torch.allclose(a, b, atol=1e-5) for a, b in zip(first, second, strict=True))


def without(brain, difference) -> list[torch.Tensor]:
    """The weights of a brain as they are without it."""
    return [p.detach() - difference.get(name, 0) for name, p in brain.named_parameters()]


def hold(tutor) -> Tasted:
    """A whole course with no lessons between."""
    for _ in range(500):
        tutor.taste.next = tutor.step
        if came := tutor.taste.advance(tutor):
            return came
    raise AssertionError("it never ended")


def margin(before, after, tutor) -> float:
    """By how many nats liked answers became likelier than the others, mean over all."""
    means = {}
    for liked in (True, False):
        rows = matched([one for one in tutor.taste.verdicts if one.liked == liked])
        now, then = (log_probabilities(brain, read_quietly(brain, rows.tokens), rows) for brain in (after, before))
        means[liked] = (now - then).mean().item()
    return means[True] - means[False]


# ---- rows ----------------------------------------------------------------------------------------------------------


def test_rows_count_the_answer_and_its_end(tokenizer):
    """Each answer stands behind its question, or behind the next one's; nothing else counts."""
    kept = Verdicts()
    for pair in verdicts(3):
        kept.add(pair, tokenizer)
    drawn = list(kept)
    for rows, questions in ((matched(drawn), drawn), (mismatched(drawn), [*drawn[1:], drawn[0]])):
        for row, counted, one, asked in zip(rows.tokens, rows.counted, drawn, questions, strict=True):
            begin = [PERSON, *asked.question, END, BABY]
            assert row[: len(begin)].tolist() == begin
            assert row[1:][counted].tolist() == list(one.answer)
            assert one.answer[-1] == END
    assert mismatched(drawn[:1]) is None


def test_as_many_good_as_bad_are_drawn(tokenizer):
    """Where there are enough of either; else more of the others, and none twice."""
    kept = Verdicts()
    for pair in verdicts(20)[:9]:
        kept.add(pair, tokenizer)
    drawn = balanced(list(kept), np.random.default_rng(0), 6)
    assert sum(one.liked for one in drawn) == 3
    kept.forget(Scope(pairs=frozenset(one.pair.id for one in kept if not one.liked)))
    drawn = balanced(list(kept), np.random.default_rng(0), 6)
    assert len({one.pair.id for one in drawn}) == len(drawn) == 5


def test_only_the_latest_are_kept(tokenizer):
    kept = Verdicts(4)
    for pair in verdicts(6):
        kept.add(pair, tokenizer)
    assert kept.ids == {"v02", "v03", "v04", "v05"}


# ---- a course ------------------------------------------------------------------------------------------------------


def test_a_course_teaches_what_is_liked(librarian):
    """Liked answers become likelier than the others, in brain, voice and best alike, within the budget; the lessons of
    good answers are lessons, too, bad ones are none."""
    tutor = tutor_with(librarian, verdicts(16))
    tutor.heed(9.0)  # the best so far
    before, brain, best = copy.deepcopy(tutor.voice), weights(tutor.brain), copy.deepcopy(tutor.plateau.best.weights)
    matrices = [matrix.clone() for matrix in tutor.voice.weight_decayed()]
    came = hold(tutor)
    assert came.share > 0
    assert 0 < came.strayed <= SLOW.verdict_budget
    assert margin(before, tutor.voice, tutor) > 0.5
    by = tutor.taste.difference
    assert close(without(tutor.voice, by), weights(before))
    assert close(without(tutor.brain, by), brain)
    assert close([tensor - by.get(name, 0) for name, tensor in tutor.plateau.best.weights.items()], best.values())
    assert same(matrices, tutor.voice.weight_decayed())
    assert len(tutor.reviews) == 8


@pytest.mark.parametrize("refused", [{"verdict_tolerance": 0.0, "verdict_budget": 1e-6}, {"verdict_budget": 0.0}])
def test_what_costs_too_much_is_not_taken_up(librarian, refused):
    """Nothing that anybody goes on from has changed, to the last bit, and it is told; with no budget nothing begins."""
    tutor = tutor_with(librarian, verdicts(16), SLOW.model_copy(update=refused))
    brain, voice = weights(tutor.brain), weights(tutor.voice)
    if refused["verdict_budget"]:
        came = hold(tutor)
        assert came.share == 0
        assert "stays as it was" in str(came)
    assert same(weights(tutor.brain), brain)
    assert same(weights(tutor.voice), voice)
    assert not tutor.taste.difference
    assert not tutor.taste.wanted


def test_what_it_learns_does_not_depend_on_how_many_are_read_together(librarian, monkeypatch):
    """One row at a time, a few, or all, among them one that is only guessed: the same steps but for rounding. (By plain
    gradients: Adam's first steps go as far where a gradient is nothing but rounding.)"""
    tutor = tutor_with(librarian, verdicts(7))
    drawn, library = list(tutor.taste.verdicts), tutor.taste._library(tutor)[:5]
    drawn.append(replace(drawn[0], pair=None, weight=0.5))
    found = []
    for together in (1, 3, 100):
        monkeypatch.setattr("school.teaching.course.AT_ONCE", together)
        course = Course.begin(tutor.voice, {}, made_of=frozenset(), began=0, steps=9)
        moved = {}
        monkeypatch.setattr(course.optimizer, "step", partial(_note, course.learner, moved))
        for parameter in course.learner.parameters():  # where both are the same, nothing strays
            parameter.data += 0.02 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(1))
        course.step(drawn, library)
        found.append((moved, [course.strayed, course.liked, course.measure(drawn, library)]))
    (first, figures), *others = found
    assert any(gradient.abs().max() > 1e-3 for gradient in first.values())
    for moved, same_figures in others:
        assert same_figures == pytest.approx(figures, rel=1e-4)
        assert close(moved.values(), first.values())


def _note(learner, moved: dict[str, torch.Tensor], *_, **__) -> None:
    moved |= {name: one.grad.clone() for name, one in learner.named_parameters() if one.grad is not None}


def destroy(monkeypatch) -> None:
    """As it was where it went wrong: no anchors, a reference point that falls as everything sinks, and nothing but what
    people said."""
    monkeypatch.setattr(guesses, "ENOUGH", 1000)
    monkeypatch.setattr(courses, "KEPT_LIKELY", 0.0)
    monkeypatch.setattr(courses, "KEPT_SAME", 0.0)
    monkeypatch.setattr(courses, "RATE", 3e-2)
    monkeypatch.setattr(courses, "reference_point", lambda mismatched: mismatched.detach().mean())


def run_course(tutor, steps: int, budget: float) -> Course:
    course = Course.begin(tutor.voice, {}, made_of=tutor.taste.verdicts.ids, began=0, steps=steps)
    rng = np.random.default_rng(0)
    while not course.over(budget):
        course.step(balanced(list(tutor.taste.verdicts), rng, 8), tutor.taste._library(tutor))
    return course


def test_the_known_disaster_is_stopped(librarian, monkeypatch):
    """Trained as others did, every liked answer is still above every other while it has forgotten how to speak; with
    the stop, the same ends within some steps, the voice is what it was to the last bit, and of what came of it no more
    is taken up than may be."""
    destroy(monkeypatch)
    tutor = tutor_with(librarian, verdicts(16))
    take_steps(tutor, 1)
    monkeypatch.setattr(courses, "SINKING", -float("inf"))
    course = run_course(tutor, 40, float("inf"))
    assert course.strayed > 1.0  # nats per token
    assert margin(course.base, course.learner, tutor) > 10  # as if all were well

    monkeypatch.setattr(courses, "SINKING", -0.2)
    voice = weights(tutor.voice)
    course = run_course(tutor, 60, SLOW.verdict_budget)
    assert course.done < 50
    assert same(weights(tutor.voice), voice)
    came = hold(tutor)
    assert came.share < 1
    assert came.share == 0 or (came.strayed <= SLOW.verdict_budget and came.held_out_change <= SLOW.verdict_tolerance)


# ---- among the lessons -----------------------------------------------------------------------------------------------


def test_a_course_that_is_broken_off_goes_on_bit_for_bit(librarian, tmp_path, monkeypatch):
    """Saved in the middle and woken, it ends with the same weights, and the same of taste in them."""
    monkeypatch.setattr(tastes, "FEWEST", 6)
    monkeypatch.setattr(tastes, "PASSES", 6)
    lessons = 2 + tastes.EVERY * (tastes.FEWEST + 2)
    whole, early = tutor_with(librarian, verdicts(8)), tutor_with(librarian, verdicts(8))
    take_steps(whole, lessons)
    take_steps(early, 9)
    assert 0 < early.taste.course.done < tastes.FEWEST
    caretaker = Caretaker(tmp_path / "soul", SoulSettings())
    caretaker.save(pack_soul(early, make_receptionist(early, tmp_path), {}))
    late = make_tutor(librarian, SLOW, seed=9)
    wake_tutor(caretaker.newest(print, set_aside=False), late, verdicts(8))
    take_steps(late, lessons - 9)
    assert whole.taste.difference
    assert [str(one) for one in whole.news] == [str(one) for one in late.news]
    assert same(late.learned(), whole.learned())
    assert same(late.taste.difference.values(), whole.taste.difference.values())


@pytest.mark.parametrize("scope", [{"person": "bob"}, {"pairs": frozenset(["v03"]), "withdrawn": True}])
def test_whoever_leaves_takes_it_out_of_the_weights(librarian, scope):
    """Before the next lesson the difference is gone from all weights, the rest of the verdicts has a course again; one
    under way is dropped."""
    tutor = tutor_with(librarian, verdicts(8))
    hold(tutor)
    rest = without(tutor.brain, tutor.taste.difference)
    tutor.forget(Scope(**scope))
    assert tutor.taste.due(tutor.step)
    tutor.micro_step()
    assert close(weights(tutor.brain), rest)
    assert not tutor.taste.difference
    assert tutor.taste.wanted
    tutor.taste.next = 0
    tutor.micro_step()
    assert tutor.taste.course.made_of == {pair.id for pair in verdicts(8)} - {"v03"}
    tutor.forget(Scope(person="ann"))
    tutor.micro_step()
    assert tutor.taste.course is None
    assert not tutor.taste.due(tutor.step)


def test_a_soul_whose_verdicts_are_gone_wakes_without_them(librarian, tmp_path):
    """What the record does not have any more is taken out of the weights before the first lesson."""
    tutor = tutor_with(librarian, verdicts(8))
    hold(tutor)
    rest = without(tutor.voice, tutor.taste.difference)
    caretaker = Caretaker(tmp_path / "soul", SoulSettings())
    caretaker.save(pack_soul(tutor, make_receptionist(tutor, tmp_path), {}))
    late = make_tutor(librarian, SLOW, seed=9)
    wake_tutor(caretaker.newest(print, set_aside=False), late, [p for p in verdicts(8) if p.person == "ann"])
    late.micro_step()
    assert close(weights(late.voice), rest)


def test_what_fades_is_made_anew(librarian, monkeypatch):
    """Of a difference less and less is left among the lessons; at half it is made anew."""
    monkeypatch.setattr(tastes, "REST", 5)
    tutor = tutor_with(librarian, verdicts(8), SLOW.model_copy(update={"learning_rate": 2e-2, "weight_decay": 2.0}))
    hold(tutor)
    first = tutor.taste.course
    assert first is None
    take_steps(tutor, 40)
    assert tutor.taste.course or tutor.news


def test_lessons_pay_little_for_it(librarian):
    """At most one step of a course for every few lessons, so that its cost is bounded; none without verdicts."""
    tutor = tutor_with(librarian, verdicts(8))
    take_steps(tutor, 33)
    assert tutor.taste.course.done <= 33 // tastes.EVERY + 1
    assert not make_tutor(librarian, SLOW).taste.due(0)


def test_marks_reach_the_tutor(librarian, tmp_path):
    """What is liked is a lesson and a verdict, what is not a verdict only; whoever goes takes both along. What came of
    a course is published."""
    tutor, told = make_tutor(librarian, SLOW), []
    mailbox = Mailbox()
    caretaker = Caretaker(tmp_path / "soul", SoulSettings())
    school = SimpleNamespace(forgetting=SimpleNamespace(join=lambda souls: None, again=lambda: None), snapshot=None)
    receptionist = make_receptionist(tutor, tmp_path)
    room = make_classroom(tutor, receptionist, mailbox, school, caretaker, publish=told.append)
    for pair in verdicts(8):
        room._carry_out(Teach(pair))
    assert len(tutor.taste.verdicts) == 8
    assert len(tutor.reviews) == 4
    room._carry_out(Forget(Scope(person="bob")))
    assert len(tutor.taste.verdicts) == 7
    tutor.news.append(Tasted(step=1, verdicts=7, share=0.5, strayed=0.01, held_out_change=0.001))
    room._show()
    assert [str(event) for event in told if isinstance(event, Tasted)] == [
        "it learned from 7 marks what people like; that costs +0.1% on text it was never taught"
    ]
