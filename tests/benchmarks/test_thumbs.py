"""The measurement of thumbs: the owner's taste, and what is marked of it."""

from __future__ import annotations

import pytest

from benchmarks.thumbs import Said, likes, verdicts


@pytest.mark.parametrize(
    ("text", "liked"),
    [
        ("I had a walk.", True),
        ("it was a long way to the sea and nobody knew it", False),
        ("it was a long way to the sea and there was soup", True),
        ("it was a long way to the souper and nobody knew it", False),
    ],
)
def test_the_owner_likes_what_is_short_or_names_food_or_a_colour(text: str, liked: bool):
    assert likes(text) == liked


def test_good_and_bad_take_turns():
    """As many of either, so that any even number of the first has as many."""
    said = [Said(f"q{i}", f"a{i}") for i in range(6)]
    marked = verdicts(said[:3], said[3:])
    assert [(pair.source, pair.answer) for pair in marked] == [
        ("good", "a0"), ("bad", "a3"), ("good", "a1"), ("bad", "a4"), ("good", "a2"), ("bad", "a5"),
    ]  # fmt: skip
    assert len({pair.id for pair in marked}) == 6
