"""Letters as a reader sees them: look-alikes are seen through, and ordinary writing is left alone."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from bots.chat.normalize import MARKS_KEPT, RUN_KEPT, folded, readings, seen, visible, words
from tests.bots.chat.wild import WILD


@given(WILD)
def test_what_is_visible_is_visible(text):
    """No control, format or private characters, no piles of marks, no long runs, single spaces; and it stays so."""
    shown = visible(text)
    assert visible(shown) == shown
    assert shown == " ".join(shown.split())
    assert seen(seen(text)) == seen(text)
    marks = longest = run = 0
    for before, c in zip(" " + shown, shown, strict=False):
        kind = unicodedata.category(c)
        assert kind[0] != "C"
        marks = marks + 1 if kind[0] == "M" else 0
        run = run + 1 if c == before else 1
        longest = max(longest, run)
        assert marks <= MARKS_KEPT
    assert longest <= RUN_KEPT


UNSEEN = [
    *range(0x20), *range(0x7F, 0xA1), 0xAD, 0x34F, 0x61C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180E,
    *range(0x2000, 0x2010), *range(0x2028, 0x2030), *range(0x205F, 0x2070), 0x2800, 0x3000, 0x3164, 0xE000,
    *range(0xFE00, 0xFE10), 0xFEFF, 0xFFA0, *range(0xFFF9, 0xFFFE), 0x1D173, *range(0xE0000, 0xE0080),
    *range(0xE0100, 0xE01F0), 0x10FFFD,
]  # fmt: skip


def test_nothing_unseen_is_left():
    """Whatever shows nothing is gone, in front of a word, behind it, alone behind a space, and within."""
    for code in UNSEEN:
        c = chr(code)
        for text in (f"{c}soup is good", f"soup is good{c}", f"soup is good {c}", f"soup {c} is {c}{c} good"):
            assert seen(text) == visible(text) == "soup is good", hex(code)
        assert seen(f"so{c}up").replace(" ", "") == "soup"
    assert seen("I \u2764\ufe0f you \u261d\U0001f3fd") == "I \u2764\ufe0f you \u261d\U0001f3fd"


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
