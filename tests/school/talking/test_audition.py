"""What is said at examinations: counted, recorded, and where speech decays the best self is kept."""

from __future__ import annotations

import pytest
import torch

from school.talking.audition import Audition
from school.teaching.examination import Examination
from school.texts.fluency import Fluency, fluency
from tests.conftest import SENTENCES, WHOLE, make_tutor, shelve, take_steps

GOOD = Fluency(known_words=0.98, ended=1.0, distinct_2=0.8)


def test_fluency_is_counted():
    """Words that are known, ends of sentences, different pairs of neighbours."""
    found = fluency(["the cat sat.", "the cat sat on"], {"the", "cat", "sat"})
    assert found == Fluency(known_words=round(6 / 7, 4), ended=0.5, distinct_2=0.6)
    assert fluency([], set()) == Fluency(0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("now", "worse"),
    [
        (GOOD, False),
        (GOOD._replace(known_words=0.9, ended=0.7, distinct_2=0.6), False),
        (GOOD._replace(known_words=0.8), True),
        (GOOD._replace(ended=0.5), True),
        (GOOD._replace(distinct_2=0.3), True),
    ],
)
def test_much_worse_is_worse(now, worse):
    assert now.worse_than(GOOD) == worse


def test_the_same_weights_say_the_same(librarian):
    """Twice, and whoever else talks meanwhile; other weights say something else."""
    tutor = make_tutor(librarian)
    audition = Audition(tutor.voice)
    first = audition.hear(librarian, 1.0, 0.3)
    torch.rand(3)
    assert audition.hear(librarian, 1.0, 0.3) == first
    assert 0 <= min(first) <= max(first) <= 1


def examined(tutor, examination: Examination):
    examination.begin()
    while (result := examination.advance()) is None:
        pass
    return result


def test_where_speech_decays_the_best_self_is_kept(tokenizer, monkeypatch):
    """Though its bits are better than ever: the examination counts as one that was no better than the best."""
    monkeypatch.setattr("school.teaching.examination.HEARD_EVERY", 25)
    settings = WHOLE.model_copy(update={"evaluation_steps": 25, "plateau_patience": 1})
    tutor = make_tutor(shelve(tokenizer, SENTENCES * 200), settings)
    audition, said = Audition(tutor.voice), iter([GOOD, GOOD._replace(distinct_2=0.1)])
    monkeypatch.setattr(audition, "hear", lambda *how: next(said))
    examination = Examination(tutor, audition=audition)
    results = []
    for _ in range(2):
        take_steps(tutor, 25)
        results.append(examined(tutor, examination))
    assert [result.distinct_2 for result in results] == [0.8, 0.1]
    assert results[1].bits_per_byte < results[0].bits_per_byte == tutor.plateau.best_bits_per_byte
    assert tutor.plateau.rate_scale < 1
    for name, parameter in tutor.voice.named_parameters():
        torch.testing.assert_close(parameter, tutor.plateau.best.weights[name])
