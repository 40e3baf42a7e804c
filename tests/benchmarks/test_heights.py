"""How much memory something takes while it is done."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.heights import LONGEST, RESET, height, heights, pairs
from tests.conftest import WHOLE, make_tutor


@pytest.mark.skipif(not RESET.exists(), reason="only Linux tells")
def test_what_is_handed_back_at_once_counts_too():
    found = height(lambda: np.ones(10_000_000).sum())
    assert 70 <= found["megabytes"] < 200
    assert found["seconds"] >= 0


@pytest.mark.skipif(not RESET.exists(), reason="only Linux tells")
def test_all_that_a_life_does_is_measured(librarian):
    tutor = make_tutor(librarian, settings=WHOLE)
    found = heights(tutor, "I had soup with Ann, and it was good. " * 40, 512)
    assert len(found) == 7
    assert all(one["seconds"] > 0 for one in found.values())
    assert tutor.taste.course is None
    assert tutor.plateau.knows_library


def test_pairs_are_of_a_text():
    text = "".join(chr(ord("a") + i % 26) for i in range(2000))
    found = pairs(text, 5, "good", "bad")
    assert [one.source for one in found] == ["good", "bad", "good", "bad", "good"]
    assert all(one.prompt + one.answer in text and len(one.answer) <= LONGEST for one in found)
