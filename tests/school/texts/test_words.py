"""Ids of many texts at a go are those of the plain way, whatever stands between words."""

from __future__ import annotations

import random
import sys
from unicodedata import category

import pytest
from hypothesis import example, given
from hypothesis import settings as effort
from hypothesis import strategies as st

from school.texts import words
from school.texts.words import WordIds, cut
from tests.school.texts.test_tokenizer import FABLE, FOX, raised_on

SPACED = raised_on(
    "a  b   c    d\n\n\ne\n \nf \n\n g\t\th\r\n\r\ni \u3000j\u2003 k .  (so) 's 'tis it's\n" * 40 + FABLE * 9
)
WHITE = " \n\t\r\x0b\x0c\x1c\x1f\x85\xa0\u1680\u180e\u2003\u200b\u2028\u2029\u202f\u205f\u3000\ufeff\0"
BITS = st.sampled_from(
    [*WHITE, " ", "\n", "  ", "\n\n", "   ", "\n\n\n", "fox", "'s", "’", "“", "—", "5", "é", "狐", "🦊", "_"]
)
PIECES = st.lists(BITS | st.text(st.characters(), max_size=3), max_size=14).map("".join)


@effort(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=4))
@example(["the fox\n\n", "\n\nthe fox", " ", "", "\n", "a\n \nb", "a \n\n b   c", "said:\n\n“So”"])
@example(["fox 's"] * 2)
def test_the_same_ids(texts: list[str]):
    """Whatever is between words, known words or new ones."""
    for tokenizer in (FOX, SPACED):
        plain, encode = list(tokenizer.encode_many(texts)), tokenizer.in_bulk()
        for _ in range(2):
            assert [ids.tolist() for ids in encode(texts)] == plain


@pytest.mark.parametrize("longest", [2, pytest.param(3, marks=pytest.mark.trial)])
def test_each_white_space_before_after_and_between(longest: int):
    """Every run of up to two of the white space there is, as a trial of up to three: at the beginning, between words
    and at the end."""
    for first in WHITE:
        texts = [
            first + second + third for second in ["", *WHITE] for third in (["", *WHITE] if longest == 3 else [""])
        ]
        texts = [*texts, *(f"fox{gap}sat" for gap in texts), *(f"fox sat{gap}" for gap in texts)]
        assert [ids.tolist() for ids in SPACED.in_bulk()(texts)] == list(SPACED.encode_many(texts))


def words_of(text: str) -> list[str]:
    """As they are cut with other texts before and behind."""
    found = cut(["The end. ", text, "", " Or not"])
    spans = zip(found.starts.tolist(), found.sizes.tolist(), strict=True)
    words = [found.data[start : start + size].decode() for start, size in spans]
    assert "".join(words) == f"The end. {text} Or not"
    assert found.firsts.tolist() == [0, 3, len(words) - 2, len(words) - 2, len(words)]
    return words[3:-2]


def test_a_cut_changes_no_text():
    """All of it is there, in order; cut before each word and behind it, but for white space that is not told for
    certain."""
    assert words_of("The fox\nsat.\n\nSo did I") == ["The", " fox", "\nsat.", "\n", "\nSo", " did", " I"]
    assert words_of("The fox  sat.\n\n\nSo ") == ["The", " fox", " ", " sat.", "\n\n", "\nSo", " "]
    assert words_of("A\tb  c\u3000 d é \n\n") == ["A\tb", " ", " c\u3000", " d", " é \n\n"]
    assert words_of("A é \n\n") == ["A", " é", " \n\n"]


def test_what_is_known_is_not_encoded_again(monkeypatch: pytest.MonkeyPatch):
    """Words are encoded once, until so many are known that all are forgotten; long ones are never kept."""
    encoded: list[str] = []
    encode = WordIds(lambda texts: encoded.extend(texts) or FOX.encode_many(texts), FOX.byte_lengths())
    list(encode(["the fox sat by the fox"]))
    assert encoded == [" fox sat by the", "the"]
    encoded.clear()
    list(encode(["the fox sat"]))
    assert encoded == []
    long, longer = " " + "x" * words.LONGEST, "\n" + "y" * words.LONGEST
    list(encode([long, longer + longer, " moon the"]))
    assert encoded == [f" moon{long}{longer}"]
    encoded.clear()
    list(encode([" moon", long]))
    assert encoded == [long]
    monkeypatch.setattr(words, "KEPT", 5)
    list(encode([" moon"]))
    assert encode._known.keys() == {b" moon"}


@pytest.mark.parametrize("slots", [1, words.SLOTS])
@pytest.mark.parametrize("at_once", [5, words.AT_ONCE])
def test_words_that_share_a_place_and_texts_that_are_cut_together(
    monkeypatch: pytest.MonkeyPatch, slots: int, at_once: int
):
    """Many short words, and pairs that are alike but for a byte at every place; some known, some new."""
    monkeypatch.setattr(words, "SLOTS", slots)
    monkeypatch.setattr(words, "AT_ONCE", at_once)
    rng, encode = random.Random(1), FOX.in_bulk()
    for _ in range(20):
        texts = [
            " ".join("".join(rng.choices("ab狐", k=rng.randint(1, 18))) for _ in range(rng.randrange(30)))
            for _ in range(9)
        ]
        for _ in range(2):
            assert [ids.tolist() for ids in encode(texts)] == list(FOX.encode_many(texts))


def test_characters_that_may_be_white_space():
    """Whatever Unicode calls a separator, a control or a format, and some of all others, behind each kind of gap."""
    odd = [c for c in map(chr, range(sys.maxunicode + 1)) if category(c) in ("Zs", "Zl", "Zp", "Cc", "Cf")]
    texts = [
        f"a{gap}{char}b" for gap in (" ", "\n", "  ", "\n\n") for char in [*odd, *map(chr, range(0, 1 << 17, 997))]
    ]
    assert [ids.tolist() for ids in FOX.in_bulk()(texts)] == list(FOX.encode_many(texts))
