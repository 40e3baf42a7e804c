"""The questions: sixty, half of them filled with what a library knows."""

from __future__ import annotations

from benchmarks.talk.questions import KINDS, SLOT, ask_about, mine, read_frames

DIARY = """
In the morning I saw Gran in the garden. She waved, and Mr Bell waved too. The rain was loud.
I went to Dover, and then Mr Bell came from Dover with a kettle. The Dover train is late, says Gran.
My mother was in the garden, and I told Gran that Mr Bell had lost a kettle, near Dover.
Then it rained on Monday, and Gran said that on Monday it always does. It was a long morning. I had a kettle.
"""


def test_half_of_the_sixty_name_something():
    """In turns, each kind as often, no two alike."""
    frames = read_frames()
    assert len(frames) == len(set(frames)) == 60
    assert [bool(SLOT.search(frame)) for frame in frames] == [False, True] * 30
    assert [SLOT.search(frame)[1] for frame in frames[1::2]] == ["name", "place", "thing"] * 10


def test_names_places_and_things_are_found_by_their_form():
    found = mine(DIARY)
    assert found["name"] == ["Gran", "Mr Bell"]  # not Monday, nor Bell alone
    assert set(found["place"]) == {"Dover", "the garden"}
    assert found["thing"] == ["kettle"]  # not morning


def test_every_library_fills_every_slot():
    """Also one without a name, and one of another language; the same seed fills them alike."""
    for text in (DIARY, "nothing here has a name. nothing at all", "сегодня был дождь и мы пили чай", ""):
        asked = ask_about(text, seed=1)
        assert [question.named for question in asked] == [False, True] * 30
        assert not any(SLOT.search(question.text) for question in asked)
        assert asked == ask_about(text, seed=1)
    assert mine("").keys() == set(KINDS)


def test_nothing_is_named_twice_while_there_is_something_else():
    people = " ".join(f"I saw {name}, and I know {name}." for name in ("Ann", "Bob", "Cid", "Dot", "Eve"))
    asked = ask_about(people, seed=0)
    who = [word for question in asked[1::6] for word in ("Ann", "Bob", "Cid", "Dot", "Eve") if word in question.text]
    assert len(who) == 10
    assert set(who[:5]) == set(who[5:]) == {"Ann", "Bob", "Cid", "Dot", "Eve"}
    assert [question.text for question in ask_about(people, seed=1)] != [question.text for question in asked]
