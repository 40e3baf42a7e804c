"""Brackets and quotation marks: what of a text is still open."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from school.texts.brackets import waiting


@pytest.mark.parametrize(
    ("text", "needed"),
    [
        ("he said (as one does", ")"),
        ('he said "come in', '"'),
        ('he said "come in" and left', ""),
        ("«oui (non", ")»"),
        ("„ja", "“"),
        ("„ja“ und", ""),
        ("“yes", "”"),
        ("he left.)", None),
        ("a) one, 12) two :) ;-(", ""),
        ("he’s here", ""),
        ("([word)", None),
        ("(a", ")"),
        ("(in a) or b)", ""),
    ],
)
def test_what_is_waiting_to_be_closed(text, needed):
    assert waiting(text) == needed


@given(st.text(alphabet='a .:([{“„«"', max_size=12))
def test_what_is_waiting_closes_everything(text):
    """Whatever was opened, with what is waiting behind it nothing waits any more; behind a colon it would smile."""
    assume(not text.endswith(":"))
    assert waiting(text + waiting(text)) == ""
