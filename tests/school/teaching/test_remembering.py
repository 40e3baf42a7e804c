"""The hippocampus in a life: it hears what is taught and nothing else, and helps on text that was not."""

from __future__ import annotations

from concurrent.futures import CancelledError, Future
from threading import Event, Thread
from threading import enumerate as enumerate_threads
from typing import NamedTuple

import numpy as np
import pytest
import torch

from benchmarks.learn import examine
from brain.hippocampus import MixingWeights
from brain.ops.backend import PYTORCH
from school.door.mailbox import Ask
from school.door.values import ME
from school.teaching.remembering import Remembering, Text, hear
from school.texts.shelf import Kept
from school.texts.tokenizer import BABY, DOCUMENT, END, PERSON
from tests.conftest import make_receptionist, make_tutor


@pytest.fixture(scope="module")
def tutor(librarian):
    return make_tutor(librarian)


def remembering(tutor, megabytes: int = 256) -> Remembering:
    return Remembering(tutor.librarian.tokenizer.pieces, tutor.brain.backend, megabytes)


def texts_of(tutor) -> list[Text]:
    return tutor.librarian.texts


def test_it_helps_on_held_out_text(tutor):
    """An examination tells both figures: of the brain alone as ever, and with the hippocampus a lower one; and how to
    mix is learned from it."""
    alone, heard = examine(tutor), remembering(tutor).now(texts_of(tutor))
    before = [half.values.clone() for half in heard.halves]
    both = examine(tutor, remembering=heard)
    assert alone.remembering is None
    assert both.bits_per_byte == alone.bits_per_byte
    assert both.remembering < 0.9 * both.bits_per_byte
    assert any(not torch.equal(old, half.values) for old, half in zip(before, heard.halves, strict=True))


def test_a_library_that_cannot_be_heard_ends_no_lessons(tutor):
    """Where there is not enough memory for it, the brain is examined alone."""

    class Unheard:
        context, written = False, 0

        @property
        def learn(self) -> np.ndarray:
            raise MemoryError

    heard = remembering(tutor)
    assert isinstance(heard.begin([Unheard()]).exception(60), MemoryError)
    assert examine(tutor, remembering=heard).remembering is None


def test_no_half_learns_from_what_it_judges(tutor):
    """The figure of an examination is the same whatever the readers of the other half would have had to say of it."""
    heard = remembering(tutor).now(texts_of(tutor))
    judge = heard.judge()
    rows = np.tile(np.arange(40, 80), (2, 1))
    rows[:, 0] = DOCUMENT
    logits = torch.randn(2, 39, tutor.librarian.tokenizer.size).log_softmax(-1)
    judge.nats(logits, rows, 0, np.array([[True] * 39, [False] * 39]))
    assert heard.halves[0].squares.sum() == 0
    assert heard.halves[1].squares.sum() > 0


def test_of_a_foreign_text_nothing_is_kept(tutor):
    heard = remembering(tutor).now(texts_of(tutor))
    rows = np.array([[DOCUMENT, *range(40, 60)]])
    logits = torch.randn(1, 20, tutor.librarian.tokenizer.size).log_softmax(-1)
    values = [half.values.clone() for half in heard.halves]
    count = len(list(heard.heard.result().tables.rows()))
    heard.adviser().nats(logits, rows, 0, np.ones((1, 20), dtype=bool))
    assert all(torch.equal(old, half.values) for old, half in zip(values, heard.halves, strict=True))
    assert len(list(heard.heard.result().tables.rows())) == count


def test_it_wakes_with_what_it_learned(tutor):
    """Weights go through a soul; those of another form are left aside."""
    one, other = remembering(tutor).now(texts_of(tutor)), remembering(tutor)
    examine(tutor, remembering=one)
    other.restore({name: tensor.clone() for name, tensor in one.tensors().items()})
    assert all(torch.equal(tensor, other.tensors()[name]) for name, tensor in one.tensors().items())
    fresh = remembering(tutor)
    fresh.restore({"values.0": torch.ones(3), "values.1": torch.full_like(fresh.halves[1].values, torch.nan)})
    assert all(half.values.isfinite().all() for half in fresh.halves)
    assert fresh.halves[0].squares.sum() == 0


def test_it_hears_no_more_than_fits(tutor):
    """Of the texts so many as fit, each as a whole; what it has room for is bounded."""
    librarian = tutor.librarian
    none = hear(librarian.texts, librarian.tokenizer.pieces, PYTORCH, 0)
    assert list(none.tables.rows()) == []
    others = np.random.default_rng(0).integers(40, librarian.tokenizer.size, (9, 2000))
    small = hear([Kept(tokens, context=False) for tokens in others], librarian.tokenizer.pieces, tutor.brain.backend, 1)
    first = small.contexts.keys(np.array([DOCUMENT, 1]), 1)[0, 0]
    heard = [token for key, token, _, _ in small.tables.rows() if key == first]
    assert 1 <= len(heard) < 9
    assert set(heard) == set(others[: len(heard), 0].tolist())
    assert small.bytes <= 3 << 20


def test_the_oldest_are_not_heard(tutor):
    """Where not all fit: those that were written last are, and one that is too large by itself keeps no other out."""
    pieces, backend = tutor.librarian.tokenizer.pieces, tutor.brain.backend
    rng = np.random.default_rng(1)
    texts = [Kept(rng.integers(40, len(pieces), 2000), context=False, written=(n * 7) % 9) for n in range(9)]
    huge = Kept(rng.integers(40, len(pieces), 9000), context=False, written=10)
    small = hear([*texts, huge], pieces, backend, 1)
    first = small.contexts.keys(np.array([DOCUMENT, 1]), 1)[0, 0]
    heard = {token for key, token, _, _ in small.tables.rows() if key == first}
    newest = sorted(texts, key=lambda text: -text.written)[: len(heard)]
    assert heard == {int(text.learn[0]) for text in newest}
    assert len(heard) < 9


def test_it_can_be_told_to_hear_no_more(tutor):
    """It ends behind the text that it is at, and so does its thread; new texts are heard instead of the old ones."""
    tokenizer, begun, go_on = tutor.librarian.tokenizer, Event(), Event()

    class Long(NamedTuple):
        context: bool = False
        written: int = 2

        @property
        def learn(self) -> np.ndarray:
            begun.set()
            go_on.wait(60)
            return np.array(tokenizer.encode("the radio sang. "), np.uint16)

    remembering = Remembering(tokenizer.pieces, tutor.brain.backend, 8)
    heard = remembering.begin([Long(), *tutor.librarian.texts])
    assert begun.wait(60)
    stopping = Thread(target=remembering.stop)
    stopping.start()
    go_on.set()
    stopping.join(60)
    assert isinstance(heard.exception(timeout=0), CancelledError)
    assert "hippocampus" not in {thread.name for thread in enumerate_threads()}
    assert remembering.begin(tutor.librarian.texts).result(60).counts.sum()
    remembering.stop()


def test_what_others_say_is_not_counted(tutor):
    """Of a chat the owner's words are counted, behind what the others said; of theirs nothing."""
    theirs, own = [50, 51, 52], [60, 61]
    chat = np.array([PERSON, *theirs, END, BABY, *own, END])
    tables = hear([Kept(chat, context=True)], tutor.librarian.tokenizer.pieces, PYTORCH, 256).tables
    assert {token for _, token, _, _ in tables.rows()}.isdisjoint(theirs)
    assert {token for _, token, _, _ in tables.rows()} >= {*own, END}


@pytest.mark.trial
def test_it_speaks_with_what_it_heard(tutor, tmp_path):
    """Once the library is heard answers are others, and more of the library's; the lessons know nothing of it."""
    heard, done = remembering(tutor), Future()
    heard.begin(texts_of(tutor)).add_done_callback(done.set_result)
    hippocampus, trusting = done.result(60).result(), MixingWeights.fresh()
    text = np.concatenate([[DOCUMENT], tutor.librarian.texts[0].learn]).astype(np.int64)
    guesses = torch.zeros(len(text) - 1, tutor.librarian.tokenizer.size).log_softmax(-1)
    hippocampus.judge(guesses, text, trusting, learn=True)
    receptionist = make_receptionist(tutor, tmp_path, max_tokens=30)

    def answers() -> list[tuple[int, ...]]:
        receptionist.replies = 0
        asks = [Ask("hello", "", ME, None, kept=False) for _ in range(20)]
        return [receptionist.answer(ask).tokens for ask in asks]

    pieces = np.concatenate([np.stack([t.learn[:-1], t.learn[1:]], 1) for t in tutor.librarian.texts])
    pairs = set(map(tuple, pieces.tolist()))

    def known(said: list[tuple[int, ...]]) -> float:
        return np.mean([pair in pairs for tokens in said for pair in zip(tokens, tokens[1:], strict=False)])

    before = answers()
    receptionist.listen_to(hippocampus, trusting)
    assert known(answers()) > 2 * known(before) + 0.01
