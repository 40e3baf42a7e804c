"""Letters that bells post: nights that bring the day back, examinations that change nothing, lessons that rest."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest
import torch

from school.classroom import Limits
from school.door.control import Control
from school.door.events import Examined, StepReport
from school.door.mailbox import Mailbox
from school.door.school import School
from school.door.values import Pair, Scope
from school.souls.caretaker import Caretaker, SoulSettings
from school.souls.packing import pack_soul, wake_tutor
from school.teaching.night import Night
from school.teaching.plateau import Best
from school.teaching.reviews import Dates
from school.texts.librarian import Bookmark
from tests.conftest import LESSONS, make_classroom, make_receptionist, make_tutor, take_steps
from tests.school.test_classroom import wait_for

NIGHTLY = LESSONS.model_copy(update={"night_passes": 2, "night_rows": 1})


def pairs(count: int) -> list[Pair]:
    """Some that were taught the day before, and as many of today."""
    days = [f"{day}{i}" for day in ("b", "c") for i in range(count)]
    return [Pair(id=key, prompt=f"what is {key}?", answer=f"it is {key}!", person="ann") for key in days]


def tutor_with(librarian, taught: list[Pair], settings=NIGHTLY):
    """A tutor for whom none of these is due for long."""
    tutor = make_tutor(librarian, settings, seed=3)
    for pair in taught:
        tutor.reviews.add(pair, librarian.tokenizer, 0, dates=Dates(1000, 100.0))
    return tutor


def learned(tutor) -> list[torch.Tensor]:
    return [tensor.clone() for tensor in tutor.learned()]


def same(first, second) -> bool:
    return all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def test_a_night_brings_back_the_day_and_nothing_else(librarian):
    """Each of the day's pairs comes back as often as it should, in another order each time, beside the library; those
    of the day before don't, dates stay as they were, and then it is over."""
    tutor = tutor_with(librarian, pairs(4))
    dates = tutor.reviews.dates()
    assert tutor.rehearse("c") == 4
    queue = list(tutor.planner.agenda.night.waiting)
    assert sorted(queue[:4]) == sorted(queue[4:]) == ["c0", "c1", "c2", "c3"]
    assert queue[:4] != queue[4:]
    reports = take_steps(tutor, 8)
    lengths = [len(tutor.reviews._reviews[key].weights) for key in ("c0", "c1", "c2", "c3")]
    shown = sum(report.review_tokens for report in reports)
    assert 0 < shown <= 2 * sum(min(length, LESSONS.block_tokens) for length in lengths)
    assert not tutor.planner.agenda.night.waiting
    assert tutor.reviews.dates() == dates
    assert all(report.tokens - report.review_tokens == 2 * LESSONS.block_tokens for report in reports)
    assert not take_steps(tutor, 1)[0].review_tokens


def test_a_night_teaches(librarian):
    """After a night, its voice finds the day's answers more likely than after the same steps without one."""
    settings = NIGHTLY.model_copy(update={"learning_rate": 1e-2, "night_passes": 10, "averaging_steps": 1})

    def loss_after(rehearsed: bool) -> float:
        tutor = tutor_with(librarian, pairs(3), settings)
        if rehearsed:
            tutor.rehearse("c")
        take_steps(tutor, 30)
        _, ids, weights = tutor.reviews.pack(["c0", "c1", "c2"], rows=3, length=tutor.planner.shape.length)
        inputs = torch.from_numpy(ids[:, :-1])
        pixels = torch.full((*inputs.shape, 3), 0.5)
        logits = tutor.voice(inputs, pixels, tutor.voice.fresh_state(len(ids))).logits
        losses = torch.nn.functional.cross_entropy(logits.mT, torch.from_numpy(ids[:, 1:]), reduction="none")
        return float((losses * torch.from_numpy(weights)).sum() / weights.sum())

    assert loss_after(True) < 0.8 * loss_after(False)


def test_a_night_that_is_broken_off_goes_on_bit_for_bit(librarian, tmp_path):
    """Saved in the middle and woken, it ends with the same weights; whoever was forgotten meanwhile stays away."""

    def begin():
        tutor = tutor_with(librarian, pairs(4))
        tutor.rehearse("c")
        return tutor

    whole = begin()
    take_steps(whole, 8)
    early = begin()
    take_steps(early, 3)
    caretaker = Caretaker(tmp_path / "soul", SoulSettings())
    caretaker.save(pack_soul(early, make_receptionist(early, tmp_path), {}))
    late = make_tutor(librarian, NIGHTLY, seed=9)
    wake_tutor(caretaker.newest(print, set_aside=False), late, pairs(4))
    assert late.planner.agenda.night.waiting == early.planner.agenda.night.waiting
    assert late.planner.agenda.night.waiting
    take_steps(late, 5)
    assert same(learned(late), learned(whole))

    early.reviews.forget(Scope(person="ann"))
    ids, _ = early.planner.agenda.night.rows(early.reviews, rows=1, length=8)
    assert not len(ids)
    assert not early.planner.agenda.night.waiting


def test_a_night_of_nothing(librarian):
    """Nobody taught it anything: no rows, and lessons as ever."""
    tutor = tutor_with(librarian, [])
    assert tutor.rehearse("") == 0
    ids, weights = tutor.planner.agenda.night.rows(tutor.reviews, rows=2, length=8)
    assert (ids.shape, weights.shape) == ((0, 9), (0, 8))
    assert Night(["gone"]).rows(tutor.reviews, rows=2, length=8)[1].dtype == np.float32


@pytest.fixture
def awake(librarian, tmp_path):
    """Wakes a classroom with some limits; all of them sleep at the end."""
    rooms = []

    def wake(limits: Limits, settings=LESSONS):
        tutor = make_tutor(librarian, settings)
        mailbox = Mailbox()
        school, control = School(mailbox, None), Control(mailbox)
        events = []
        caretaker = Caretaker(tmp_path / f"soul{len(rooms)}", SoulSettings())
        receptionist = make_receptionist(tutor, tmp_path)
        room = make_classroom(tutor, receptionist, mailbox, school, caretaker, limits=limits, publish=events.append)
        rooms.append(room)
        return room, school, control, events

    yield wake
    for room in rooms:
        room.stop()
        if room.started:
            room.done.exception(timeout=60)


def test_an_examination_that_was_asked_for_changes_no_lesson(awake):
    """It comes at the next step, whoever asked is told its figure, and the weights are those of a life without it; the
    rate does not heed it either."""
    examined, _, control, events = awake(Limits(steps=12))
    plain, *_ = awake(Limits(steps=12))
    asked = [control.examine()]  # before the first step; the second in the middle of the day
    publish = examined.outside.publish

    def listen(event) -> None:
        publish(event)
        if isinstance(event, StepReport) and event.step == 5:
            asked.append(control.examine())

    examined.outside = replace(examined.outside, publish=listen)
    for room in (examined, plain):
        room.start()
        room.done.result(timeout=60)
    results = [event for event in events if isinstance(event, Examined)]
    assert [event.result.bits_per_byte for event in results] == [future.result(timeout=60) for future in asked]
    assert results[0].step == 0
    assert results[1].step in (5, 6)  # the request was carried out before or after the next step had begun
    assert examined.tutor.plateau.best is None
    assert same(learned(examined.tutor), learned(plain.tutor))


def test_one_that_is_due_answers_those_who_asked(awake):
    """At a step that has its examination anyway there is one, it is heeded, and it is the one that was asked for."""
    room, _, control, events = awake(Limits(steps=25), LESSONS.model_copy(update={"evaluation_steps": 25}))
    room.tutor.step = 24
    room.limits = Limits(steps=2)
    room.tutor.plateau.examined_step = 0
    room.start()
    room.done.result(timeout=60)
    assert [event.step for event in events if isinstance(event, Examined)] == [25]
    assert room.tutor.plateau.best is not None


def test_considerate_lessons_rest_while_somebody_talks(awake):
    """From a question on no step is taken, only the one under way is ended; when nobody has asked for long enough, they
    go on. Otherwise a question lets nothing rest."""
    room, school, control, events = awake(Limits(considerate=True))
    school._record = Silent()
    room.start()
    wait_for(lambda: room.tutor.step > 2)
    school.ask("hello?", "c").result(timeout=60)
    assert wait_for(lambda: not school.status().learning)  # the step under way is ended first
    resting = room.tutor.step
    control.study_after(60)
    time.sleep(0.15)
    assert room.tutor.step <= resting + 1
    resting = room.tutor.step
    control.study_after(0.1)
    wait_for(lambda: room.tutor.step > resting + 2)
    assert wait_for(lambda: school.status().learning)
    steps = [event.step for event in events if isinstance(event, StepReport)]
    assert steps == list(range(1, len(steps) + 1))


def test_a_finished_baby_rests_until_something_is_new(awake):
    """One that has learned its library spends most of its time waiting, says so, and is wide awake for what is taught;
    somebody who asked for a number of steps gets them without."""
    for limits, rests in ((Limits(steps=12), False), (Limits(), True)):
        room, school, _, events = awake(limits)
        school._record, tutor = Silent(), room.tutor
        tutor.planner.agenda.bookmark = Bookmark(0, 0, tutor.librarian.library)  # else it would be new
        tutor.plateau.best, tutor.plateau.rate_scale = Best(0.0, dict(tutor.voice.named_parameters())), 0.01
        room.start()
        wait_for(lambda tutor=tutor: tutor.step > 3)
        assert school.status().rests == rests
        if not rests:
            room.done.result(timeout=60)
            continue
        wait_for(lambda room=room: room._at_rest)
        school.teach("the moon is a lamp", source="teach")
        wait_for(lambda events=events: any(e.review_tokens for e in events if isinstance(e, StepReport)))
        assert school.status().learning


def test_a_step_that_was_held_up_is_no_reason_to_rest_long(awake):
    """After a minute in which the machine stood still it rests as after any step."""
    room, *_ = awake(Limits())
    (usual,) = take_steps(room.tutor, 1)
    for seconds in (0.1, 0.1, 60.0):
        room.tutor.micro_step = lambda look, seconds=seconds: replace(usual, seconds=seconds)
        room._learn()
    assert room._rests_until < time.monotonic() + 5


class Silent:
    """A record that is told of a question and its answer."""

    def heard(self, *_, **__) -> None: ...

    def said(self, *_, **__) -> None: ...

    def taught(self, *_, **__) -> None: ...
