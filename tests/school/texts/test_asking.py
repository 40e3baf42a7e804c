"""Questions made of statements, and conversations made of a library."""

from __future__ import annotations

import numpy as np
import pytest

from school.texts.asking import BARE, Asking, forms
from school.texts.dialogues import sentences_of
from tests.conftest import shelve
from tests.school.texts.test_librarian import TOKENIZER


def weight(word: str) -> float:
    return float(word.lower() not in {"the", "and", "was", "went", "with"})


def kinds(statement: str, code: str = "en") -> dict[str, str]:
    return {word.text: word.kind for word in Asking(code, weight).words(statement)}


def test_words_and_their_kinds():
    """Names with their titles, places behind a preposition, things behind an article, and any other word."""
    assert kinds("Then I went to Hinchingbroke with Mr. Moore and left the lantern, softly.") == {
        "Hinchingbroke": "anywhere", "Mr. Moore": "anyone", "Then": "anything", "left": "anything",
        "lantern": "thing", "softly": "anything",
    }  # fmt: skip
    assert set(kinds("Dann ging er nach Berlin.", "xx").values()) == {"anything"}


@pytest.mark.parametrize("code", ["en", "de", "xx"])
def test_a_question_asks_for_a_word_of_the_statement(code):
    """Or for none of them, in one of the forms of the language."""
    statement, asked = "We saw Biscuit near the lantern.", set()
    for seed in range(200):
        question = Asking(code, weight).question(statement, np.random.default_rng(seed))
        assert "{}" not in question
        taken = [word for word in ("biscuit", "lantern", "saw", "near") if word in question.lower()]
        assert taken or question.lower() in {form.lower() for form in forms(code)["open"]}
        asked.update(taken or [""])
    assert asked >= {"biscuit", "lantern", ""}


def test_forms_are_whole():
    """Every language has open ones and ones for any word, and each but the open ones takes just one word."""
    for code in ("en", "de", "fr", "es", "it", "nl", "pt", "sv", "fi", "xx"):
        known = forms(code)
        assert known.keys() >= BARE.keys()
        for kind in ("anything", "thing", "anyone", "anywhere"):
            assert all(form.count("{}") == 1 for form in known.get(kind, ()))
        assert not any("{}" in form for form in known["open"])


def test_sentences_go_on_behind_a_title():
    text = "I met Mr. Moore there. We went home\nand so to bed. “It is late.” I slept"
    assert sentences_of(text) == [
        "I met Mr. Moore there.",
        "We went home",
        "and so to bed.",
        "“It is late.”",
        "I slept",
    ]


def test_answers_take_up_their_questions():
    """Most of what comes before an answer shares a word with it that says something."""
    people = ("Ann", "Bob", "Carl", "Dora", "Egon")
    text = "".join(f"{who} gave the {i} loaves away. " for i in range(60) for who in people)
    dialogues, shared = shelve(TOKENIZER, text)._dialogues, 0
    dialogues._asking = Asking("en", weight)  # in a library of so few words none is rare
    for number in range(60):
        exchange = dialogues.exchange(number, 0)
        question, answer = (TOKENIZER.decode(part).casefold() for part in exchange)
        shared += any(word in question for word in answer.rstrip(".").split() if word not in ("the", "away", "gave"))
    assert shared > 30
