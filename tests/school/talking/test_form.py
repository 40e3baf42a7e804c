"""Form: what an answer opens is closed, nothing else is, and a long one comes to an end."""

from __future__ import annotations

import re

import pytest
import torch

from brain.ops.backend import PYTORCH
from school.door.mailbox import Ask
from school.door.values import Manner
from school.talking.form import Form
from school.texts.brackets import CLOSERS, OPENERS, SMILE, says, waiting
from school.texts.characters import Characters
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
    assert form.refuses(encode("the cat"), closes, 40)
    assert not form.refuses(encode("the (cat"), closes, 40)
    assert not form.refuses(encode("the cat"), opens, 40)
    assert form.refuses(encode("q" * 20), opens, 40)
    assert not form.refuses(encode("q" * 20), plain, 40)
    assert {letter for letter in "()"} <= OPENERS | CLOSERS


FOND = ' " ( ) [ ] “ ” „ «\n: - . ! ""().".'


# What was said, piece by piece; what may come then, None: the end; of how many tokens at most; whether it is refused.
REFUSED = [
    ([], None, 40, True),
    (['"'], None, 40, True),
    (['"', " "], None, 40, True),
    (["he", '"'], None, 40, True),
    (["he", '"', "no"], None, 40, False),
    (["he", '"', "no", '"'], None, 40, False),
    (["..."], None, 40, True),
    (["(", "?"], None, 40, True),
    (["wow", "(", "?"], None, 40, False),
    ([":", ")"], None, 40, False),
    (["(", "no", ":"], None, 40, True),
    (["“"], None, 40, True),
    (["(", "“"], None, 40, True),
    (['"'], '"', 40, True),
    (['"', " "], '"', 40, True),
    (['"', "no"], '"', 40, False),
    (['"', "no", '"', " "], '"', 40, False),
    (["("], ")", 40, True),
    (["(", '"'], ")", 40, True),
    (["(", '"'], '"', 40, True),
    (["(", '"', "no", '"'], ")", 40, False),
    (["“"], "”", 40, True),
    (["“", "no"], "”", 40, False),
    (["“", "no"], '"', 40, False),
    (["“", "soup"], ")", 40, True),
    (["("], "!", 40, False),
    (["he", '"'], '".', 40, True),
    (["he", '"', "no"], '".', 40, False),
    ([], '""', 40, True),
    (["he"], "()", 40, True),
    (["he"], "().", 40, True),
    ([], "(", 2, True),
    ([], "(", 3, False),
    (["a"], "(", 3, True),
    (["a"], "(", 4, False),
    (["a", "("], " ", 4, True),
    (["a", "("], "!", 4, False),
    (["(", "a"], ":", 4, True),
    (["(", "a"], ".", 4, False),
    (["-"], "-", 2, True),
    (["-"], "-", 3, False),
    (["a"], "-", 2, False),
    (["(", "a", ")"], ".", 4, False),
    (["(", "a", ")", "a"], "(", 8, True),
]


@pytest.fixture(scope="session")
def marked_letters() -> Tokenizer:
    """With tokens of more than one mark."""
    text = '"" () (). “ ... ". () "" “ ”'.replace(" ", "\n")
    return Tokenizer.train([text * 20], vocabulary=320, minimum_frequency=2)


@pytest.mark.parametrize(("said", "token", "most", "refused"), REFUSED)
def test_what_may_not_come(marked_letters, said, token, most, refused):
    """Nothing is closed that has nothing in it, nothing ends behind what it opened, and all of it has room."""
    assert Form(marked_letters, most).refuses(*of_tokens(marked_letters, said, token), most) == refused


def of_tokens(tokenizer: Tokenizer, said: list[str], token: str | None) -> tuple[list[int], int]:
    before = [one for piece in said for one in tokenizer.encode(piece)]
    if token is None:
        return before, tokenizer.end
    *first, last = tokenizer.encode(token)  # of what is spelled by bytes the last one tells
    return before + first, last


def test_there_are_tokens_of_several_marks(marked_letters):
    for piece in ('""', "()", "().", '".', "“", "..."):
        assert len(marked_letters.encode(piece)) == 1, piece


def check_form(text: str) -> None:
    """It says something, no pair in it is empty, and none is open."""
    assert says(text), text
    assert waiting(text) == "", text
    assert not re.search(r"\(\s*\)|\[\s*\]|«\s*»|^[^\w\"]*\"\s*\"", SMILE.sub("☺", text)), text


@pytest.mark.parametrize("compiled", [False, True])
def test_whatever_is_likely_an_answer_says_something(tutor, tmp_path, monkeypatch, compiled):
    """Of random logits that are fond of marks and of the end, with room for one token to some, each answer says
    something, no pair is empty, and none is open."""
    receptionist = make_receptionist(tutor, tmp_path, together=16, max_tokens=24, max_seconds=600, temperature=1.0)
    if not compiled:
        receptionist.voice.backend = PYTORCH
    count = 240 if compiled else 96  # as people have it; and as slowly as without a compiler
    tokenizer, chance = receptionist.tokenizer, torch.Generator().manual_seed(1)
    fond = [END, *tokenizer.encode(FOND)]

    def random(guided):
        logits = 2 * torch.randn(guided.shape, generator=chance)
        logits[:, fond] += 6
        return logits

    monkeypatch.setattr(receptionist, "_remembered", random)
    asks = [Ask("hello", "", "me", None, kept=False, manner=Manner(max_tokens=1 + i % 24)) for i in range(count)]
    for one in asks:
        receptionist.admit(one)
    while receptionist.busy:
        receptionist.serve()
    for one in asks:
        reply = one.future.result(timeout=0)
        check_form(reply.text)
        assert len(reply.tokens) <= one.manner.max_tokens
    assert len({one.future.result().ending for one in asks}) > 1


@pytest.mark.parametrize(("said", "text"), [('"', '"q"'), ("(q", "(qq)"), ("q", "qq")])
def test_no_time_is_no_excuse(tutor, tmp_path, said, text):
    """Whose time is up says a word, and closes what is open."""
    receptionist = make_receptionist(tutor, tmp_path, max_tokens=40, temperature=0.0)
    one, wanted = ask(), iter(tutor.librarian.tokenizer.encode(said))
    receptionist.admit(one)
    with torch.no_grad():
        receptionist._welcome()
    for token in wanted:
        receptionist._logits[:] = 0
        receptionist._logits[:, token] = 99.0
        receptionist.serve()
    receptionist.settings = receptionist.settings.model_copy(update={"max_seconds": 1e-9})
    while receptionist.busy:
        receptionist._logits[:, tutor.librarian.tokenizer.encode("q")] = 99.0
        receptionist.serve()
    reply = one.future.result(timeout=0)
    assert (reply.text, reply.ending) == (text, "time")


def test_where_nothing_may_come_an_answer_ends(tutor, tmp_path, monkeypatch):
    """Rather than never."""
    receptionist = make_receptionist(tutor, tmp_path)
    monkeypatch.setattr(receptionist._form, "refuses", lambda said, token, most: True)
    one = ask()
    receptionist.admit(one)
    for _ in range(3):
        receptionist.serve()
    assert one.future.result(timeout=0).ending == "end"


def test_a_sentence_that_ended_does_not_end_anew_with_what_is_opened(tutor, tmp_path):
    """Half of the longest answer is said, and a quotation mark opened behind the end of a sentence."""
    receptionist = make_receptionist(tutor, tmp_path, max_tokens=10, temperature=0.0, guidance=1.0)
    encode, one = tutor.librarian.tokenizer.encode, ask()
    receptionist.admit(one)
    wanted = iter([*encode("qqq."), *encode('"'), *encode("q"), *encode("q")])
    while receptionist.busy:
        with torch.no_grad():
            receptionist._welcome()
        receptionist._logits[:, next(wanted, END)] = 99.0
        receptionist.serve()
    assert one.future.result(timeout=0).text == 'qqq."qq"'


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


# What was said; how likely the end, a full stop and an end of line are; which of them fall, and how likely the end is.
ENDED = [
    ("a", 0.3, 0.4, 0.1, "end", None),
    ("a", 0.4, 0.3, 0.1, "", 0.4),  # as where people write no full stops
    ("a.", 0.1, 0.4, 0.1, "", 0.1),
    ("a.\n", 0.1, 0.4, 0.2, "line", 0.3),
    ("a\n", 0.1, 0.4, 0.2, "end line", None),
    ("a\n", 0.3, 0.2, 0.2, "line", 0.3),
    ("a.\na", 0.1, 0.4, 0.2, "end", None),
    ("", 0.1, 0.4, 0.2, "end", None),
]


@pytest.mark.parametrize(("said", "end", "stop", "line", "fall", "then"), ENDED)
def test_an_answer_ends_like_what_it_learned_from(marked_letters, said, end, stop, line, fall, then):
    """With a sentence, and with a paragraph."""
    encode, form = marked_letters.encode, Form(marked_letters, 40)
    of = {"end": marked_letters.end, "stop": encode(".")[0], "line": encode("\n")[0]}
    logits = torch.full((1, marked_letters.size), 1e-9).log()
    logits[0, list(of.values())] = torch.tensor([end, stop, line]).log()
    ended = form.ended(logits, [encode(said)])
    assert {name for name, token in of.items() if ended[0, token] < logits[0, token] - 10} == set(fall.split())
    if then is not None:
        assert ended[0, of["end"]].exp() == pytest.approx(then, abs=1e-6)
    others = [token for token in range(marked_letters.size) if token not in of.values()]
    assert ended[0, others].equal(logits[0, others])


def ends(tokenizer: Tokenizer) -> tuple[list[list[int]], torch.Tensor, torch.Tensor]:
    """What was said in many cases, random logits (B, V), and what they become: for small bodies to do as well."""
    said = [tokenizer.encode(text) for text in ("", "a", "a.", "a.\n", "a\n", "\n", 'a."', "a.\n\n") for _ in range(6)]
    logits = 3 * torch.randn(len(said), tokenizer.size, generator=torch.Generator().manual_seed(3))
    return said, logits, Form(tokenizer, 40).ended(logits, said)


def test_by_characters_an_answer_ends_as_it_likes():
    tokenizer = Characters.of_texts(["abc.\n"], most=9, unknown="replace")
    logits = torch.randn(1, tokenizer.size)
    assert Form(tokenizer, 40).ended(logits, [tokenizer.encode("a")]).equal(logits)


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
