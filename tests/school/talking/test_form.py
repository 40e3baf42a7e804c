"""Form: what an answer opens is closed, nothing else is, and a long one comes to an end."""

from __future__ import annotations

import pytest
import torch

from school.talking.form import Form
from school.texts.brackets import CLOSERS, OPENERS, waiting
from school.texts.tokenizer import END, Tokenizer
from tests.conftest import make_receptionist, make_tutor
from tests.school.talking.test_receptionist import ask


@pytest.fixture(scope="module")
def tutor(librarian):
    return make_tutor(librarian)


def test_nothing_is_closed_that_is_not_open(tutor):
    """And an answer that is long already opens nothing."""
    encode, form = tutor.librarian.tokenizer.encode, Form(tutor.librarian.tokenizer, 40)
    (opens,), (closes,), (plain,) = encode("("), encode(")"), encode("q")
    assert form.refuses(encode("the cat"), closes)
    assert not form.refuses(encode("the (cat"), closes)
    assert not form.refuses(encode("the cat"), opens)
    assert form.refuses(encode("q" * 20), opens)
    assert not form.refuses(encode("q" * 20), plain)
    assert {letter for letter in "()"} <= OPENERS | CLOSERS


def test_a_long_answer_is_pulled_to_its_end(tutor):
    """From half the longest on, and the longer the more, what ends a sentence gains, and nothing else."""
    tokenizer = tutor.librarian.tokenizer
    form, logits = Form(tokenizer, 40), torch.zeros(3, tokenizer.size)
    pulled = form.pulled(logits, [20, 25, 30])
    (stop,) = tokenizer.encode(".")
    (letter,) = tokenizer.encode("q")
    assert pulled[0].eq(0).all()
    assert 0 < pulled[1, stop] < pulled[2, stop]
    assert pulled[:, letter].eq(0).all()


@pytest.mark.parametrize("mark", ["(", '"'])
def test_an_answer_closes_what_it_opened(tutor, tmp_path, mark):
    """Where the end is all that is likely, the closing mark comes before it."""
    receptionist = make_receptionist(tutor, tmp_path, max_tokens=50, temperature=0.0)
    one, (opens,) = ask(), tutor.librarian.tokenizer.encode(mark)
    receptionist.admit(one)
    receptionist.serve()
    receptionist._logits[:, opens] = 99.0
    receptionist.serve()
    while receptionist.busy:
        receptionist._logits[:, END] = 99.0
        receptionist.serve()
    reply = one.future.result(timeout=0)
    assert reply.ending == "end"
    assert mark in reply.text
    assert waiting(reply.text) == ""


def test_a_limit_is_no_excuse(tutor, tmp_path):
    """An answer that is cut at its longest has its mark closed, within that."""
    receptionist = make_receptionist(tutor, tmp_path, max_tokens=6, temperature=0.0)
    one, (opens,) = ask(), tutor.librarian.tokenizer.encode("(")
    receptionist.admit(one)
    receptionist.serve()
    receptionist._logits[:, opens] = 99.0
    receptionist.serve()
    while receptionist.busy:
        receptionist._logits[:, tutor.librarian.tokenizer.encode("q")[0]] = 99.0
        receptionist.serve()
    reply = one.future.result(timeout=0)
    assert (reply.text.endswith("qqq)"), reply.ending, len(reply.tokens)) == (True, "limit", 6)


def test_a_word_goes_on_as_words_do(tutor):
    """In a word, a piece that is much less likely than another falls; to leave it at that is one way, however many
    tokens may come then. Between words all stays as it is."""
    tokenizer = tutor.librarian.tokenizer
    form, (q, z, comma, stop, space) = Form(tokenizer, 40), (tokenizer.encode(one)[0] for one in "qz,. ")
    logits = torch.full((1, tokenizer.size), -50.0)
    logits[0, [q, z, comma, stop]] = torch.tensor([0.6, 0.1, 0.15, 0.15]).log()
    spelled = form.spelled(logits, [[q]])
    fallen = (spelled < logits)[0]
    assert fallen[z]
    assert not fallen[[q, comma, stop, END]].any()  # one of the marks is no fifth of q, both together are
    assert form.spelled(logits, [[q, space]]).equal(logits)
    assert form.spelled(logits, [[]]).equal(logits)


def test_a_word_is_not_left_where_none_ends(tutor):
    """Where leaving it is unlikely, all that could follow falls, and comes only where the rest is refused."""
    tokenizer = tutor.librarian.tokenizer
    form, (q, z, comma) = Form(tokenizer, 40), (tokenizer.encode(one)[0] for one in "qz,")
    logits = torch.full((2, tokenizer.size), -50.0)
    logits[:, [q, z, comma]] = torch.tensor([0.5, 0.45, 0.05]).log()
    spelled = form.spelled(logits, [[q], [comma]])
    assert spelled[0].argmax() == q
    assert spelled[0, comma] < logits[0, comma]
    assert spelled.isfinite().all()
    assert spelled[1].equal(logits[1])


def test_where_words_are_not_spaced_pieces_are_no_spelling():
    """Of Japanese any character may follow another; of Greek, and of a language with accents, not."""
    text = "\u65e5\u672c\u8a9e\u3092\u8a71\u3059\u3002 \u03b3\u03b5\u03b9\u03b1 \u00e9t\u00e9 "
    tokenizer = Tokenizer.train([text * 20], vocabulary=320, minimum_frequency=2)
    form = Form(tokenizer, 40)
    met = {tokenizer.token_bytes(token).decode("utf-8", "ignore").strip()[-1:] for token in form.begun}
    assert {"\u03b1", "\u00e9", "t"} <= met
    assert not met & set("\u65e5\u672c\u8a9e\u3092\u8a71\u3059")
