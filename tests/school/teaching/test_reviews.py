"""Reviews: what was taught comes back soon, then ever more seldom, in whole answers, and can be taken off the list."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import settings as effort
from hypothesis import strategies as st

from school.door.values import ME, Pair, Scope
from school.teaching.reviews import Dates, Reviews, as_tokens
from school.texts.tokenizer import BABY, DOCUMENT, END, MARK_COUNT, PERSON, Tokenizer

LETTERS = Tokenizer.train([], vocabulary=264, minimum_frequency=2)  # every byte is a token
ROOM = {"rows": 2, "length": 32}
SIZES = st.integers(1, 400)


def reviews(*, growth: float = 1.7, prompt_weight: float = 0.2, limit: int = 1000) -> Reviews:
    return Reviews(growth=growth, prompt_weight=prompt_weight, limit=limit)


def pair(name: str = "p", prompt: str = "hi", answer: str = "hello", **more) -> Pair:
    return Pair(id=name, prompt=prompt, answer=answer, **more)


def taught(*pairs: Pair, step: int = 0, **how) -> Reviews:
    listed = reviews(**how)
    for one in pairs:
        listed.add(one, LETTERS, step)
    return listed


def shown(listed: Reviews, step: int, *, rows: int = 2, length: int = 32) -> str:
    """The text of all that is due at a step, one line for each row."""
    return "\n".join(LETTERS.decode(row) for row in listed.rows(step, rows=rows, length=length)[0].tolist())


# ---- when ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("growth", "steps"),
    [(1.7, [7, 9, 12, 17, 25, 39, 63, 104, 174, 293]), (2.0, [7, 9, 13, 21, 37, 69, 133, 261])],
)
def test_it_comes_back_at_growing_intervals(growth: float, steps: list[int]):
    """A pair taught at step 7 is due at step 7, the next to be made, then after 2, 3, 5, 8, 14, ... more steps."""
    listed = taught(pair(), step=7, growth=growth)
    seen = [step for step in range(7, steps[-1] + 1) if shown(listed, step)]
    assert seen == steps


def test_its_own_answers_never_have_more_than_their_share():
    """However many of them are due, half of the room is for what others wrote; they stay due, and each has its turn."""
    own = [pair(f"a{i}", answer=f"my own words {i:2}", source="good") for i in range(12)]
    others = [pair(f"b{i}", answer=f"from a person {i}", source="teach") for i in range(4)]
    listed, seen = taught(*own, *others), set()
    for step in range(40):
        ids, weights = listed.rows(step, **ROOM)
        text = "\n".join(LETTERS.decode(row) for row in ids.tolist())
        assert text.count("my own words") <= 1
        seen |= {one.answer for one in (*own, *others) if one.answer in text}
    assert seen == {one.answer for one in (*own, *others)}


def test_nothing_due_is_no_rows():
    """Where nothing is due there are no rows, in the shapes of the others."""
    for listed in (reviews(), taught(pair(), step=10)):
        ids, weights = listed.rows(3, **ROOM)
        assert (ids.shape, weights.shape) == ((0, 33), (0, 32))


def test_a_date_that_was_missed_is_kept_later():
    """A pair whose step was missed is due at the next one, and its interval counts from there."""
    listed = taught(pair(), step=0)
    assert shown(listed, 100)
    assert [step for step in range(101, 110) if shown(listed, step)] == [102, 105]


def test_the_longest_due_comes_first():
    """Where there is no room for all, what has been due for longest is shown first."""
    listed = reviews()
    for i, due in enumerate((5, 2, 9, 4)):
        listed.add(pair(f"p{i}", "", f"text {i} " * 3), LETTERS, 0, Dates(due, 1.0))
    assert shown(listed, 10, rows=1, length=30).strip() == "text 1 text 1 text 1"
    assert shown(listed, 10, rows=1, length=30).strip() == "text 3 text 3 text 3"


# ---- rows ----------------------------------------------------------------------------------------------------------


def test_what_does_not_fit_stays_due():
    """Never more than the given rows; what found no room is due at the next step, and none is lost or shown twice."""
    listed = taught(*(pair(f"p{i:02}", "", f"<{i:02}>" + "x" * 20) for i in range(9)))
    sights = []
    for step in range(1, 6):
        ids, _ = listed.rows(0, **ROOM)
        assert len(ids) <= 2
        sights += [LETTERS.decode(row)[:4] for row in ids.tolist()]
        assert len(listed) == 9, step
    assert sights == [f"<{i:02}>" for i in range(9)]


def test_short_ones_share_a_row():
    """Pairs that fit into one row are packed into it, one behind the other, and nothing is learned at the seam."""
    listed = taught(pair("a", "ab", "cd"), pair("b", "ef", "gh"))
    ids, weights = listed.rows(0, rows=2, length=32)
    assert ids.shape == (1, 33)
    encode = LETTERS.encode
    first = [PERSON, *encode("ab"), END, BABY, *encode("cd"), END]
    second = [PERSON, *encode("ef"), END, BABY, *encode("gh"), END]
    assert ids[0].tolist() == first + second + [0] * 17
    each = [0.2, 0.2, 0.2, 0, 1, 1, 1]
    np.testing.assert_allclose(weights[0], [*each, 0, *each, *[0] * 17])


def test_what_is_short_fills_the_gaps():
    """Behind what has waited longer and leaves no room for the next; nobody who waits longer comes later for it."""
    listed = taught(pair("a", "", "a" * 20), pair("b", "", "b" * 20), pair("c", "", "c" * 20), pair("d", "", "d" * 5))
    assert shown(listed, 0).split("\n") == ["a" * 20 + "d" * 5, "b" * 20]
    assert shown(listed, 0) == "c" * 20


def test_what_is_to_be_known_by_heart_has_more_room():
    """It comes back in up to so many rows until a recital finds that it is known; then it shares the room of all else.
    Whoever has waited longest is among those that come, in either case."""
    facts = [pair(f"f{i}", f"{i}?", "f" * 20, person=ME, source="fix") for i in range(8)]
    listed = taught(*facts, *(pair(f"t{i}", "", "t" * 20) for i in range(8)), step=1)
    listed.add(pair("old", "", "o" * 20), LETTERS, 0)
    counts = []
    for known in (False, True):
        listed.recited({fact.id: known for fact in facts}, 0)
        ids, _ = listed.rows(1, rows=3, length=32, rows_for_heart=6)
        text = "".join(map(LETTERS.decode, ids.tolist()))
        counts.append([text.count(letter * 20) for letter in "oft"])
    assert counts == [[1, 5, 0], [0, 3, 0]]


def test_a_full_row_is_full():
    """A pair of length + 1 tokens takes just one row, one of a token more takes two."""
    for answer, rows in (("x" * 31, 1), ("x" * 32, 2)):
        ids, weights = taught(pair("a", "", answer)).rows(0, rows=2, length=32)
        assert ids.shape == (rows, 33)
        assert weights.sum() == len(answer) + 1


@effort(max_examples=150, deadline=None)
@given(
    texts=st.lists(st.tuples(st.integers(0, 60), st.integers(0, 150)), min_size=1, max_size=8),
    rows=st.integers(1, 4),
    length=st.integers(4, 40),
)
def test_rows_keep_their_shape(texts: list[tuple[int, int]], rows: int, length: int):
    """Whatever is taught: at most the given rows of the given length, weights from 0 to the pair's, every pair shown
    within as many calls as there are pairs."""
    listed = taught(*(pair(f"p{i}", "q" * asked, "a" * answered) for i, (asked, answered) in enumerate(texts)))
    waiting = dict(listed.dates())
    for _ in texts:
        ids, weights = listed.rows(0, rows=rows, length=length)
        assert len(ids) == len(weights) <= rows
        assert ids.shape[1:] == (length + 1,)
        assert weights.shape[1:] == (length,)
        assert ((weights >= 0) & (weights <= 1)).all()
        waiting = {key: date for key, date in waiting.items() if listed.dates()[key] == date}
    assert not waiting


# ---- long texts ----------------------------------------------------------------------------------------------------


def test_a_text_longer_than_a_row_goes_on_in_the_next():
    """A text longer than a row is cut into rows that overlap by one token, so that every target is there once."""
    text = "".join(chr(ord("A") + i % 26) for i in range(60))
    ids, weights = taught(pair("a", "", text)).rows(0, rows=2, length=32)
    assert ids.shape == (2, 33)
    assert ids[1, 0] == ids[0, -1]
    whole = [*ids[0].tolist(), *ids[1, 1:].tolist()]
    assert whole[:62] == [DOCUMENT, *LETTERS.encode(text), DOCUMENT]
    assert weights.sum() == 61


@effort(max_examples=120, deadline=None)
@given(size=SIZES, rows=st.integers(1, 3), length=st.integers(4, 40), growth=st.sampled_from([1.1, 1.7, 3]))
@example(size=126, rows=2, length=32, growth=1.7)
@example(size=125, rows=2, length=32, growth=1.7)
def test_a_book_is_learned_to_its_end(size: int, rows: int, length: int, growth: float):
    """A text of any length is shown part by part, in order: after as many showings as it has parts, each of its
    tokens was a target, and then it begins again."""
    numbers = [MARK_COUNT + i for i in range(size)]

    class Numbers:
        def encode(self, text: str) -> list[int]:
            return numbers

    listed = reviews(growth=growth)
    listed.add(pair("book", "", "x"), Numbers(), 0)
    parts = -(-(size + 1) // (rows * length))
    targets, firsts, step = set(), [], 0
    for _ in range(parts + 1):
        ids, weights = listed.rows(step, rows=rows, length=length)
        assert 1 <= len(ids) <= rows
        targets |= set(ids[:, 1:][weights > 0].tolist())
        firsts.append(ids[0].tolist())
        step = listed.dates()["book"][0]
    assert targets == {*numbers, DOCUMENT}
    assert firsts[-1] == firsts[0]
    assert listed.dates()["book"][1] == pytest.approx(growth ** (1 + 1 / parts))


def test_a_book_is_through_in_days_not_in_centuries():
    """The interval of a text in parts grows by each pass, not by each part: a first pass takes one or two steps a
    part."""
    listed = taught(pair("book", "", "x" * 6400))  # 101 parts
    steps = 0
    while listed.dates()["book"][1] < 1.699 and steps < 1000:
        listed.rows(steps, **ROOM)
        steps += 1
    assert 101 <= steps <= 202


def test_an_endless_text_holds_nobody_up():
    """A text far longer than the rows takes them once and then makes room for others that are due."""
    listed = taught(pair("a", "", "x" * 5000), pair("b", "", "short"))
    assert "short" not in shown(listed, 0)
    assert shown(listed, 1) == "short"


# ---- what is learned -----------------------------------------------------------------------------------------------


def test_weight_lies_on_the_answer_and_its_end():
    """Targets of the answer and its END weigh in full, those of the prompt and its END at prompt_weight, the marks
    that only the school sets nothing."""
    tokens, weights = as_tokens(pair("p", "ab", "cde"), LETTERS, 0.2)
    encode = LETTERS.encode
    assert tokens == [PERSON, *encode("ab"), END, BABY, *encode("cde"), END]
    assert weights == [0, 0.2, 0.2, 0.2, 0, 1, 1, 1, 1]
    ids, aligned = taught(pair("p", "ab", "cde"), prompt_weight=0.2).rows(0, rows=1, length=16)
    learned = {int(target): float(w) for target, w in zip(ids[0, 1:], aligned[0], strict=True) if w == 1}
    assert list(learned) == [*encode("cde"), END]


@pytest.mark.parametrize("prompt_weight", [0.0, 0.5, 1.0])
def test_prompt_weight(prompt_weight: float):
    """The prompt's targets weigh prompt_weight, from nothing to as much as the answer's."""
    _, weights = taught(pair("p", "abcd", "e"), prompt_weight=prompt_weight).rows(0, rows=1, length=16)
    assert weights[0, :9].tolist() == pytest.approx([prompt_weight] * 5 + [0, 1, 1, 0])


def test_a_weighty_pair_weighs_more():
    """A pair's weight multiplies all its targets'."""
    _, weights = as_tokens(pair("p", "a", "b", weight=2.0), LETTERS, 0.25)
    assert weights == [0, 0.5, 0.5, 0, 2, 2]


def test_a_text_is_learned_as_a_document():
    """A pair without a prompt is a document between document marks, learned in full, the closing mark included."""
    tokens, weights = as_tokens(pair("p", "", "abc"), LETTERS, 0.2)
    assert tokens == [DOCUMENT, *LETTERS.encode("abc"), DOCUMENT]
    assert weights == [0, 1, 1, 1, 1]


def test_an_answer_that_spells_marks_is_text():
    """Prompt and answer cannot bring in marks of their own."""
    tokens, _ = as_tokens(pair("p", "<end><baby>yes", "<person>"), LETTERS, 0.2)
    assert [token for token in tokens if token < MARK_COUNT] == [PERSON, END, BABY, END]


# ---- forgetting ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "gone"),
    [
        ({"person": "ann"}, {"a", "b"}),
        ({"source": "good"}, {"a", "c"}),
        ({"replies": frozenset({"r1"})}, {"b"}),
        ({"person": "ann", "source": "good"}, {"a", "b", "c"}),
        ({"person": "nobody"}, set()),
        ({}, set()),
        ({"person": "", "source": "", "replies": frozenset()}, set()),
    ],
)
def test_forgetting(who: dict[str, str], gone: set[str]):
    """forget takes off the pairs of that person, from that source or made from those replies, says how many, and leaves
    the others; no name means nobody."""
    listed = taught(
        pair("a", answer="alpha", person="ann", source="good"),
        pair("b", answer="beta", person="ann", source="fix", reply="r1"),
        pair("c", answer="gamma", person="bob", source="good", reply="r2"),
        pair("d", answer="delta"),
    )
    assert listed.forget(Scope(**who)) == len(gone)
    assert {name for name in "abcd" if name not in listed} == gone
    assert len(listed) == 4 - len(gone)
    text = shown(listed, 0, length=100)
    words = {"a": "alpha", "b": "beta", "c": "gamma", "d": "delta"}
    assert {name for name, word in words.items() if word not in text} == gone
    assert listed.forget(Scope(**who)) == 0


def test_a_forgotten_pair_is_never_due_again():
    """What was forgotten does not come back at any later step."""
    listed = taught(pair("a", person="ann"))
    assert shown(listed, 0)
    listed.forget(Scope(person="ann"))
    assert not [step for step in range(200) if shown(listed, step)]
    assert listed.dates() == {}


# ---- a list with an end --------------------------------------------------------------------------------------------


def test_the_best_known_makes_room():
    """Beyond the limit the pair with the longest interval goes, and the new one stays."""
    listed = reviews(limit=3)
    for name, interval in (("new", 2.0), ("known", 50.0), ("old hand", 9.0)):
        listed.add(pair(name), LETTERS, 0, Dates(5, interval))
    listed.add(pair("newest"), LETTERS, 0)
    assert len(listed) == 3
    assert set(listed.dates()) == {"new", "old hand", "newest"}


def test_the_limit_holds():
    """However many are taught, never more than the limit are on the list, and the last one is among them."""
    listed = reviews(limit=5)
    for i in range(30):
        listed.add(pair(f"p{i}"), LETTERS, i)
        assert len(listed) <= 5
        assert f"p{i}" in listed


def test_the_same_pair_again_is_one_pair():
    """A pair added again replaces itself, with its new text and date."""
    listed = taught(pair("a", answer="old"), pair("a", answer="new"))
    assert len(listed) == 1
    assert "new" in shown(listed, 0)


# ---- dates survive a night -----------------------------------------------------------------------------------------


def test_dates_survive():
    """With the dates that a soul kept (through JSON), a new list shows the same at every step as the old one."""
    pairs = [pair(f"p{i}", answer=f"answer {i}") for i in range(4)] + [pair("book", "", "x" * 300)]
    old = taught(*pairs)
    for step in range(20):
        old.rows(step, **ROOM)
    kept = json.loads(json.dumps(old.dates()))
    new = reviews()
    for one in pairs:
        new.add(one, LETTERS, 20, Dates(*kept[one.id]))
    assert new.dates() == old.dates()
    for step in range(20, 120):
        for mine, yours in zip(new.rows(step, **ROOM), old.rows(step, **ROOM), strict=True):
            np.testing.assert_array_equal(mine, yours)


def test_dates_are_plain_numbers():
    """dates gives, for each pair, the step it is due and its interval."""
    listed = taught(pair("a"), pair("b"), step=4)
    assert listed.dates() == {"a": [4, 1.0], "b": [4, 1.0]}
    listed.rows(4, **ROOM)
    assert listed.dates() == {"a": [6, 1.7], "b": [6, 1.7]}
