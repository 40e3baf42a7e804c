"""Self-play: bad answers beside good ones, made while it sleeps, whole or not at all; and gone with whose they are."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from sqlite_utils import Database

import wakeup
from school import selfplay
from school.door.lesson_sources import PLAYED
from school.door.values import LIBRARY, ME
from school.office.mistakes import Mistake
from school.report.chronicle import read_life, render
from school.selfplay import play
from school.taking_out import take_out
from tests.evening import SMALL
from tests.school.record.test_removal import ANN, day, talk

TALK = "".join(f"you: what is number {i}?\nbaby: number {i} is a kettle.\n" for i in range(40))
ALONE = ("--set", 'library.starter="never"')  # no conversations but those of the tests
COUNTED = ("--set", "lessons.selfplay_weight=0.25")


@pytest.fixture(scope="module")
def lived(tmp_path_factory) -> Path:
    """A home in which two people taught or liked something."""
    home = tmp_path_factory.mktemp("lived")
    with day(home, *ALONE) as awake:
        awake.school.feedback(talk(awake, ANN, "do you know my quokka?").id, "fix", correction="yes!", person=ANN)
        awake.school.teach("soup, mostly.", prompt="what do you eat?", source="teach")
        awake.registrar.kept(ME).result(60)
        assert awake.control.save().result(60)
    return home


@pytest.fixture
def home(lived, tmp_path) -> Path:
    shutil.copytree(lived, tmp_path / "home")
    return tmp_path / "home"


def played(home: Path) -> dict[str, int]:
    """Play, in this process."""
    options = wakeup.parse(["--home", str(home), *[part for change in SMALL for part in ("--set", change)], *ALONE])
    settings, home = wakeup.read_options(options)
    return play(settings, home, [], lambda text: None)


def rows(home: Path) -> list[dict]:
    db = Database(home / "statistics" / "baby.db")
    try:
        return [row for row in db.query("select * from pairs order by id") if row["source"] in PLAYED]
    finally:
        db.close()


def test_each_good_answer_gets_a_bad_one(home):
    """To the same question, of the record and of a conversation in the library, but not of its end, some of which is
    never taught; what is made again takes its place."""
    (home / "library" / "talk.txt").write_text(TALK)
    made = played(home)
    found = rows(home)
    assert made["preferred"] == sum(made.values()) / 2 > 20
    assert len(found) == sum(made.values())
    questions = {liked: [row["prompt"] for row in found if PLAYED[row["source"]] == liked] for liked in (True, False)}
    assert questions[True] == questions[False]
    assert {"do you know my quokka?", "what do you eat?", "what is number 0?"} <= {*questions[True]}
    assert "what is number 39?" not in questions[True]
    assert {(row["surface"], row["channel"]) for row in found if "number" in row["prompt"]} == {(LIBRARY, "talk.txt")}
    played(home)
    assert len(rows(home)) == len(found)
    told = read_life(home, last=5)
    assert sum(told["selfplay"].values()) == len(found)
    assert f"{made['preferred']} preferred" in render(told, 80)
    assert told["pairs"] == 2  # that were taught


def test_courses_take_it_and_lessons_do_not(home):
    """Woken, it has them as verdicts that count little, if they are to count; none is a lesson."""
    made = played(home)
    with day(home, *ALONE) as awake:
        assert not awake.tutor.taste.verdicts.played
        lessons = len(awake.tutor.reviews)
    with day(home, *ALONE, *COUNTED) as awake:
        verdicts = awake.tutor.taste.verdicts
        assert {one.weight for one in verdicts.played} == {0.25}
        assert len(verdicts.played) == sum(made.values())
        assert len(awake.tutor.reviews) == lessons == 2


def test_whoever_is_forgotten_takes_it_along(home):
    """A person's, with what it said to their questions; what was made of a text goes with that."""
    (home / "library" / "talk.txt").write_text(TALK)
    played(home)
    with day(home, *ALONE, *COUNTED) as awake:
        before = len(awake.tutor.taste.verdicts.played)
        awake.school.forget(person=ANN).result(60)
        assert len(awake.tutor.taste.verdicts.played) == before - 2
    assert "do you know my quokka?" not in {row["prompt"] for row in rows(home)}
    assert any("number" in row["prompt"] for row in rows(home))
    with day(home, *ALONE, *COUNTED) as awake:
        awake.tutor.taste.keep_texts({"diary.txt"})  # as when the library changes meanwhile
        assert {one.pair.prompt for one in awake.tutor.taste.verdicts.played} == {"what do you eat?"}
    take_out(home, home / "library", ["talk.txt"], [])
    assert {row["prompt"] for row in rows(home)} == {"what do you eat?"}


def test_what_is_taken_back_is_not_played_with(home):
    """What self-play made of something that was taught goes when that is undone."""
    played(home)
    with day(home, *ALONE, *COUNTED) as awake:
        assert awake.school.take_back().result(60).prompt == "what do you eat?"
        awake.registrar.kept(ME).result(60)
    assert {row["status"] for row in rows(home) if row["prompt"] == "what do you eat?"} == {"withdrawn"}
    with day(home, *ALONE, *COUNTED) as awake:
        assert {one.pair.prompt for one in awake.tutor.taste.verdicts.played} == {"do you know my quokka?"}


def test_nothing_to_play_with(home, tmp_path):
    """One line says what it takes; while it is awake, or was never woken, another one says that."""
    (tmp_path / "nobody").mkdir()
    with pytest.raises(Mistake, match="wake the baby first"):
        played(tmp_path / "nobody")
    with day(home, *ALONE) as awake:
        with pytest.raises(Mistake, match="another baby is awake here"):
            played(home)
        awake.school.forget(person=ANN).result(60)
        awake.school.forget(person=ME).result(60)
    with pytest.raises(Mistake, match="there is nothing to play with yet"):
        played(home)


def test_whoever_breaks_it_off_finds_everything_as_it_was(home, monkeypatch):
    """While it speaks, and while it is written down: what was made before is there, and the souls are free."""
    played(home)
    before = rows(home)

    def interrupted(*_):
        raise KeyboardInterrupt

    for what in ("loops", "write"):
        with monkeypatch.context() as broken:
            if what == "loops":
                broken.setitem(selfplay.STYLES, "loops", interrupted)
            else:
                broken.setattr("school.record.played.row_of", interrupted)
            with pytest.raises(KeyboardInterrupt):
                played(home)
        assert rows(home) == before
    played(home)
