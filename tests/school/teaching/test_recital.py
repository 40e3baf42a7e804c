"""The recital: what the owner taught is asked for at examinations, and what is not known by heart comes back soon."""

from __future__ import annotations

from dataclasses import replace

from school.door.values import ME, Pair
from school.souls.packing import pack_soul, wake_tutor
from school.teaching.recital import ASKED, Recital, by_heart, recite
from tests.conftest import LESSONS, make_receptionist, make_tutor, take_steps


def fact(name: str, *, prompt: str = "who sang?", answer: str = "the radio", person: str = ME, source: str = "fix"):
    return Pair(id=name, prompt=prompt, answer=answer, person=person, source=source, weight=2.0)


def taught(librarian, *pairs: Pair, steps: int = 0, **changes):
    tutor = make_tutor(librarian, LESSONS.model_copy(update=changes))
    for pair in pairs:
        tutor.learn(pair)
    take_steps(tutor, steps)
    return tutor


def put_off(tutor) -> None:
    """All that is taught comes back in a hundred steps only."""
    reviews = tutor.reviews
    reviews._reviews = {review.pair.id: replace(review, due=900, interval=100.0) for review in reviews.all}


def test_what_came_often_is_known_by_heart(librarian):
    """It says the answer to that question, and to no other; each pair is judged as if it were asked for alone. What is
    known keeps its dates."""
    told = fact("1")
    tutor = taught(librarian, told, steps=400, learning_rate=0.02, review_growth=1.0001, decay_steps=0)
    untold = fact("2", answer="my sister made bread"), fact("3", prompt="what?", answer="a letter, " * 50)
    tokenizer = librarian.tokenizer
    assert by_heart(tutor.voice, [untold[1], told, untold[0]], tokenizer) == [False, True, False]
    assert by_heart(tutor.voice, [told], tokenizer) == [True]
    put_off(tutor)
    tutor.heed(2.0)
    assert tutor.recital == Recital(1, 1)
    assert tutor.reviews.dates() == {"1": [900, 100.0]}


def test_what_is_not_known_begins_anew(librarian):
    """What the owner taught by hand, as a question and an answer; all else keeps its dates."""
    theirs, text = fact("2", person="twitch:1"), fact("3", prompt="", source="teach")
    tutor = taught(librarian, fact("1"), theirs, text, fact("4", source="good"), steps=60)
    dates = tutor.reviews.dates()
    assert dates["1"][1] > 10
    tutor.heed(2.0)
    assert tutor.recital == Recital(1, 0)
    assert tutor.reviews.dates() == dates | {"1": [min(64, dates["1"][0]), 4.0]}
    tutor.heed(2.0)
    assert tutor.reviews.dates()["1"] == [min(64, dates["1"][0]), 4.0]


def test_of_very_much_a_part_is_asked_for(librarian):
    """Each time another, and the same again from the same step."""
    tutor = taught(librarian, *[fact(f"{i:04}", answer=f"it was {i}") for i in range(ASKED + 50)])

    def begun_anew(step: int) -> set[str]:
        put_off(tutor)
        assert recite(tutor.voice, tutor.reviews, librarian.tokenizer, seed=0, step=step).asked == ASKED
        return {key for key, (_, interval) in tutor.reviews.dates().items() if interval == 4.0}

    first = begun_anew(10)
    assert len(first) == ASKED
    assert begun_anew(10) == first != begun_anew(11)


def test_a_saved_life_goes_on_with_what_began_anew(librarian, tmp_path):
    told = fact("1")
    tutor = taught(librarian, told, steps=60)
    tutor.heed(2.0)
    soul = pack_soul(tutor, make_receptionist(tutor, tmp_path), {})
    woken = make_tutor(librarian)
    wake_tutor(soul, woken, [told])
    assert woken.reviews.dates() == tutor.reviews.dates()
