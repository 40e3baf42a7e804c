"""A token for each character: what is read, what is refused, how turns are spelled, and a life that begins with it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from school.door.values import Pair, writable
from school.teaching.reviews import as_tokens
from school.texts.characters import MOST, Characters
from school.texts.places import Source
from school.texts.shelf import open_texts
from school.texts.survey import look_at, survey
from school.texts.tokenizer import BABY, DOCUMENT, END, MARK_COUNT, PERSON, Tokenizer
from school.texts.turns import conversation_segments, has_turns

TEXT = "Q: Is soup wet?\nA: Café: yes, 2×3 times.\n"
LETTERS = Characters.of_texts([TEXT], most=MOST, unknown="replace")


@given(st.text(alphabet=LETTERS.alphabet))
def test_a_text_comes_back_as_it_was(text):
    ids = LETTERS.encode(text)
    assert LETTERS.decode(ids) == text
    assert len(ids) == len(text)
    assert all(MARK_COUNT <= token < LETTERS.size for token in ids)


@given(st.text())
def test_what_it_lacks_is_a_space_or_nothing(text):
    """Whatever the text; what is refused is named, in one line."""
    known = "".join(letter if letter in LETTERS.alphabet else " " for letter in writable(text))
    assert LETTERS.decode(LETTERS.encode(text)) == known
    assert LETTERS.lacks(text) == ""
    strict = Characters(LETTERS.alphabet, "")
    kept = "".join(letter for letter in writable(text) if letter in LETTERS.alphabet)
    assert strict.decode(strict.encode(text)) == kept
    assert (strict.lacks(text) == "") == (kept == writable(text))
    assert len(strict.lacks(text).splitlines()) <= 1


@pytest.mark.parametrize("stand_in", [" ", "", "\n"])
def test_it_is_written_down_and_read_again(stand_in):
    first = Characters(LETTERS.alphabet, stand_in)
    again = Tokenizer.from_json(first.to_json())
    assert isinstance(again, Characters)
    assert (again.pieces, again.fingerprint, again.end) == (first.pieces, first.fingerprint, first.end)
    assert again.encode("soup § wet") == first.encode("soup § wet")


@pytest.mark.parametrize(
    "said",
    [
        {"characters": "abc", "unknown": " "},
        {"characters": LETTERS.alphabet + "a", "unknown": " "},
        {"characters": LETTERS.alphabet, "unknown": "§"},
        {"characters": LETTERS.alphabet, "unknown": "wet"},
        {"characters": LETTERS.alphabet, "unknown": None},
        {"characters": list(LETTERS.alphabet), "unknown": " "},
        {"characters": LETTERS.alphabet, "unknown": " ", "more": 1},
        {"characters": LETTERS.alphabet + "\ud800", "unknown": " "},
        {"characters": LETTERS.alphabet + "".join(map(chr, range(0x10000, 0x10000 + MOST))), "unknown": " "},
    ],
    ids=str,
)
def test_what_is_no_alphabet(said):
    with pytest.raises(ValueError, match="alphabet"):
        Tokenizer.from_json(json.dumps(said))


def test_the_commonest_letters_stay():
    """And those that turns are made of, in the order of code points."""
    letters = Characters.of_texts(["aaaa bbb cc d"], most=MARK_COUNT + 8, unknown="refuse")
    assert letters.alphabet == "\n :AQabc"


def test_turns_are_spelled():
    """Also where a question has lines of its own: nobody speaks for the other."""
    asked = LETTERS.encode("Is soup\nA: wet?")
    assert LETTERS.decode([*LETTERS.turn(PERSON, asked), *LETTERS.mark(BABY)]) == "Q: Is soup A: wet?\nA: "
    assert LETTERS.mark(END) == [LETTERS.end]
    assert LETTERS.mark(DOCUMENT) == [DOCUMENT]


def test_a_taught_answer_counts_and_its_cue_does_not():
    pair = Pair(id="1", prompt="Is soup wet?", answer="yes", weight=2.0, source="fix")
    tokens, weights = as_tokens(pair, LETTERS, 0.5)
    assert LETTERS.decode(tokens) == "Q: Is soup wet?\nA: yes\n"
    assert weights == [0.0] * 3 + [1.0] * 13 + [0.0] * 3 + [2.0] * 4


def test_questions_and_answers_in_a_text():
    """``Q: `` with ``A: `` below is a conversation, and a lone letter with a colon is none."""
    said = list(conversation_segments("Q: one?\nA: two\nand more\n\nQ: three?\n\nA: four\n"))
    assert said == [PERSON, "one?", END, BABY, "two\nand more", END, PERSON, "three?", END, BABY, "four", END]
    assert has_turns("A talk.\n\nQ: one?\nA: two\n")
    for text in ("A: apples\nB: pears\n", "Q: what?\nno\nA: b\n", "a: one\nq: two\n"):
        assert not has_turns(text)
    both = "you: hm\nA: is a letter\nbaby: yes\n"
    assert list(conversation_segments(both)) == [PERSON, "hm\nA: is a letter", END, BABY, "yes", END]


def test_a_text_with_other_letters_is_refused(tmp_path):
    """By name and with its letters, also where the tokens of others are kept; or it is read with spaces."""
    (tmp_path / "one.txt").write_text(TEXT * 30)
    (tmp_path / "two.txt").write_text(("Is soup § wet? ") * 30)
    sources = [Source(path, path.name) for path in sorted(tmp_path.glob("*.txt"))]
    files = survey(look_at(sources), 0.1)
    assert set(Characters.of_texts(files.letters(), most=MOST, unknown="replace").alphabet) >= {"§", "×", "é"}
    for stand_in, names in ((" ", ["one.txt", "two.txt"]), ("", ["one.txt"])):
        letters = Characters(LETTERS.alphabet, stand_in)
        for held_out in (0.1, 0.2):
            shelved = open_texts(sources, letters, held_out=held_out, cache=tmp_path / "cache", say=print)
            assert [text.name for text in shelved.texts] == names
            assert ("§" in shelved.skipped.get("two.txt", "")) == (not stand_in)
        text = letters.decode(shelved.texts[0].learn)
        assert text.startswith("Q: Is soup wet?\nA: Café: yes, 2×3 times.\nQ: ")
