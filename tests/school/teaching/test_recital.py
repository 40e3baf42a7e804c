"""The recital: what the owner taught is asked for at examinations, and comes back often until it is known by heart."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from school.door.values import ME, Pair
from school.souls.packing import pack_soul, wake_tutor
from school.teaching.recital import ASKED, Recital, by_heart, recite
from school.teaching.reviews import AGAIN
from school.teaching.row_generator import RowGenerator
from tests.conftest import WHOLE, make_receptionist, make_tutor, take_steps

QUICK = {"learning_rate": 0.02, "decay_steps": 0}


def fact(name: str, *, prompt: str = "who sang?", answer: str = "the radio", person: str = ME, source: str = "fix"):
    return Pair(id=name, prompt=prompt, answer=answer, person=person, source=source, weight=2.0)


def taught(librarian, *pairs: Pair, steps: int = 0, **changes):
    tutor = make_tutor(librarian, WHOLE.model_copy(update=changes))
    for pair in pairs:
        tutor.learn(pair)
    take_steps(tutor, steps)
    return tutor


def intervals(tutor) -> dict[str, float]:
    return {key: interval for key, (_, interval, *_) in tutor.reviews.dates().items()}


@pytest.fixture(scope="module")
def knowing(librarian):
    """A tutor that was taught one fact, until it knew it."""
    tutor = taught(librarian, fact("1"), steps=100, **QUICK)
    while not by_heart(tutor.voice, [fact("1")], librarian.tokenizer)[0] and tutor.step < 400:
        take_steps(tutor, 20)
    take_steps(tutor, 20)  # so that it doesn't just know it
    assert intervals(tutor) == {"1": AGAIN}
    return tutor


def test_what_came_often_is_known_by_heart(knowing, librarian):
    """It says the answer to that question, and to no other; each pair is judged as if it were asked for alone. From now
    on it comes ever more rarely."""
    untold = fact("2", answer="my sister made bread"), fact("3", prompt="what?", answer="a letter, " * 20)
    voice, tokenizer = knowing.voice, librarian.tokenizer
    assert by_heart(voice, [untold[1], fact("1"), untold[0]], tokenizer) == [False, True, False]
    assert by_heart(voice, [fact("1")], tokenizer) == [True]
    knowing.heed(2.0)
    assert knowing.recital == Recital(1, 1)
    assert not knowing.reviews.unknown()
    take_steps(knowing, 40)
    assert intervals(knowing)["1"] > 3 * AGAIN


def test_what_is_not_known_comes_back_often(librarian):
    """An answer that the owner taught by hand; all else at growing intervals, whatever a recital finds."""
    theirs, text, liked = fact("2", person="twitch:1"), fact("3", prompt="", source="teach"), fact("4", source="good")
    long = fact("5", answer="a long story about the sea " * 20)
    tutor = taught(librarian, fact("1"), theirs, text, liked, long, steps=60, review_rows=64)
    tutor.heed(2.0)
    assert tutor.recital == Recital(1, 0)
    assert tutor.reviews.unknown() == ["1"]
    assert {key for key, interval in intervals(tutor).items() if interval > 3 * AGAIN} == {"2", "3", "4", "5"}
    assert intervals(tutor)["1"] == AGAIN


def test_what_is_not_known_has_a_quarter_as_many_rows_as_the_library(librarian):
    """However few rows there are for all else."""
    facts = [fact(f"{i:02}", prompt=f"{i}?") for i in range(40)]
    tutor, rows = taught(librarian, *facts, streams=8, review_rows=1), []
    for known in (False, True):
        tutor.reviews.recited({one.id: known for one in facts}, 0)
        step = tutor.planner.plan(0, talks=tutor.talks, anchored=False, strength=1.0, micro_streams=8)
        (task,) = step.tasks
        rows.append(len(task.tokens) - task.library_and_talks)
    assert rows == [2, 1]


def test_what_was_known_and_is_no_more_comes_back_soon(librarian):
    tutor = taught(librarian, fact("1"))
    tutor.reviews.recited({"1": True}, 0)
    tutor.reviews._reviews["1"] = replace(tutor.reviews["1"], due=900, interval=100.0)
    tutor.heed(2.0)
    assert tutor.reviews.dates() == {"1": [4, AGAIN]}


def test_of_two_answers_to_one_question_the_later_counts(librarian):
    """Else both would come back for ever: neither can be known while the other is taught."""
    tutor = taught(librarian, fact("1"), fact("2", prompt="Who sang? ", answer="the cat"))
    tutor.heed(2.0)
    assert tutor.recital.asked == 1
    assert tutor.reviews.unknown() == ["2"]


def test_of_very_much_a_part_is_asked_for(librarian):
    """Each time another, and the same again from the same step."""
    tutor = taught(librarian, *[fact(f"{i:04}", prompt=f"{i}?", answer=f"it was {i}") for i in range(ASKED + 50)])

    def found_unknown(step: int) -> list[str]:
        tutor.reviews.recited(dict.fromkeys(tutor.reviews.dates(), True), step)
        assert recite(tutor.voice, tutor.reviews, librarian.tokenizer, seed=0, step=step) == Recital(ASKED, 0)
        return tutor.reviews.unknown()

    first = found_unknown(10)
    assert len(first) == ASKED
    assert found_unknown(10) == first != found_unknown(11)


def test_a_saved_life_knows_what_it_does_not_know(librarian, tmp_path):
    told, other = fact("1"), fact("2", prompt="what?")
    tutor = taught(librarian, told, other, steps=10)
    tutor.reviews.recited({"2": True}, 10)
    soul = pack_soul(tutor, make_receptionist(tutor, tmp_path), {})
    woken = make_tutor(librarian)
    wake_tutor(soul, woken, [told, other])
    assert woken.reviews.dates() == tutor.reviews.dates()
    assert woken.reviews.unknown() == tutor.reviews.unknown() == ["1"]


def test_nothing_is_silenced_in_what_people_taught():
    """The rows before are as they would be without."""
    rows = [range(0, 3), range(1 << 21, (1 << 21) + 2)]
    masks = [RowGenerator(5, rows, whole=whole).mask(10, 0.5) for whole in ((), (3, 4))]
    assert torch.equal(masks[0][:3], masks[1][:3])
    assert set(masks[0].unique().tolist()) == {0.0, 2.0}
    assert masks[1][3:].unique().tolist() == [1.0]
