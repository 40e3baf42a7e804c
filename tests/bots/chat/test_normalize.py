"""Letters as a reader sees them: look-alikes are seen through, and ordinary writing is left alone."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from bots.chat.normalize import MARKS_KEPT, RUN_KEPT, folded, readings, visible, words
from tests.bots.chat.wild import WILD


@given(WILD)
def test_what_is_visible_is_visible(text):
    """No control, format or private characters, no piles of marks, no long runs, single spaces; and it stays so."""
    seen = visible(text)
    assert visible(seen) == seen
    assert seen == " ".join(seen.split())
    marks = longest = run = 0
    for before, c in zip(" " + seen, seen, strict=False):
        kind = unicodedata.category(c)
        assert kind[0] != "C"
        marks = marks + 1 if kind[0] == "M" else 0
        run = run + 1 if c == before else 1
        longest = max(longest, run)
        assert marks <= MARKS_KEPT
    assert longest <= RUN_KEPT


@given(st.text(st.characters(categories=["L", "N", "P", "Zs"], max_codepoint=0x24F), max_size=60))
def test_ordinary_writing_is_left_alone(text):
    """Latin letters, figures and punctuation come through, but for spaces and long runs."""
    plain = " ".join(unicodedata.normalize("NFC", text).split())
    if all(plain[i : i + RUN_KEPT + 1] != plain[i] * (RUN_KEPT + 1) for i in range(len(plain))):
        assert visible(text) == plain


@given(st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyz"), min_size=1, max_size=12))
def test_a_word_reads_as_itself(word):
    """Folding leaves plain letters, and the word itself is among its readings."""
    assert folded(word.upper()) == word
    assert word in readings(word)


def test_words_are_pulled_together():
    """Single letters in a row are one word; parts of a word are seen apart and together."""
    assert words("s o u p is g.o.o.d, well-made") == [
        "soup",
        "is",
        "g",
        "o",
        "o",
        "d",
        "good",
        "g.o.o.d",
        "well",
        "made",
        "wellmade",
        "well-made",
    ]
