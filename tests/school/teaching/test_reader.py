"""The reader: predicts a text before it learns it, with full strength."""

from __future__ import annotations

import torch

from brain.hippocampus import Hippocampus
from school.teaching.reader import Reader
from school.texts.tokenizer import DOCUMENT
from tests.conftest import WHOLE, make_tutor


def nothing_heard(librarian) -> Hippocampus:
    return Hippocampus(librarian.tokenizer.pieces, DOCUMENT)


def test_the_reader_predicts_before_it_learns(librarian):
    """Reading a repetitive text once, the last tenth is predicted far better than the whole; no token counts twice."""
    text = torch.tensor(librarian.tokenizer.encode("the cat sat on the mat. " * 120)).numpy()
    settings = WHOLE.model_copy(update={"learning_rate": 1e-2})
    reader = Reader(make_tutor(librarian).brain, librarian, settings, text, nothing_heard(librarian))
    reading = reader.read(lambda line: None)
    assert reading.tokens == len(text) - 1
    assert reading.bytes == sum(librarian.tokenizer.byte_lengths()[i] for i in text[1:])
    tenth = len(text) // 10
    assert reader.alone[-tenth:].mean() < 0.6 * reader.alone.mean()
    assert reader.nats.sum() < 0.5 * reader.alone.sum()  # what repeats itself, counts know at once


def test_a_text_is_read_with_full_strength_whatever_the_examinations_left(librarian):
    """A reader whose rate was cut to half a percent reads as one whose rate was never cut."""
    text = torch.tensor(librarian.tokenizer.encode("the rain sang on tuesday. " * 30)).numpy()
    readings = []
    for left in (1.0, 0.005):
        reader = Reader(make_tutor(librarian).brain, librarian, WHOLE, text, nothing_heard(librarian))
        reader.tutor.plateau.rate_scale = left
        readings.append(reader.read(lambda line: None))
    assert readings[0] == readings[1]
