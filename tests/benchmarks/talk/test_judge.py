"""The judge that looks for an answer's question, and what is counted of it."""

from __future__ import annotations

import random

import numpy as np
import pytest

from benchmarks.talk.judge import Judge, co_occurrence, roots
from benchmarks.talk.library import Library
from benchmarks.talk.point import ceiling, echoed, found, hits_of, interval, others_for, summary
from benchmarks.talk.questions import Question

KITCHEN = ["soup", "spoon", "pot", "kettle", "bread", "onion"]
SEA = ["boat", "gull", "wave", "harbour", "sail", "fish"]


def told_of(things: list[str], rng: random.Random) -> list[str]:
    return ["the {} was with the {} and the {}".format(*rng.sample(things, 3)) for _ in range(200)]


@pytest.fixture(scope="module")
def judge() -> Judge:
    """One that has read of kitchens first, then of the sea."""
    rng = random.Random(0)
    return Judge(told_of(KITCHEN, rng) + told_of(SEA, rng))


def test_words_lose_their_plural():
    assert roots("Gran's boats, the glass") == ["gran", "boat", "the", "glass"]


def test_words_near_each_other_count_by_their_distance():
    """0 1 - 0: neighbours count 1, the next but one 1/2, the third 1/3, and both ways."""
    counts = co_occurrence(np.array([0, 1, -1, 0]), 2)
    assert counts[0, 1] == counts[1, 0] == 1 + 1 / 2
    assert counts[0, 0] == pytest.approx(2 / 3)


def test_a_shared_word_finds_the_question(judge):
    scores = judge.scores("I saw boats.", ["where is the soup?", "where is the boat?", "where is it?"])
    assert scores.argmax() == 1


def test_the_rarer_word_decides(judge):
    scores = judge.scores("the spoon was", ["the pot was", "a spoon"])
    assert scores.argmax() == 1


def test_a_related_word_finds_it_too(judge):
    """None of the words is in a question; what was read of together is related."""
    questions = ["the boat?", "the soup?"]
    assert [judge.scores(f"a {thing}!", questions).argmax() for thing in KITCHEN[1:]] == [1] * 5
    assert [judge.scores(f"a {thing}!", questions).argmax() for thing in SEA[1:]] == [0] * 5


def test_an_answer_of_nothing_known_comes_to_chance(judge):
    others = [f"where is the boat, {number}?" for number in range(9)]
    assert found(judge, "xyzzy", "where is the soup?", others) == 0.1
    assert found(judge, "", "where is the soup?", others) == 0.1


def test_a_judge_without_a_library_still_compares_words():
    assert Judge([]).scores("soup", ["boat", "soup"]).argmax() == 1


def test_nine_others_without_the_question_itself():
    questions = [str(number) for number in range(20)] + ["7"]
    for seed in range(20):
        others = others_for("7", questions, random.Random(seed))
        assert len(set(others)) == 9
        assert "7" not in others


def test_hits_are_the_same_each_time_and_summed_by_kind(judge):
    asked = [Question("where is the soup?", True), Question("is the boat out?", False)]
    questions = ["where is the soup?", "is the boat out?", *(f"{number} gulls?" for number in range(12))]
    answers = [["soup", "soup."], ["soup", "boat"]]
    hits = hits_of(judge, [question.text for question in asked], answers, questions)
    assert hits == [[1.0, 1.0], [0.0, 1.0]]
    told = summary(hits, asked)
    assert (told["mean"], told["named"], told["others"]) == (0.75, 1.0, 0.5)
    assert (told["low"], told["high"]) == (0.5, 1.0)


def test_the_interval_narrows_with_more_questions():
    few, many = (interval([0.0, 1.0] * half) for half in (10, 1000))
    assert few[0] < many[0] < 0.5 < many[1] < few[1]
    assert many[1] - many[0] == pytest.approx(2 * 1.96 * 0.5 / 2000**0.5, rel=0.15)


def test_echoed_words():
    assert echoed([("is it soup?", "it is Soup"), ("who?", "nobody")]) == 0.75
    assert echoed([("is it soup?", "...")]) is None


def test_the_ceiling_of_people_who_answer_to_the_point_is_high_and_dealt_out_is_chance():
    """Each of a hundred pairs has a word of its own; there is no ceiling where there are few pairs."""
    names = ["".join(chr(97 + (number // 26**place) % 26) for place in range(3)) + "qu" for number in range(100)]
    pairs = [(f"where is the {name}?", f"I think the {name} is here") for name in names]
    library = Library(taught=[said for pair in pairs for said in pair], pairs=pairs)
    found_ = ceiling(library)
    assert found_["mean"] == 1.0
    assert 0.05 < found_["dealt_out_anew"] < 0.15
    assert found_["pairs"] == 100
    assert ceiling(Library(taught=["..."], pairs=pairs[:20])) is None
