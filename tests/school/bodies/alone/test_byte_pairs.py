"""Byte pairs in pure Python: the same ids as the library's, for anything that can be written."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from school.bodies.alone.byte_pairs import BytePairs
from school.bodies.compact import classes, letters_of
from school.texts.tokenizer import MARK_COUNT, Tokenizer

TRAINED_ON = (
    "the cat's mat, the cat's hat; they're 1,234 or 12 345 and ½ 猫が好き 猫が好き naïve naïve 👩‍🚀 👩‍🚀 "
    "I'll we've don't can't\n\n"
    "  indented\tand  spaced \r\n aaaaaaaaaaaaaaaa abababababab "
)


@pytest.fixture(scope="module")
def library() -> Tokenizer:
    return Tokenizer.train([TRAINED_ON * 4], vocabulary=420, minimum_frequency=2)


@pytest.fixture(scope="module")
def own(library) -> BytePairs:
    return BytePairs(letters_of(library), MARK_COUNT)


SEEN = st.lists(
    st.sampled_from([*TRAINED_ON, "'s", " '", "  ", "\u2003", "\x1c", "\x85", "\u00a0", "²", "Ⅷ", "ʰ"])
).map("".join)


@settings(max_examples=100)
@given(st.one_of(st.text(max_size=60), SEEN, st.text("ab", max_size=80), st.text(st.characters(codec="ascii"))))
def test_the_same_ids_as_the_library(library, own, text):
    """And back: what is decoded is what was written."""
    ids = own.encode(text)
    assert ids == library.encode(text)
    assert own.decode(ids) == library.decode(ids) == text


def test_surrogates_and_torn_characters(library, own):
    for text in ("a\ud800b", "\udfff", ""):
        assert own.encode(text) == library.encode(text)
    for ids in ([MARK_COUNT, 300, 299], [200, 201, 202, 0, 4], []):
        assert own.decode(ids) == library.decode(ids)


def test_every_character_is_of_its_kind(library, own):
    """All of the first plane, in order and each between others, cut as the library cuts them."""
    everything = [chr(code) for code in range(1 << 16) if not 0xD800 <= code < 0xE000]
    text = "".join(everything)
    cut = library._byte_pairs.pre_tokenizer.pre_tokenize_str(text)
    assert own._words.findall(text) == [text[start:stop] for _, (start, stop) in cut]


def test_kinds_of_characters():
    """Those that everybody knows."""
    found = {kind: re.compile("[" + "".join(f"{chr(a)}-{chr(b)}" for a, b in r) + "]") for kind, r in classes().items()}
    for kind, examples in {
        "letters": "aZéß猫ʰ\U00020000",
        "numbers": "09²½Ⅷ٣",
        "spaces": " \t\n\x85\u00a0\u3000",
    }.items():
        for character in examples:
            assert [one for one, pattern in found.items() if pattern.match(character)] == [kind], character
    for character in "-'!\x1c\u200b\U0001f680":
        assert not any(pattern.match(character) for pattern in found.values()), ascii(character)


def test_a_long_word_takes_no_time_to_speak_of(library, own):
    """A line of Japanese is one word; its time grows with its length and not with the square of that."""
    text = "猫が好き" * 2000
    assert own.encode(text) == library.encode(text)
