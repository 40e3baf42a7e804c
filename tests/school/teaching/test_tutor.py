"""The tutor: teaches, repeats itself bit for bit, and does not lose its head over a bad number."""

from __future__ import annotations

import copy
import gc
import math
from collections.abc import Callable, Iterator
from itertools import accumulate

import numpy as np
import pytest
import torch
from torch._C._profiler import _EventType
from torch.profiler import ProfilerActivity, profile

from brain import SPECIES
from school.door.mailbox import Ask
from school.door.values import Pair
from school.souls.caretaker import Caretaker, SoulSettings
from school.souls.packing import pack_soul, wake_receptionist, wake_tutor
from school.teaching.recovery import KEEP_GOOD, PATIENCE
from school.teaching.tutor import Tutor
from school.texts.librarian import Librarian
from school.texts.shelf import Text
from school.texts.tokenizer import BABY, DOCUMENT, END, PERSON
from tests.conftest import LESSONS, WHOLE, make_brain, make_receptionist, make_tutor, shelve, take_steps


def weights(tutor) -> list[torch.Tensor]:
    return [tensor.clone() for tensor in tutor.learned()]


def same(first: list[torch.Tensor], second: list[torch.Tensor]) -> bool:
    return len(first) == len(second) and all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def test_it_learns(librarian):
    """Over sixty steps on one book the loss falls by a third."""
    reports = take_steps(make_tutor(librarian, WHOLE.model_copy(update={"learning_rate": 1e-2})), 60)
    assert reports[-1].loss < 0.67 * reports[0].loss
    assert [report.step for report in reports] == list(range(1, 61))


def test_what_others_say_teaches_nothing(tokenizer):
    """In a chat whose words are all somebody else's but for one, exactly that one and the marks are targets; and where
    a lesson has no target at all, the weights stay finite."""
    said, own = tokenizer.encode("the fox and the moon"), tokenizer.encode("soup")
    chat = [PERSON, *said, END, BABY, *own, END] * 60
    text = Text(name="chat", sha256="1" * 64, size=1, context=True, learn=np.array(chat), held_out=np.array([], int))
    tutor = make_tutor(Librarian(tokenizer, [text], seed=0))
    step = tutor.planner.plan(0, talks=tutor.talks, anchored=False, strength=1.0, micro_streams=LESSONS.streams)
    targets = torch.cat([task.tokens[: task.streams, 1:][task.weights[: task.streams] > 0] for task in step.tasks])
    assert set(targets.tolist()) <= {PERSON, BABY, DOCUMENT, END, *own}
    assert step.weight >= step.library_targets == len(targets) < LESSONS.streams * LESSONS.block_tokens
    silent = Text(
        name="a", sha256="2" * 64, size=1, context=True, learn=np.array([PERSON, *said * 99]), held_out=targets[:0]
    )
    others = make_tutor(Librarian(tokenizer, [silent], seed=0), LESSONS.model_copy(update={"dialogue_share": 0.0}))
    take_steps(others, 3)
    assert all(torch.isfinite(tensor).all() for tensor in others.learned())


def test_the_same_seed_gives_the_same_life(librarian):
    """Two tutors with the same seed have the same weights after ten steps, bit for bit; another seed does not."""
    first, second = make_tutor(librarian), make_tutor(librarian)
    take_steps(first, 10)
    take_steps(second, 10)
    assert same(weights(first), weights(second))
    other = make_tutor(librarian, LESSONS.model_copy(update={"seed": 1}))
    take_steps(other, 10)
    assert not same(weights(first), weights(other))


def test_sleep_and_wake_is_bitwise_identical(librarian, tmp_path):
    """Twelve steps equal five steps, a save to disk, a new tutor and seven steps: weights, optimizer, voice,
    streams, conversations of lessons, bookmark and taught pairs."""
    pair = Pair(id="p1", prompt="who ate the bread?", answer="it was me!", weight=2.0)
    talking = LESSONS.model_copy(update={"dialogue_share": 1.0})

    def begin():
        tutor = make_tutor(librarian, talking, seed=3)
        tutor.reviews.add(pair, librarian.tokenizer, 0)
        return tutor

    awake = begin()
    take_steps(awake, 12)

    early = begin()
    take_steps(early, 5)
    caretaker = Caretaker(tmp_path / "soul", SoulSettings())
    caretaker.save(pack_soul(early, make_receptionist(early, tmp_path), {}))
    late = make_tutor(librarian, talking, seed=99)  # other weights, which the soul must replace
    wake_tutor(caretaker.newest(print, set_aside=False), late, [pair])
    take_steps(late, 7)

    assert late.step == awake.step == 12
    assert same(weights(awake), weights(late))
    assert late.planner.agenda.bookmark == awake.planner.agenda.bookmark
    assert late.reviews.dates() == awake.reviews.dates()
    for name, tensor in awake.streams.tensors().items():
        assert torch.equal(tensor, late.streams.tensors()[name]), name
    assert late.talks.places == awake.talks.places
    assert max(block for _, block in awake.talks.places) > 0
    for name, tensor in awake.talks.carried.tensors().items():
        assert torch.equal(tensor, late.talks.carried.tensors()[name]), name


def test_a_soul_that_remembers_ways_to_teach_that_went_wakes(librarian, tmp_path):
    """What passages were to be repeated, and how long blocks were, is of no use any more; all else is as it was."""
    tutor = make_tutor(librarian)
    take_steps(tutor, 2)
    soul = pack_soul(tutor, make_receptionist(tutor, tmp_path), {})
    soul.facts["pedagogy"] = {"repeats": {"mark": 0.2, "passages": {"7": [9, 1, 0]}}, "curriculum": {"level": 1}}
    caretaker = Caretaker(tmp_path / "soul", SoulSettings())
    caretaker.save(soul)
    other = make_tutor(librarian, seed=99)
    wake_tutor(caretaker.newest(print, set_aside=False), other, [])
    assert same(weights(tutor), weights(other))
    assert other.planner.agenda.bookmark == tutor.planner.agenda.bookmark


def test_talking_leaves_no_fingerprints(librarian, tmp_path):
    """Answering questions between micro-steps changes neither weights nor lessons, not by a bit."""
    quiet, talked_to = make_tutor(librarian), make_tutor(librarian)
    take_steps(quiet, 6)
    receptionist = make_receptionist(talked_to, tmp_path)
    while talked_to.step < 6:
        talked_to.micro_step()
        receptionist.admit(Ask("who are you?", "terminal:me", "me", None))
        while receptionist.busy:
            receptionist.serve()
    assert receptionist.replies > 6
    assert same(weights(quiet), weights(talked_to))
    assert quiet.planner.agenda.bookmark == talked_to.planner.agenda.bookmark


def test_micro_steps_make_the_same_step(librarian):
    """However many streams a task has, the updates are the same within rounding, with dropout and taught pairs; so the
    course of a life does not depend on how fast its machine is."""
    tutors = []
    for micro in (1, 2, 4):
        tutor = make_tutor(librarian, LESSONS.model_copy(update={"micro_streams": micro, "streams": 4}))
        assert tutor.brain.dropout > 0
        tutor.reviews.add(Pair(id="a", prompt="who?", answer="the cat and the moon."), librarian.tokenizer, 1)
        take_steps(tutor, 3)
        tutors.append(tutor)
    for other in tutors[1:]:
        for a, b in zip(tutors[0].brain.parameters(), other.brain.parameters(), strict=True):
            torch.testing.assert_close(a, b, atol=1e-4, rtol=1e-3)


def test_a_bad_number_teaches_nothing(librarian):
    """A step whose loss is not finite leaves weights and optimizer as they were and is reported."""
    tutor = make_tutor(librarian)
    take_steps(tutor, 3)
    before = weights(tutor)
    tutor.streams.state["memory1"].fill_(math.nan)
    (report,) = take_steps(tutor, 1)
    assert report.skipped
    assert same(before, weights(tutor))
    (report,) = take_steps(tutor, 1)
    assert not report.skipped
    assert tutor.skipped == 1


def test_it_goes_back_to_the_last_good_weights(librarian):
    """When the loss stays not finite, the voice of the last good copy returns, rounded, for the brain too, and learning
    goes on, with moments of its own."""
    tutor = make_tutor(librarian, WHOLE)
    take_steps(tutor, KEEP_GOOD)
    good = [parameter.detach().bfloat16().float() for parameter in tutor.voice.parameters()]
    with torch.no_grad():
        tutor.brain.neurons.rows.fill_(math.nan)
    reports = take_steps(tutor, PATIENCE)
    assert all(report.skipped for report in reports)
    assert reports[-1].returned_to == KEEP_GOOD
    assert same(good, list(tutor.brain.parameters()))
    assert same(good, list(tutor.voice.parameters()))
    assert not any(moment.any() for moment in tutor.optimizer.tensors().values())
    (report,) = take_steps(tutor, 1)
    assert not report.skipped


def test_a_broken_lesson_is_lost_alone(librarian):
    """An exception inside a micro-step leaves no gradients and no half step behind."""
    tutor = make_tutor(librarian)
    take_steps(tutor, 2)
    before = weights(tutor)
    hook = tutor.brain.register_forward_pre_hook(lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        tutor.micro_step()
    hook.remove()
    assert not tutor.under_way
    assert same(before, weights(tutor))
    assert all(parameter.grad is None for parameter in tutor.brain.parameters())
    take_steps(tutor, 1)


def test_a_task_takes_little_memory(librarian):
    """At its height, with all that it holds, less than 17 numbers for each neuron and token, of which nothing stays but
    gradients. There were 24 while what can be made anew was kept, gradients had places of their own, and what streams
    carry was a copy."""
    settings = LESSONS.model_copy(update={"streams": 8, "block_tokens": 32, "micro_streams": 8})
    config = SPECIES["interneuron"]["newborn"]
    tutor = Tutor.of_library(make_brain(librarian.tokenizer, config=config), librarian, settings, block_tokens=32)
    step = tutor._begin()
    tutor.brain.refresh()
    rows, tokens = step.tasks[0].weights.shape
    most, left = allocated(lambda: tutor._read(step, 0))
    assert most < 17 * 4 * rows * tokens * config.neurons
    assert left <= 4 * sum(parameter.numel() for parameter in tutor.brain.parameters())


def allocated(work: Callable[[], object]) -> tuple[int, int]:
    """The most bytes of tensors that were made by ``work`` and there at once, and those that are left without what it
    returns; what waits for a garbage collector is left."""
    gc.collect()
    gc.disable()
    try:
        with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as seen:
            work()
    finally:
        gc.enable()
    events = sorted(_allocations(seen.profiler.kineto_results.experimental_event_tree()))
    now = [*accumulate(size for _, size in events)]
    return max(now), now[-1]


def _allocations(events: list) -> Iterator[tuple[int, int]]:
    """When, and how many bytes; fewer than none where they go."""
    for event in events:
        if event.tag == _EventType.Allocation:
            yield event.start_time_ns, event.extra_fields.alloc_size
        yield from _allocations(event.children)


def test_the_size_of_tasks_changes_nothing(librarian):
    """Conversations and what was taught are shared among the tasks of a step as evenly as can be, and what is learned,
    and carried on, is the same but for rounding, however many streams a task has."""
    lives = []
    for micro_streams in (4, 2, 1):
        settings = {"streams": 4, "micro_streams": micro_streams, "dialogue_share": 0.9, "learning_rate": 1e-2}
        tutor = make_tutor(librarian, LESSONS.model_copy(update=settings))
        for i in range(5):
            tutor.reviews.add(Pair(id=str(i), prompt="who?", answer="cat " * 12), librarian.tokenizer, 0)
        take_steps(tutor, 3)
        planned = copy.deepcopy(tutor.planner).plan(
            3, talks=copy.deepcopy(tutor.talks), anchored=False, strength=1.0, micro_streams=micro_streams
        )
        rows = [len(task.tokens) for task in planned.tasks]
        assert sum(rows) >= 4 + len(tutor.talks)
        assert max(rows) - min(rows) <= 2  # one for conversations, one for what was taught
        lives.append([*weights(tutor), tutor.talks.carried.condition["recent"], tutor.streams.condition["recent"]])
    for life in lives[1:]:
        for one, other in zip(lives[0], life, strict=True):
            assert torch.allclose(one, other, rtol=1e-3, atol=1e-3)


def test_extra_rows_never_take_a_streams_memory(librarian):
    """One stream and one row of what was taught in a micro-step, two streams in all: each stream carries on its own
    memory, not the row's."""
    lives = []
    for taught in (False, True):
        tutor = make_tutor(librarian, LESSONS.model_copy(update={"dialogue_share": 0.0}))
        tutor.brain.dropout = 0.0
        if taught:
            tutor.reviews.add(Pair(id="a", prompt="who?", answer="the cat."), librarian.tokenizer, 0)
        take_steps(tutor, 1)
        lives.append(tutor.streams)
    assert torch.equal(lives[0].condition["phase"][:1], lives[1].condition["phase"][:1])


def test_what_is_taught_is_learned(librarian):
    """A taught answer is clearly likelier after sixty steps than it is without teaching."""

    def surprise(tutor) -> float:
        ids = torch.tensor([librarian.tokenizer.encode("the moon is a biscuit")])
        shown = torch.full((1, ids.shape[1] - 1, 3), 0.5)
        with torch.no_grad():
            logits = tutor.voice(ids[:, :-1], shown, tutor.voice.fresh_state(1)).logits
        return torch.nn.functional.cross_entropy(logits[0], ids[0, 1:]).item()

    settings = WHOLE.model_copy(update={"learning_rate": 1e-2})
    untaught, taught = make_tutor(librarian, settings), make_tutor(librarian, settings)
    taught.reviews.add(Pair(id="a", prompt="", answer="the moon is a biscuit"), librarian.tokenizer, 0)
    reports = take_steps(taught, 60)
    take_steps(untaught, 60)
    assert reports[0].review_tokens > 0
    assert surprise(taught) < surprise(untaught) - 0.5  # nats per token


def test_another_block_shape_starts_a_new_epoch(librarian, tmp_path):
    """A soul woken with other streams or block lengths keeps its weights and begins the next epoch."""
    tutor = make_tutor(librarian)
    take_steps(tutor, 2)
    soul = pack_soul(tutor, make_receptionist(tutor, tmp_path), {})
    other = make_tutor(librarian, LESSONS.model_copy(update={"streams": 4}))
    wake_tutor(soul, other, [])
    assert other.planner.agenda.bookmark.epoch == tutor.planner.agenda.bookmark.epoch + 1
    take_steps(other, 2)


def test_conversations_come_back_with_the_soul(librarian, tmp_path):
    """After a save and a wake the same question in the same conversation gets the same logits."""
    tutor = make_tutor(librarian)
    first = make_receptionist(tutor, tmp_path / "a")
    first.admit(Ask("hello", "terminal:me", "me", None))
    while first.busy:
        first.serve()
    caretaker = Caretaker(tmp_path / "soul", SoulSettings())
    caretaker.save(pack_soul(tutor, first, {}))
    second = make_receptionist(tutor, tmp_path / "b")
    wake_receptionist(caretaker.newest(print, set_aside=False), second)
    assert second.replies == first.replies
    texts = []
    for receptionist in (first, second):
        ask = Ask("and you?", "terminal:me", "me", None)
        receptionist.admit(ask)
        while receptionist.busy:
            receptionist.serve()
        texts.append(ask.future.result().tokens)
    assert texts[0] == texts[1]


def test_held_out_text_is_never_taught(tokenizer):
    """No lesson, dialogue included, ever holds a word that occurs only in the held-out tenth."""
    librarian = shelve(tokenizer, "the cat sat on the mat. " * 200 + "zzzzqqqq " * 15)
    secret = set(tokenizer.encode("zzzzqqqq")) - set(tokenizer.encode("the cat sat on the mat. "))
    assert secret
    tutor = make_tutor(librarian, WHOLE)
    seen: set[int] = set()
    forward = tutor.brain.forward

    def spy(tokens, *rest, **more):
        seen.update(tokens.flatten().tolist())
        return forward(tokens, *rest, **more)

    tutor.brain.forward = spy
    take_steps(tutor, 60)
    assert seen
    assert not seen & secret
