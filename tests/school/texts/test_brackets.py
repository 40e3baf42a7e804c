"""Brackets and quotation marks: what of a text is still open."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from school.texts.brackets import may_end, waiting


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
        ('""', None),
        ('he said "" and left', None),
        ('he said " " and left', None),
        ("he said (“”", None),
        ('("', '")'),
        ('("a") (', ")"),
        ("( \ufffd)", None),
        ("(:))", ""),
        ('"a" "b"', ""),
    ],
)
def test_what_is_waiting_to_be_closed(text, needed):
    assert waiting(text) == needed


@given(st.text(alphabet='a .:([{“„«"', max_size=12))
def test_what_is_waiting_closes_everything(text):
    """Whatever was opened, once something stands in it, with what is waiting behind it nothing waits any more."""
    text += "a"
    assume(waiting(text) is not None)
    assert waiting(text + waiting(text)) == ""


@pytest.mark.parametrize(
    "text", ["", " ", '"', "(", "...", "?!", "- (", "\ufffd", "“", 'he said "', "no (", "no ( ", "(no:"]
)
def test_where_a_text_may_not_end(text):
    assert not may_end(text)


@pytest.mark.parametrize("text", ["no", ":)", "3", "<3", "☺", '"no', '"no"', "no (?", "no:", '(no:"so', "é", "猫"])
def test_where_it_may(text):
    assert may_end(text)
