"""Whether it speaks worse than it did."""

from __future__ import annotations

import pytest

from school.texts.fluency import Fluency


@pytest.mark.parametrize(
    ("now", "before", "worse"),
    [
        (Fluency(0.98, 1.0, 0.8), Fluency(0.99, 1.0, 0.8), False),
        (Fluency(0.80, 1.0, 0.8), Fluency(0.99, 1.0, 0.8), True),
        (Fluency(0.99, 1.0, 0.4), Fluency(0.99, 1.0, 0.8), True),
        (Fluency(0.99, 0.5, 0.8), Fluency(0.99, 1.0, 0.8), True),
        (Fluency(1.0, 1.0, 0.05), Fluency(0.18, 0.67, 1.0), False),  # a newborn's babble is varied
    ],
)
def test_what_is_worse(now: Fluency, before: Fluency, worse: bool):
    assert now.worse_than(before) == worse


def test_it_is_told_in_words():
    assert str(Fluency(0.984, 1.0, 0.5)) == (
        "words that it knows 98 %, sentences that end 100 %, pairs of words that differ 50 %"
    )
