"""Each lesson knows whose words it taught."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest

from tests.conftest import make_tutor, take_steps


def test_the_shares_make_up_the_step(librarian):
    """All targets but document marks belong to a text; what they cost together is what the step cost, less the
    marks."""
    tutor = make_tutor(librarian)
    sizes = {text.sha256: len(text.learn) for text in librarian.texts}
    taught, targets = Counter(), 0
    for report in take_steps(tutor, 30):
        targets += tutor.planner.shape.tokens
        tokens = sum(one.tokens for one in report.taught)
        assert 0 < tokens <= tutor.planner.shape.tokens
        if tokens == tutor.planner.shape.tokens:
            assert sum(one.nats for one in report.taught) == pytest.approx(report.loss * tokens, rel=1e-4)
            bits = sum(one.nats for one in report.taught) / math.log(2) / sum(one.bytes for one in report.taught)
            assert bits == pytest.approx(report.bits_per_byte, rel=1e-4)
        taught.update({one.sha256: one.tokens for one in report.taught})
    assert taught.keys() <= sizes.keys()
    assert targets - taught.total() <= targets / 16  # document marks


def test_every_token_is_its_text_s(librarian):
    """A whole epoch teaches each text once, whatever its place in the circle."""
    circle = librarian._whole
    owners = circle.sources(7, circle.tokens)
    assert Counter(owners.tolist()) == {-1: len(librarian.texts)} | {
        number: len(text.learn) for number, text in enumerate(librarian.texts)
    }
    tokens, _ = circle.read(7, circle.tokens)
    for number, text in enumerate(librarian.texts):
        assert sorted(tokens[owners == number]) == sorted(np.asarray(text.learn).tolist())
