"""The library changes while the baby is awake."""

from __future__ import annotations

from pathlib import Path

import pytest

from school import intake
from school.door.mailbox import Mailbox
from school.door.values import Asleep
from school.intake import Desk, Intake
from school.report.life import opened
from school.report.sources import texts
from school.texts.facts import write_known
from school.texts.librarian import Librarian
from school.texts.places import gather_sources
from tests.school.record.test_removal import day
from tests.school.test_classroom import wait_for

FOX, MOON = "The fox came back to the garden and slept.\n" * 30, "The moon was out, and so was I, all night.\n" * 30


class House:
    """A library, and who looks at it."""

    def __init__(self, folder: Path, tokenizer):
        self.library, self.mailbox, self.said = folder / "library", Mailbox(), []
        self.library.mkdir()
        (self.library / "fox.txt").write_text(FOX)
        self.tokenizer, self.cache, self.librarian = tokenizer, folder / "cache", None
        self.librarian = self.open(*self.gather())
        self.said.clear()
        desk = Desk(
            gather=self.gather, open=self.open, current=lambda: self.librarian, taken=self.taken, say=self.said.append
        )
        self.intake = Intake(desk, self.mailbox, seconds=20)

    def gather(self):
        return gather_sources(self.library, [], self.library, "never")

    def open(self, sources, skipped) -> Librarian:
        before, told = (self.librarian.files, self.librarian.skipped) if self.librarian else ({}, {})
        return Librarian.open(
            sources, self.tokenizer, held_out=0.1, cache=self.cache, seed=0, say=self.said.append, skipped=skipped,
            before=before, told=told,
        )  # fmt: skip

    def taken(self, librarian: Librarian) -> None:
        self.librarian = librarian

    def posted(self) -> list[Librarian | None]:
        return [request.librarian for request in self.mailbox.drain()]


@pytest.fixture
def house(tmp_path: Path, tokenizer, monkeypatch: pytest.MonkeyPatch) -> House:
    """Every file counts as settled, so that nobody has to wait."""
    monkeypatch.setattr(intake, "SETTLED_NS", -1)
    return House(tmp_path, tokenizer)


def test_nothing_has_changed(house: House):
    """Then nothing is said or posted, neither at the first look nor later."""
    assert house.intake.look()
    assert house.intake.look()
    assert house.posted() == []
    assert house.said == []


def test_a_text_is_put_there(house: House):
    """It is learned from, and told in one line; the next look finds nothing new."""
    (house.library / "moon.txt").write_text(MOON)
    (house.library / "picture.png").write_bytes(b"\x89PNG")
    assert house.intake.look()
    (librarian,) = house.posted()
    assert [text.name for text in librarian.texts] == ["fox.txt", "moon.txt"]
    skipped = "skipped picture.png: .png files can't be read here; save it as .txt to have it learned."
    assert house.said == [skipped, "1 new text: moon.txt."]
    assert house.intake.look()
    assert house.posted() == []
    assert len(house.said) == 2


def test_a_text_came_before_the_first_look(house: House):
    """While the letters were learned, say: it is found all the same."""
    (house.library / "moon.txt").write_text(MOON)
    assert house.intake.look()
    assert len(house.posted()) == 1


def test_a_text_is_taken_away_or_changed(house: House):
    """What is gone is in no lesson any more; what was skipped is not told again."""
    (house.library / "picture.png").write_bytes(b"\x89PNG")
    (house.library / "moon.txt").write_text(MOON)
    house.intake.look()
    house.posted()
    house.said.clear()
    (house.library / "fox.txt").unlink()
    (house.library / "moon.txt").write_text(MOON + "And then it rained.\n")
    assert house.intake.look()
    (librarian,) = house.posted()
    assert [text.name for text in librarian.texts] == ["moon.txt"]
    assert house.said == ["1 text changed: moon.txt.", "1 text is gone: fox.txt."]


def test_what_is_said_about_a_text_changes(house: House):
    """A new weight counts at once."""
    write_known(house.library, {"fox.txt": {"weight": 2.0}})
    assert house.intake.look()
    (librarian,) = house.posted()
    assert [text.weight for text in librarian.texts] == [2.0]


def test_a_file_that_is_still_being_written(house: House, monkeypatch: pytest.MonkeyPatch):
    """It is left until it was alone for a while."""
    monkeypatch.setattr(intake, "SETTLED_NS", 10**18)
    (house.library / "moon.txt").write_text(MOON)
    assert not house.intake.look()
    assert house.posted() == []
    monkeypatch.setattr(intake, "SETTLED_NS", -1)
    assert house.intake.look()
    assert len(house.posted()) == 1


def test_everything_is_taken_away(house: House):
    """Then lessons rest, and that is said; once there is a text again, they go on."""
    (house.library / "fox.txt").unlink()
    assert house.intake.look()
    assert house.posted() == [None]
    assert house.said == [
        "1 text is gone: fox.txt. There is nothing to learn from yet: put a text into the library folder. "
        "Lessons rest until then."
    ]
    (house.library / "fox.txt").write_text(FOX)
    assert house.intake.look()
    (librarian,) = house.posted()
    assert [text.name for text in librarian.texts] == ["fox.txt"]


def test_it_ends_with_the_day(house: House):
    """Nothing is posted to who sleeps."""
    house.mailbox.close()
    (house.library / "moon.txt").write_text(MOON)
    with pytest.raises(Asleep):
        house.intake.look()


@pytest.mark.trial
def test_a_new_text_is_learned_and_one_that_is_gone_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """On a baby that lives, as its record tells: what a byte of the new text costs falls from lesson to lesson, and
    from the step after it was taken away on there is no lesson of it."""
    monkeypatch.setattr(intake, "SETTLED_NS", -1)
    with day(tmp_path) as awake:
        (eye,) = (surface for surface in awake.surfaces if isinstance(surface, Intake))

        def moon() -> dict:
            awake.registrar.write(lambda db: None).result(60)
            with opened(tmp_path) as life:
                return next(iter(texts(life, "moon.txt")), {"lessons": 0})

        def lived(steps: int) -> None:
            until = awake.tutor.step + steps
            wait_for(lambda: awake.tutor.step >= until, 120)

        lived(50)
        assert moon() == {"lessons": 0}
        (tmp_path / "library" / "moon.txt").write_text(MOON)
        assert eye.look()
        wait_for(lambda: moon()["lessons"] > 300, 120)
        course = moon()["course"]
        assert course[-1][1] < 0.8 * course[0][1]
        (tmp_path / "library" / "moon.txt").unlink()
        assert eye.look()
        lived(2)  # the step under way goes on with what it has read
        awake.registrar._write_tally()
        taught = moon()["lessons"]
        lived(200)
        awake.registrar._write_tally()
        assert moon()["lessons"] == taught
