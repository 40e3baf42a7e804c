"""Answers that are bad on purpose, each in its way."""

from __future__ import annotations

import pytest
import torch

from school.teaching.styles import LONGEST, PHRASES, REPEATED, STYLES, repeated
from school.texts.tokenizer import END
from tests.conftest import make_brain

QUESTIONS = [(20 + i, 40 + i) for i in range(12)]


@pytest.fixture
def voice(tokenizer):
    return make_brain(tokenizer)


def test_each_style_is_what_it_is_called(voice):
    """A loop goes round, a phrase is there for several, a wall doesn't end."""
    said = {name: style(voice, QUESTIONS, torch.Generator().manual_seed(0)) for name, style in STYLES.items()}
    assert all(not one or repeated(one) >= REPEATED for one in said["loops"])
    assert 1 <= len(set(said["canned"])) <= PHRASES
    assert {len(one) for one in said["wall"]} == {LONGEST["wall"]}
    assert all(END not in one for one in said["wall"] + said["loops"])
    assert all(len(one) <= LONGEST[name] for name, found in said.items() for one in found)


def test_what_goes_round_is_counted():
    assert repeated((5, 6, 5, 6, 5, 6, 5)) == pytest.approx(4 / 6)
    assert repeated((5, 6, 7, 8)) == 0
    assert repeated(()) == 0
