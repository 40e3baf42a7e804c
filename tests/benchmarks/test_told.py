"""The measurement of what is told: its facts are fit to be told, and enough of them are found again."""

from __future__ import annotations

import pytest

from benchmarks.told import Letters, facts_of, found
from school.assembly import open_recall
from school.settings import SchoolSettings


@pytest.mark.parametrize("half", ["a", "b"])
def test_the_facts_are_fit(half):
    """Each answer has its key, and no question gives it away; no question is asked twice."""
    facts, unrelated = facts_of(half)
    assert (len(facts), len(unrelated)) == (100, 100)
    asked = [question for fact in facts for question in (fact["ask"], *fact["again"])]
    assert len({question.casefold() for question in asked + unrelated}) == 500
    assert all(fact.in_(fact["answer"]) for fact in facts)
    assert not [fact for fact in facts if any(fact.in_(question) for question in (fact["ask"], *fact["again"]))]


@pytest.mark.parametrize("half", ["a", "b"])
def test_what_is_told_is_found_again(half):
    """Always in the same words, mostly in others, and seldom by somebody who asks something else."""
    shares = found(open_recall(Letters(), SchoolSettings()), *facts_of(half))
    assert shares["same"] == 1.0
    assert shares["paraphrases"] >= 0.75
    assert shares["another"] <= 0.07
    assert shares["false"] <= 0.03
    shares = found(open_recall(Letters(), SchoolSettings()), *facts_of(half), facts_of("both")[0])
    assert shares["paraphrases"] >= 0.75
    assert shares["false"] <= 0.05
