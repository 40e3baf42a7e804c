"""The pedagogy: what each policy does, and that all of it is replayed and resumed bit for bit."""

from __future__ import annotations

import json

import pytest
import torch

import school.teaching.pedagogy_curriculum
import school.teaching.tutor
from school.door.values import Pair
from school.souls.packing import pack_soul, wake_tutor
from school.teaching.pedagogy import Pedagogy, PedagogySettings, for_team
from school.teaching.pedagogy_curriculum import JUDGED_STEPS, Curriculum, Shape, next_level, shapes
from school.teaching.pedagogy_guesses import Guesses, with_guesses
from school.teaching.pedagogy_repeats import REST, RESTS, WAIT, Repeated, Repeats, after_failing, is_apart
from school.teaching.pedagogy_replay import WAIT as WAIT_OF_REPLAY
from school.teaching.pedagogy_replay import Replay, reducible_losses
from school.teaching.tutor import Tutor
from school.texts.tokenizer import MARK_COUNT
from tests.conftest import LESSONS, SENTENCES, make_brain, make_receptionist, make_tutor, shelve, take_steps

ALL_ON = PedagogySettings(
    repeats=True, failing_share=0.3, tries=2, replay=True, curriculum=True, shortest_block=8, guess_rate=0.2,
    guess_ramp_steps=4,
)  # fmt: skip


def pupil(librarian, pedagogy: PedagogySettings | None = None, *, seed: int = 0, **changes) -> Tutor:
    settings = LESSONS.model_copy(update=changes)
    brain = make_brain(librarian.tokenizer, seed=seed)
    return Tutor(brain, librarian, settings, block_tokens=settings.block_tokens, pedagogy=pedagogy)


def everything(tutor: Tutor) -> list[torch.Tensor]:
    return [tensor.clone() for tensor in (*tutor._everything_learned(), *tutor.streams.tensors().values())]


def same(first: list[torch.Tensor], second: list[torch.Tensor]) -> bool:
    return len(first) == len(second) and all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


# ---- all of it together --------------------------------------------------------------------------------------------


def test_what_is_off_costs_nothing(librarian, monkeypatch):
    """With every policy off a life is the same as without a pedagogy, bit for bit and pass by pass, whatever the other
    settings say."""
    for name in ("with_guesses", "reducible_losses"):
        monkeypatch.setattr(school.teaching.tutor, name, lambda *_: pytest.fail("a policy that is off was asked"))
    lives, passes = [], []
    off = PedagogySettings(failing_share=0.5, tries=9, rows=5, shortest_block=8, longest_block=64, guess_ramp_steps=0)
    for tutor in (make_tutor(librarian), pupil(librarian, off)):
        forward = tutor.brain.forward
        count = []
        monkeypatch.setattr(tutor.brain, "forward", lambda *a, f=forward, c=count, **k: (c.append(1), f(*a, **k))[1])
        take_steps(tutor, 4)
        lives.append(everything(tutor))
        passes.append(len(count))
    assert same(*lives)
    assert passes == [8, 8]  # one for each micro-step


def test_a_life_with_all_policies_is_resumed_bitwise(librarian, tmp_path):
    """Steps, a save in the middle and more steps equal the same steps without a break, while passages are under way and
    blocks are shorter than at the end."""
    pair = Pair(id="p1", prompt="who ate the bread?", answer="it was me!", weight=2.0)
    awake = pupil(librarian, ALL_ON, learning_rate=3e-2)
    awake.reviews.add(pair, librarian.tokenizer, 0)
    soul = None
    while awake.step < 48:
        (report,) = take_steps(awake, 1)
        under_way = awake.pedagogy.facts()
        if not soul and awake.step >= 10 and under_way["repeats"]["passages"] and under_way["replay"]:
            soul = pack_soul(awake, make_receptionist(awake, tmp_path), {})
    assert not report.skipped
    assert soul.step < 30  # or there is little left to be the same
    kept = json.loads(json.dumps(soul.facts))["pedagogy"]  # a soul is written as JSON
    assert kept["repeats"]["passages"]
    assert kept["replay"]
    soul.facts["pedagogy"] = kept
    late = pupil(librarian, ALL_ON, seed=99, learning_rate=3e-2)
    wake_tutor(soul, late, [pair])
    assert late.step == soul.step
    take_steps(late, 48 - soul.step)
    assert same(everything(awake), everything(late))
    assert late.pedagogy.facts() == awake.pedagogy.facts()
    assert (late.bookmark, late.shape) == (awake.bookmark, awake.shape)


def test_a_policy_can_be_switched_on_and_off_between_lives(librarian, tmp_path):
    """A soul wakes with other policies than it was saved with; other blocks than before begin a new epoch."""
    tutor = pupil(librarian, ALL_ON)
    take_steps(tutor, 5)
    soul = pack_soul(tutor, make_receptionist(tutor, tmp_path), {})
    assert tutor.shape == Shape(4, 8)
    plain = pupil(librarian)
    wake_tutor(soul, plain, [])
    assert plain.shape == Shape(2, 16)
    assert plain.bookmark.epoch == tutor.bookmark.epoch + 1
    assert not take_steps(plain, 2)[-1].skipped
    back = pupil(librarian, ALL_ON)
    wake_tutor(pack_soul(plain, make_receptionist(plain, tmp_path), {}), back, [])
    assert not take_steps(back, 2)[-1].skipped


def test_a_team_keeps_what_it_can():
    """Guesses work in each process by themselves; for the rest there is one line, and it stays off."""
    kept, line = for_team(ALL_ON)
    assert (kept.repeats, kept.replay, kept.curriculum, kept.guess_rate) == (False, False, False, 0.2)
    assert line == (
        "pedagogy.repeats and pedagogy.replay and pedagogy.curriculum: off while several processes share the lessons."
    )
    assert for_team(PedagogySettings(guess_rate=0.1)) == (PedagogySettings(guess_rate=0.1), "")


def test_extra_rows_never_take_a_streams_memory(librarian):
    """One stream and one row of what was taught in a micro-step, two streams in all: each stream carries on its own
    memory, not the row's."""
    lives = []
    for taught in (False, True):
        tutor = make_tutor(librarian)
        tutor.brain.dropout = 0.0
        if taught:
            tutor.reviews.add(Pair(id="a", prompt="who?", answer="the cat."), librarian.tokenizer, 0)
        tutor._dialogue_is_due = lambda: False
        take_steps(tutor, 1)
        lives.append(tutor.streams)
    assert torch.equal(lives[0].condition["phase"][:1], lives[1].condition["phase"][:1])


# ---- repeats -------------------------------------------------------------------------------------------------------


def test_the_pass_mark_settles_where_the_wanted_share_fails():
    """However good the baby is: among accuracies around 0.3, then around 0.6, a tenth falls below the mark."""
    rng = torch.Generator().manual_seed(0)
    repeats = Repeats(0.1, 3)
    for usual in (0.3, 0.6):
        failed = []
        for step in range(600):
            accuracies = (usual + 0.05 * torch.randn(16, generator=rng)).tolist()
            failed.append(sum(accuracy < repeats.mark for accuracy in accuracies) / 16)
            repeats.heed(step, list(enumerate(accuracies)), 1)
        assert sum(failed[300:]) / 300 == pytest.approx(0.1, abs=0.02)
        assert usual - 0.1 < repeats.mark < usual


def test_each_try_waits_longer_and_what_is_too_difficult_rests():
    """Tries come after growing waits; after the last one it rests, each time longer, and in the end is let go."""
    passage, step, dues = Repeated(0), 0, []
    while passage := after_failing(passage, step, 3):
        dues.append(passage.due - step)
        step = passage.due
    rounds = [[WAIT, 2 * WAIT, REST * 2**rest] for rest in range(RESTS)]
    assert dues == [*sum(rounds, []), WAIT, 2 * WAIT]


def test_a_passage_is_repeated_until_it_is_good_enough():
    repeats = Repeats(0.1, 3)
    repeats.mark = 0.5
    repeats.heed(10, [(100, 0.2), (104, 0.1), (300, 0.9)], 16)
    assert set(repeats.passages) == {100}  # 104 overlaps it, 300 was good enough
    assert repeats.due(10, 4) == []
    assert repeats.due(10 + WAIT, 4) == [100]
    repeats.judge(10 + WAIT, 100, 0.3)
    assert repeats.passages[100].failed == 2
    repeats.judge(10 + 3 * WAIT, 100, 0.6)
    assert not repeats.passages
    repeats.judge(50, 777, 0.0)  # not one of its passages
    assert not repeats.passages


def test_nothing_is_read_step_after_step(librarian):
    """With all that can come again coming again, no words do so twice within the shortest wait, nor at once after they
    were read."""
    tutor = pupil(librarian, PedagogySettings(repeats=True, failing_share=0.4, replay=True, rows=2), seed=1)
    plan, steps = tutor._plan, []
    tutor._plan = lambda: steps.append(plan()) or steps[-1]
    reports = take_steps(tutor, 40)
    again = [(i, place) for i, step in enumerate(steps) for place in step.again]
    assert len(again) > 10
    for n, (i, place) in enumerate(again):
        assert is_apart(place, [other for j, other in again[:n] if i - j < WAIT], 16)
        assert all(place not in step.places for step in steps[max(0, i - WAIT + 1) : i])
    assert max(report.tokens for report in reports) > 2 * 16


# ---- replay --------------------------------------------------------------------------------------------------------


def test_noise_is_not_drilled(librarian):
    """Of two rows that are equally hard for the baby, the one that its average knows is reducible; noise is not."""
    brain, voice = make_brain(librarian.tokenizer), make_brain(librarian.tokenizer)
    known = torch.tensor(librarian.tokenizer.encode(SENTENCES)[:17])
    noise = torch.randint(MARK_COUNT, librarian.tokenizer.size, (17,), generator=torch.Generator().manual_seed(3))
    rows = torch.stack([known, noise])
    tutor = pupil(librarian, learning_rate=1e-2)
    take_steps(tutor, 60)
    voice.load_state_dict(tutor.voice.state_dict())
    shown = torch.full((2, 16, 3), 0.5)
    state, inputs, targets = brain.fresh_state(2), rows[:, :-1], rows[:, 1:]
    zeros = torch.zeros(2)
    now = -torch.tensor(reducible_losses(brain, inputs, targets, shown, state, zeros))  # what they cost the brain
    nats = reducible_losses(voice, inputs, targets, shown, state, now)
    assert nats[0] > 0.5
    assert nats[1] < 0.1
    replay = Replay()
    replay.heed(0, zip([10, 90], nats, strict=True), 16)
    assert replay.due(1000, 1) == [10]


def test_the_most_reducible_comes_first_and_once():
    replay = Replay()
    replay.heed(0, [(0, 0.1), (50, 0.3), (60, 0.2), (100, 0.9)], 16)
    replay.heed(1, [(55, 0.5), (200, -0.5)], 16)  # the former overlaps one that waits, the latter is better than ever
    assert replay.due(WAIT_OF_REPLAY - 1, 2) == []
    assert replay.due(WAIT_OF_REPLAY, 1) == [100]
    assert replay.due(WAIT_OF_REPLAY + 1, 2) == [50]
    assert replay.due(WAIT_OF_REPLAY + 2, 2) == []


# ---- curriculum ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("streams", [1, 2, 6, 7, 16])
@pytest.mark.parametrize("length", [8, 20, 33, 64])
@pytest.mark.parametrize("bounds", [(8, 0), (16, 256), (100, 4)])
def test_no_lesson_is_impossible(streams, length, bounds, librarian):
    """Every shape that it can reach has as many tokens as the settings ask for, is within bounds, and can be read."""
    found = shapes(streams, length, *bounds)
    assert Shape(streams, length) in found
    shortest, longest = min(bounds[0], length), max(bounds[1], length)
    for shape in found:
        assert shape.streams * shape.length == streams * length
        assert shape.streams >= 1
        assert shortest <= shape.length <= longest
        lesson, _ = librarian.lesson(pupil_bookmark(), streams=shape.streams, length=shape.length)
        assert lesson.tokens.shape == (shape.streams, shape.length + 1)


def pupil_bookmark():
    from school.texts.librarian import Bookmark

    return Bookmark(0, 0, "")


def test_blocks_grow_when_progress_slows():
    assert next_level(1, 4.0, 3.0, 0.1) == 1  # quick: nothing to change
    assert next_level(1, 4.0, 3.9, 0.1) == 2
    assert next_level(1, 4.0, 4.2, 0.1) == 2
    assert next_level(1, 4.0, 4.5, 0.1) == 0  # too much at once
    curriculum = Curriculum(shapes(2, 64, 16, 128), 0.1)
    lengths = []
    for loss in (6.0, 4.0, 3.9, 3.8, 3.8, 3.8, 5.0, 6.0, 7.0, 8.0, 8.0):
        for _ in range(JUDGED_STEPS):
            curriculum.heed(loss)
        curriculum.begin_epoch(new_library=False)
        lengths.append(curriculum.shape.length)
    assert lengths == [16, 16, 32, 64, 128, 128, 64, 32, 16, 16, 32]
    curriculum.begin_epoch(new_library=True)
    assert (curriculum.before, curriculum.shape.length) == (None, 32)


def test_the_lessons_follow_the_curriculum(tokenizer, monkeypatch):
    """A small library: blocks grow from 8 to 32 tokens, only where an epoch begins; every step has 64 tokens, every
    token is read once an epoch, and what was taught comes in whole rows all the while."""
    monkeypatch.setattr(school.teaching.pedagogy_curriculum, "JUDGED_STEPS", 8)
    librarian = shelve(tokenizer, SENTENCES * 8)
    settings = PedagogySettings(curriculum=True, shortest_block=8, longest_block=32, quick_progress=0.3)
    tutor = pupil(librarian, settings, streams=4, dialogue_share=0.0, micro_streams=2)
    tutor.reviews.add(Pair(id="a", prompt="who?", answer="the cat."), tokenizer, 0)
    plan, steps = tutor._plan, []

    def spy():
        epoch = tutor.bookmark.epoch
        step = plan()
        library = sum(len(task.tokens[: task.streams]) * (task.tokens.shape[1] - 1) for task in step.tasks)
        steps.append((epoch, tutor.shape, library, step))
        return step

    tutor._plan = spy
    reports = take_steps(tutor, 45)
    assert [shape.length for _, shape, _, _ in steps[::44]] == [8, 32]
    assert {library for _, _, library, _ in steps} == {64}
    assert not any(report.skipped for report in reports)
    for (epoch, shape, _, _), (next_epoch, next_shape, _, _) in zip(steps, steps[1:], strict=False):
        assert shape == next_shape or next_epoch > epoch
    for _, shape, _, step in steps:
        if step.review_tokens:
            assert step.tasks[-1].tokens.shape[1] == 17
            assert (step.tasks[-1].streams == 0) == (shape.length != 16)


# ---- guesses -------------------------------------------------------------------------------------------------------


def test_guesses_reach_the_model_at_the_configured_rate(tokenizer):
    """What the brain reads differs from the library in the set share of places once the ramp is over, and nowhere in
    what it is to foretell; marks stay."""
    librarian = shelve(tokenizer, SENTENCES * 60)
    tutor = pupil(librarian, PedagogySettings(guess_rate=0.15, guess_ramp_steps=5), streams=2, micro_streams=1)
    tutor._dialogue_is_due = lambda: False
    read: list[torch.Tensor] = []
    forward, plan, steps = tutor.brain.forward, tutor._plan, []

    def spy(tokens, *rest, dropout=None):
        if dropout is not None:  # not the pass that guesses
            read.append(tokens)
        return forward(tokens, *rest, dropout=dropout)

    def watched_plan():
        steps.append(plan())
        return steps[-1]

    tutor.brain.forward, tutor._plan = spy, watched_plan
    take_steps(tutor, 75)
    truth = torch.stack([task.tokens[:, :-1] for step in steps for task in step.tasks])
    told = torch.stack(read)
    differs = truth != told
    assert not differs[:, :, 0].any()
    assert not differs[truth < MARK_COUNT].any()
    assert (told[differs] >= MARK_COUNT).all()
    asked = Guesses(0.15, 0)
    wanted = [asked.share(0, step, micro) for step in range(2000) for micro in (0, 1)]
    assert sum(wanted) / len(wanted) == pytest.approx(0.15, abs=0.005)
    here = sum(asked.share(0, step, micro) for step in range(5, 75) for micro in (0, 1)) / 140
    assert 0.7 < differs[10:].float().mean().item() / here < 1.1  # now and then its guess is the truth
    assert differs[:2].float().mean() == 0


def test_guesses_are_its_own(librarian):
    """They are drawn from the brain's probabilities: a brain that is sure of a token says it everywhere."""
    brain = make_brain(librarian.tokenizer)
    forward = brain.forward

    def sure(*given, **more):
        out = forward(*given, **more)
        return out._replace(logits=torch.nn.functional.one_hot(torch.full((2, 16), 77), out.logits.shape[-1]) * 90.0)

    brain.forward = sure
    tokens = torch.randint(100, 200, (2, 16), generator=torch.Generator().manual_seed(0))
    shown = torch.full((2, 16, 3), 0.5)
    mixed = with_guesses(brain, tokens, shown, brain.fresh_state(2), 15 / 16, torch.Generator().manual_seed(0))
    assert mixed.tolist() == [[row[0], *[77] * 15] for row in tokens.tolist()]


def test_gauges_say_what_the_policies_do(librarian):
    tutor = pupil(librarian, ALL_ON)
    take_steps(tutor, 3)
    assert tutor.pedagogy.gauges().keys() == {
        "pass_mark", "repeated", "too_difficult", "replay_nats", "block_tokens"
    }  # fmt: skip
    assert Pedagogy(PedagogySettings(), streams=2, length=16).gauges() == {}
