"""Ends of sentences."""

from __future__ import annotations

import pytest

from school.texts.sentences import ends_sentence


@pytest.mark.parametrize(
    "text",
    [
        "It rained.",
        "Why?",
        '"Come in!"',
        "(so it was.)",
        "and so on...",
        "猫は寝ている。",
        "क्या हुआ?",
        "वह सो गया।",
        "he left.  ",
    ],
)
def test_an_end(text):
    assert ends_sentence(text)


@pytest.mark.parametrize("text", ["It rained", "I met Mr.", "by J.", "on the 15.", "", "well,", "it was 3.5", "(Dr."])
def test_none(text):
    assert not ends_sentence(text)
