"""Well-formedness, on texts whose figures can be counted by hand."""

from __future__ import annotations

import pytest

from benchmarks.talk.form import closed_marks, copied_words, ends, figures
from school.texts.fluency import distinct_2, known_words, words


def test_words_have_no_marks():
    assert words("“Don’t!” said Mr Bell, 12 times_over...") == ["don't", "said", "mr", "bell", "times", "over"]


def test_known_words():
    assert known_words(["The cat", "the blorp, CAT"], {"the", "cat"}) == 0.8
    assert known_words(["...", ""], {"the"}) is None


def test_ends():
    assert ends(["It rained.", 'She said "No!"', "I saw Mr.", "and then", ""]) == 0.4


@pytest.mark.parametrize(
    ("text", "closed", "all_of_them"),
    [
        ("no mark at all", 0, 0),
        ('"Well," she said (twice).', 2, 2),
        ('"Well, she said (twice.', 0, 2),
        (") the wrong way round (", 0, 2),
        ("“So [it was]”, «he» said", 3, 3),
        ("a smile :) and a list: 1) one b) two", 0, 0),
    ],
)
def test_marks_that_close(text, closed, all_of_them):
    assert closed_marks([text]) == (closed, all_of_them)


def test_a_mark_is_not_closed_by_the_next_text():
    assert closed_marks(['"one', 'two"']) == (0, 2)


def test_distinct_pairs_of_words():
    """Pairs don't reach from one text into the next; whole texts are taken up to a limit."""
    assert distinct_2(["a b a b", "b a"]) == (0.5, 6)  # ab ba ab, ba
    assert distinct_2(["a b c", "a b c"], limit=5) == (1.0, 3)
    assert distinct_2(["one", ""]) == (None, 1)


def test_copied_words_are_those_in_long_runs():
    library = "once there was a goat who ate the whole of my hat. it was blue"
    run = "There was a goat who ate the whole"  # eight words
    assert copied_words([run], library) == 1.0
    assert copied_words(["there was a goat who ate the"], library) == 0.0
    assert copied_words([f"I say: {run}"], library) == 0.8
    assert copied_words(["the whole of my hat it was blue"], library) == 1.0
    assert copied_words([""], library) is None


def test_all_figures_of_some_answers():
    found = figures(
        ["The cat sat.", "blorp"], [4, 2], {"the", "cat", "sat"}, library="", fresh=2, whole=["The cat (sat).", "("]
    )
    assert found == {
        "known_words": 0.75,
        "ends_with_a_sentence": 0.5,
        "closed_marks": 0.5,
        "marks": 2,
        "distinct_2": 1.0,
        "distinct_2_words": 4,
        "mean_words": 2.0,
        "two_tokens_or_fewer": 0.5,
        "copied_words": 0.0,
    }
