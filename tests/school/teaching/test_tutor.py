"""The tutor: teaches, repeats itself bit for bit, and does not lose its head over a bad number."""

from __future__ import annotations

import math

import pytest
import torch

from benchmarks.teach import nats_per_token
from brain.ops.loss import divergence
from school.door.mailbox import Ask
from school.door.values import Pair
from school.souls.caretaker import Caretaker, SoulSettings
from school.souls.packing import pack_soul, wake_receptionist, wake_tutor
from school.teaching.reader import Reader
from school.teaching.settings import LessonSettings
from school.teaching.tutor import GIVEN_BACK, KEEP_GOOD, PATIENCE
from school.texts.librarian import Bookmark
from tests.conftest import LESSONS, SENTENCES, make_receptionist, make_tutor, shelve, take_steps


def weights(tutor) -> list[torch.Tensor]:
    return [tensor.clone() for tensor in tutor._everything_learned()]


def same(first: list[torch.Tensor], second: list[torch.Tensor]) -> bool:
    return len(first) == len(second) and all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def test_it_learns(librarian):
    """Over sixty steps on one book the loss falls by a third."""
    reports = take_steps(make_tutor(librarian, LESSONS.model_copy(update={"learning_rate": 1e-2})), 60)
    assert reports[-1].loss < 0.67 * reports[0].loss
    assert [report.step for report in reports] == list(range(1, 61))


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
    assert late.bookmark == awake.bookmark
    assert late.reviews.dates() == awake.reviews.dates()
    for name, tensor in awake.streams.tensors().items():
        assert torch.equal(tensor, late.streams.tensors()[name]), name
    assert late.talks.places == awake.talks.places
    assert max(block for _, block in awake.talks.places) > 0
    for name, tensor in awake.talks.carried.tensors().items():
        assert torch.equal(tensor, late.talks.carried.tensors()[name]), name


def test_talking_leaves_no_fingerprints(librarian, tmp_path):
    """Answering questions between micro-steps changes neither weights nor lessons, not by a bit."""
    quiet, talked_to = make_tutor(librarian), make_tutor(librarian)
    take_steps(quiet, 6)
    receptionist = make_receptionist(talked_to, tmp_path)
    while talked_to.step < 6:
        talked_to.micro_step()
        receptionist.admit(Ask("who are you?", "terminal:me", "me", None))
        while receptionist.busy:
            receptionist.serve(talked_to.step)
    assert receptionist.replies > 6
    assert same(weights(quiet), weights(talked_to))
    assert quiet.bookmark == talked_to.bookmark


def test_micro_steps_make_the_same_step(librarian):
    """One micro-step of all streams and one per stream give the same update, within rounding, without dropout."""
    tutors = []
    for micro in (1, 2):
        tutor = make_tutor(librarian, LESSONS.model_copy(update={"micro_streams": micro, "dialogue_share": 0.0}))
        tutor.brain.dropout = 0.0
        take_steps(tutor, 3)
        tutors.append(tutor)
    for a, b in zip(tutors[0].brain.parameters(), tutors[1].brain.parameters(), strict=True):
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
    """When the loss stays not finite, the weights of the last good copy return and learning goes on."""
    tutor = make_tutor(librarian)
    take_steps(tutor, KEEP_GOOD)
    good = weights(tutor)
    with torch.no_grad():
        tutor.brain.neurons.rows.fill_(math.nan)
    reports = take_steps(tutor, PATIENCE)
    assert all(report.skipped for report in reports)
    assert reports[-1].returned_to == KEEP_GOOD
    assert same(good, weights(tutor))
    assert not take_steps(tutor, 1)[0].skipped


def test_a_broken_lesson_is_lost_alone(librarian, monkeypatch):
    """An exception inside a micro-step leaves no gradients and no half step behind."""
    tutor = make_tutor(librarian)
    take_steps(tutor, 2)
    before = weights(tutor)
    monkeypatch.setattr(tutor.brain, "forward", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        tutor.micro_step()
    monkeypatch.undo()
    assert not tutor.under_way
    assert same(before, weights(tutor))
    assert all(parameter.grad is None for parameter in tutor.brain.parameters())
    take_steps(tutor, 1)


def test_what_is_taught_is_learned(librarian):
    """A taught answer is clearly likelier after sixty steps than it is without teaching."""

    def surprise(tutor) -> float:
        ids = torch.tensor([librarian.tokenizer.encode("the moon is a biscuit")])
        shown = torch.full((1, ids.shape[1] - 1, 3), 0.5)
        with torch.no_grad():
            logits = tutor.voice(ids[:, :-1], shown, tutor.voice.fresh_state(1)).logits
        return torch.nn.functional.cross_entropy(logits[0], ids[0, 1:]).item()

    settings = LESSONS.model_copy(update={"learning_rate": 1e-2})
    untaught, taught = make_tutor(librarian, settings), make_tutor(librarian, settings)
    taught.reviews.add(Pair(id="a", prompt="", answer="the moon is a biscuit"), librarian.tokenizer, 0)
    reports = take_steps(taught, 60)
    take_steps(untaught, 60)
    assert reports[0].review_tokens > 0
    assert surprise(taught) < surprise(untaught) - 0.5  # nats per token


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


def test_it_sizes_its_micro_steps_by_measuring(librarian, monkeypatch):
    """It doubles the streams of a task while one takes no longer than it may; measuring changes no weight."""
    tutor = make_tutor(librarian, LESSONS.model_copy(update={"streams": 8}))
    tutor.micro_seconds = 0.15
    before = weights(tutor)
    tutor.time_rows(2)
    assert same(before, weights(tutor))
    assert all(parameter.grad is None for parameter in tutor.brain.parameters())
    monkeypatch.setattr(tutor, "time_rows", lambda rows: 0.1 * rows)
    assert tutor.measure_micro_streams() == 1
    monkeypatch.setattr(tutor, "time_rows", lambda rows: 0.03 * rows)
    assert tutor.measure_micro_streams() == 4


def test_another_block_shape_starts_a_new_epoch(librarian, tmp_path):
    """A soul woken with other streams or block lengths keeps its weights and begins the next epoch."""
    tutor = make_tutor(librarian)
    take_steps(tutor, 2)
    soul = pack_soul(tutor, make_receptionist(tutor, tmp_path), {})
    other = make_tutor(librarian, LESSONS.model_copy(update={"streams": 4}))
    wake_tutor(soul, other, [])
    assert other.bookmark.epoch == tutor.bookmark.epoch + 1
    take_steps(other, 2)


def test_conversations_come_back_with_the_soul(librarian, tmp_path):
    """After a save and a wake the same question in the same conversation gets the same logits."""
    tutor = make_tutor(librarian)
    first = make_receptionist(tutor, tmp_path / "a")
    first.admit(Ask("hello", "terminal:me", "me", None))
    while first.busy:
        first.serve(0)
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
            receptionist.serve(0)
        texts.append(ask.future.result().tokens)
    assert texts[0] == texts[1]


def test_the_reader_foretells_before_it_learns(librarian):
    """Reading a repetitive text once, the last tenth is foretold far better than the whole; no token counts twice."""
    text = torch.tensor(librarian.tokenizer.encode("the cat sat on the mat. " * 120)).numpy()
    reader = Reader(make_tutor(librarian).brain, librarian, LESSONS.model_copy(update={"learning_rate": 1e-2}), text)
    reading = reader.read(lambda line: None)
    assert reading.tokens == len(text) - 1
    assert reading.bytes == sum(librarian.tokenizer.byte_lengths()[i] for i in text[1:])
    assert reading.tail_bits_per_byte < 0.6 * reading.bits_per_byte


def test_a_text_is_read_with_full_strength_whatever_the_examinations_left(librarian):
    """A reader whose rate was cut to half a percent reads as one whose rate was never cut."""
    text = torch.tensor(librarian.tokenizer.encode("the rain sang on tuesday. " * 30)).numpy()
    readings = []
    for left in (1.0, 0.005):
        reader = Reader(make_tutor(librarian).brain, librarian, LESSONS, text)
        reader.rate_scale = left
        readings.append(reader.read(lambda line: None))
    assert readings[0] == readings[1]


def test_held_out_text_is_never_taught(tokenizer):
    """No lesson, dialogue included, ever holds a word that occurs only in the held-out tenth."""
    librarian = shelve(tokenizer, "the cat sat on the mat. " * 200 + "zzzzqqqq " * 15)
    secret = set(tokenizer.encode("zzzzqqqq")) - set(tokenizer.encode("the cat sat on the mat. "))
    assert secret
    tutor = make_tutor(librarian)
    seen: set[int] = set()
    forward = tutor.brain.forward

    def spy(tokens, *rest, **more):
        seen.update(tokens.flatten().tolist())
        return forward(tokens, *rest, **more)

    tutor.brain.forward = spy
    take_steps(tutor, 60)
    assert seen
    assert not seen & secret


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
        scales.append(tutor.rate_scale)
    assert scales == [1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.25, 0.25, 0.2, 0.2, 0.2]
    for learning, average, best in zip(tutor.brain.parameters(), tutor.voice.parameters(), voices[4], strict=True):
        assert torch.equal(average, best)
        assert torch.equal(learning, best)
    assert tutor.learning_rate() == pytest.approx(0.2 * settings.learning_rate)
    assert tutor.learning_rate(reviewing=True) == pytest.approx(0.25 * settings.learning_rate)
    tutor.heed(1.9)
    tutor.librarian = shelve(librarian.tokenizer, "something new: " + SENTENCES * 20)
    tutor.librarian.library = "another"
    take_steps(tutor, 1)
    assert (tutor.rate_scale, tutor.best_bits_per_byte) == (1.0, None)


def test_what_people_taught_is_not_taken_back(librarian):
    """After a lesson of theirs it goes on from its latest average, not from the best one, which does not know it; where
    that costs more than is tolerated, from a little nearer to the best."""
    tutor = make_tutor(librarian, LESSONS.model_copy(update={"plateau_patience": 1, "tolerance": 0.01}))
    take_steps(tutor, 1)
    tutor.heed(1.5)
    tutor.reviews.add(Pair(id="1", prompt="who?", answer="the cat."), librarian.tokenizer, tutor.step)
    take_steps(tutor, 2)
    for held_out, back in ((1.51, 0.0), (1.52, GIVEN_BACK)):
        latest = {name: parameter.clone() for name, parameter in tutor.voice.named_parameters()}
        tutor.heed(held_out)
        average = dict(tutor.voice.named_parameters())
        for name, parameter in tutor.brain.named_parameters():
            wanted = latest[name].lerp(tutor.best.weights[name], back)
            assert torch.equal(parameter, wanted)
            assert torch.equal(average[name], wanted)


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
        tutor.rate_scale = 0.01
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
    assert (other.examined_step, other.rate_scale) == (2, tutor.rate_scale)
    assert other.rate_scale < 1
    assert (other.best.bits_per_byte, other.best.waited, other.best.taught) == (1.5, 1, False)
    for name, parameter in tutor.best.weights.items():
        assert torch.equal(other.best.weights[name], parameter)
