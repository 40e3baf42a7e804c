"""The record tells of each text how often it was taught and how that went, in as little room as ever."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from sqlite_utils import Database

from school.door.events import Taught
from school.record import sources
from school.record.schema import connect
from school.record.sources import COURSE, Tally, course_of, forget_texts, note, shelve
from school.report.life import opened
from school.report.sources import texts
from school.texts.shelf import Text


def text(name: str, sha256: str, tokens: int = 100) -> Text:
    learn = np.zeros(tokens, np.uint16)
    return Text(name=name, sha256=sha256, size=4 * tokens, learn=learn, held_out=learn[:10])


@pytest.fixture
def db(tmp_path: Path):
    (tmp_path / "statistics").mkdir()
    db = connect(tmp_path / "statistics" / "baby.db")
    yield db
    db.close()


def teach(db: Database, steps: range, *names: str, bits: float = 3.0) -> None:
    """Steps that read ten tokens of each, 40 bytes, at so many bits a byte."""
    tally = Tally()
    for step in steps:
        tally.add(step, [Taught(sha256=name, tokens=10, bytes=40, nats=40 * bits * math.log(2)) for name in names])
    note(db, tally.take())


def test_how_a_text_was_taught(db, tmp_path: Path):
    """Often and how far down; of one that was never read, nothing."""
    shelve(db, [text("diary.txt", "a"), text("new.txt", "b", 50)], "2026-03-01T00:00:00Z")
    for part, bits in enumerate((4.0, 3.0, 2.5)):
        teach(db, range(100 * part, 100 * part + 100), "a", bits=bits)
    db.conn.commit()
    with opened(tmp_path) as life:
        diary, new = texts(life)
        assert texts(life, "new.txt") == [new]
    assert (diary["name"], diary["lessons"], diary["taught_tokens"], diary["times"]) == ("diary.txt", 300, 3000, 30.0)
    assert [round(bits, 3) for _, bits in diary["course"]] == [4.0, 3.0, 2.5]
    assert (round(diary["bits_at_first"], 3), round(diary["bits_now"], 3)) == (4.0, 2.5)
    assert (new["lessons"], new["bits_now"], new["times"]) == (0, None, 0.0)


def test_it_does_not_grow(db):
    """However long a life is: at most so many points, nothing is lost of their sums, and the last are the finest."""
    shelve(db, [text("diary.txt", "a")], "2026-03-01T00:00:00Z")
    for part in range(600):
        teach(db, range(100 * part, 100 * part + 100), "a")
    (row,) = db.query("select * from sources")
    course = course_of(row["course"])
    assert len(course) <= COURSE
    assert sum(point.lessons for point in course) == row["lessons"] == 60_000
    assert sum(point.tokens for point in course) == row["taught_tokens"]
    assert course[0].first == 0
    assert course[-1].last == 59_999
    assert course[-1].lessons < course[0].lessons
    assert len(row["course"]) < COURSE * 60


def test_a_text_that_is_changed_goes_on(db):
    """Under its name; one that only moved is the same, and one that is gone keeps its history until it is taken out."""
    shelve(db, [text("diary.txt", "a"), text("old.txt", "o")], "2026-03-01T00:00:00Z")
    teach(db, range(100), "a", "o")
    shelve(db, [text("diary.txt", "b", 120)], "2026-03-02T00:00:00Z")
    teach(db, range(100, 150), "b")
    rows = {row["name"]: row for row in db.query("select * from sources")}
    assert rows["diary.txt"]["sha256"] == "b"
    assert (rows["diary.txt"]["lessons"], rows["diary.txt"]["bytes"]) == (150, 480)
    assert rows["old.txt"]["lessons"] == 100
    assert rows["old.txt"]["last_seen_at"] < rows["diary.txt"]["last_seen_at"]
    shelve(db, [text("2026/diary.txt", "b", 120)], "2026-03-03T00:00:00Z")
    assert {row["name"]: row["lessons"] for row in db.query("select * from sources")} == {
        "2026/diary.txt": 150, "old.txt": 100,
    }  # fmt: skip


def test_a_text_is_taken_out(db, tmp_path: Path):
    """With its lessons; a step under way that read it brings it back no more."""
    shelve(db, [text("diary.txt", "a"), text("other.txt", "b")], "2026-03-01T00:00:00Z")
    teach(db, range(100), "a", "b")
    assert forget_texts(db, ["diary.txt", "never.txt"], tmp_path) == {"texts": 1, "lessons": 100, "pages": 0}
    teach(db, range(100, 110), "a", "b")
    assert {row["name"]: row["lessons"] for row in db.query("select * from sources")} == {"other.txt": 110}


@pytest.mark.trial
def test_ten_thousand_texts_of_a_year(db):
    """They take some hundred bytes each."""
    many = [text(f"{number}.txt", f"{number:064}") for number in range(1000)]
    shelve(db, many, "2026-03-01T00:00:00Z")
    for part in range(60):
        teach(db, range(100 * part, 100 * part + 100), *(one.sha256 for one in many[part % 10 :: 10]))
    size = next(db.query("select sum(length(course)) as size from sources"))["size"]
    assert size / len(many) < 60 * COURSE
    assert sources.COURSE == 24
