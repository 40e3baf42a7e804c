"""A simulated week: a real classroom, record and scheduler on a clock that jumps, with visitors, and a night in bed."""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
from retold import Record, check_line, check_row

from benchmarks.week import END, MONDAY, TO_BED, UP_AGAIN, live_a_week
from school.checksums import check

SMALL = [
    "brain.preset=newborn", "brain.neurons=64", "brain.embed_width=32", "brain.thought_width=32",
    "brain.bottleneck=32", "library.vocabulary=300", "lessons.streams=2", "lessons.block_tokens=16",
    "lessons.micro_streams=2", "lessons.evaluation_tokens=256", "machine.threads=1", "machine.kernels=false",
    "speech.max_tokens=4", "record.chat_days=0", "lessons.night_passes=2",
    "soul.save_minutes=720", "timetable.examine_minutes=720", "timetable.thin_minutes=1440",
]  # fmt: skip


@pytest.fixture(scope="module")
def week(tmp_path_factory):
    """Lived once for all tests; ``rows`` asks the record."""
    home = tmp_path_factory.mktemp("week")
    (home / "library").mkdir()
    (home / "library" / "diary.txt").write_text("today it rained and the cat slept. i made soup.\n" * 200)
    watched = live_a_week(home, SMALL, steps_per_hour=1)

    def rows(query: str, *values) -> list[tuple]:
        return db.execute(query, values).fetchall()

    with sqlite3.connect(home / "statistics" / "baby.db") as db:
        yield SimpleNamespace(home=home, watched=watched, rows=rows, db=db)
    db.close()


def rung(week, bell: str) -> list[datetime]:
    times = week.rows("select at from events where kind = 'rang' and text = ? order by at", bell)
    return [datetime.fromisoformat(at).astimezone(MONDAY.tzinfo) for (at,) in times]


def due(clock: str, *, days: int = 1) -> list[datetime]:
    """When a bell should ring in that week, by the calendar alone; one that fell into the night in bed, after it."""
    hour, minute = map(int, clock.split(":"))
    first = MONDAY.replace(hour=hour, minute=minute)
    times = [first + timedelta(days=days * i) for i in range(9)]
    return [UP_AGAIN if TO_BED < time < UP_AGAIN else time for time in times if MONDAY < time < END]


@pytest.mark.parametrize(
    ("bell", "clock", "days"),
    [("diary", "00:05", 1), ("night", "03:00", 1), ("backup", "04:30", 1), ("letter", "08:00", 7)],
)
def test_every_bell_rang_when_it_was_due(week, bell, clock, days):
    """At its minute; and what was missed in bed, within minutes after waking."""
    times, wanted = rung(week, bell), due(clock, days=days)
    assert len(times) == len(wanted)
    for time, should in zip(times, wanted, strict=True):
        late = timedelta(minutes=5) if should == UP_AGAIN else timedelta(0)
        assert should <= time <= should + late


def test_bells_that_count_minutes_rang(week):
    """A save and an examination twice a day (one asked for while another is being written is the same), saves at both
    bedtimes, lessons all the time."""
    saved = week.rows("select at from events where kind = 'saved' order by at")
    awake = TO_BED - MONDAY, END - UP_AGAIN
    asked = sum(spell // timedelta(hours=12) for spell in awake)
    assert asked // 2 < len(saved) <= asked + 2
    assert week.rows("select count(*) >= ? from evaluations", asked) == [(1,)]
    assert week.rows("select count(*), count(distinct ending), max(ending) from runs") == [(2, 1, "asleep")]
    (steps,) = week.rows("select max(step) from steps")[0]
    assert steps >= sum(awake, timedelta(0)) / timedelta(hours=1) - 2


def test_no_bell_kept_anybody_waiting_for_more_than_a_step(week):
    """Also who asked in the very minute of a night, a backup or a diary."""
    assert not week.watched.failed
    assert len(week.watched.waited) > 50
    assert max(week.watched.waited) <= 1


DAYS = [(MONDAY + timedelta(days=i)).date() for i in range(7)]


def test_seven_pages_whose_every_figure_is_in_the_record(week):
    """One for each day, also for the one it slept away from; each sentence says what other queries say."""
    pages = week.rows("select day, lines from diary where kind = 'day' order by day")
    assert [day for day, _ in pages] == [day.isoformat() for day in DAYS]
    for day, (_, lines) in zip(DAYS, pages, strict=True):
        record = Record(week.db, day, day, MONDAY.tzinfo)
        told = [check_line(line["text"], record) for line in json.loads(lines)]
        assert {"began", "lessons", "texts", "loss", "talk", "visitor", "marks", "taught"} <= set(told), day
        assert {"held_out", "held_out_moved"} & set(told), day


def test_a_letter_whose_every_figure_is_in_the_record(week):
    """One for the week, in the record and as a file; its table has a true row for each day."""
    (letter,) = week.rows("select day, lines, text from diary where kind = 'letter'")
    assert letter[0] == DAYS[-1].isoformat()
    (file,) = (week.home / "statistics" / "letters").glob("*.md")
    assert file.read_text("utf-8") == letter[2] + "\n"
    record = Record(week.db, DAYS[0], DAYS[-1], MONDAY.tzinfo)
    lines = [line["text"] for line in json.loads(letter[1])]
    table = [line for line in lines if line.startswith("| 2")]
    assert [check_row(row, week.db, MONDAY.tzinfo) for row in table] == [day.isoformat() for day in DAYS]
    plain = [line for line in lines if line and not line.startswith(("|", "## "))]
    told = [check_line(line, record) for line in plain]
    assert {"letter_title", "letter_began", "lessons", "loss", "talk", "taught", "letter_ended"} <= set(told)


def test_the_nights_brought_back_what_was_taught(week):
    """Seven nights with something to bring back, and each left it better known, as a rule."""
    nights = week.watched.nights
    assert len(nights) == 7
    assert sum(after < before for before, after in nights) >= 5


def test_the_newest_backup_is_whole(week):
    copies = list((week.home / "soul" / "backups").glob("step-*"))
    assert copies
    for copy in copies:
        check(copy)


def test_who_did_not_agree_left_no_trace(week):
    for file in week.home.rglob("*"):
        assert file.is_dir() or b"marmalade" not in file.read_bytes(), file
