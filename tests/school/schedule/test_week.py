"""A simulated week: a real classroom, record and scheduler on a clock that jumps, with visitors, and a night in bed."""

from __future__ import annotations

import sqlite3
from collections import Counter
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest

from benchmarks.retold import Untrue, check_diary
from benchmarks.week import END, MONDAY, TO_BED, UP_AGAIN, live_a_week
from school.schedule import jobs, plan
from school.souls.checksums import check

pytestmark = pytest.mark.trial  # minutes of work

SMALL = [
    "brain.preset=newborn", "brain.neurons=64", "brain.embed_width=32", "brain.thought_width=32",
    "brain.bottleneck=32", "library.vocabulary=300", "lessons.streams=2", "lessons.block_tokens=16",
    "lessons.micro_streams=2", "lessons.evaluation_tokens=256", "machine.threads=1", "machine.kernels=false",
    "speech.max_tokens=4", "lessons.night_passes=2",
    "soul.save_minutes=720", "timetable.examine_minutes=720", "timetable.thin_minutes=1440",
]  # fmt: skip
MINUTES = {"save": 720, "examine": 720, "thin": 1440, "clear out": 360}  # of bells that count them


@pytest.fixture(scope="module")
def week(tmp_path_factory):
    """Lived once for all tests, on the starter shelf; ``rows`` asks the record."""
    home = tmp_path_factory.mktemp("week")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jobs, "CLEAR_MINUTES", MINUTES["clear out"])
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


@pytest.mark.parametrize("bell", MINUTES)
def test_every_bell_that_counts_minutes_rang_when_it_was_due(week, bell):
    """From waking on, both times; what makes sure that nothing stays too long begins with waking."""
    times = [moment for name, moment in week.watched.bells if name == bell]
    step, wanted = timedelta(minutes=MINUTES[bell]), []
    for woke, slept in ((MONDAY, TO_BED), (UP_AGAIN, END)):
        moment = woke if bell == "clear out" else woke + step
        while moment < slept:
            wanted.append(moment)
            moment += step
    assert times == wanted


def test_nothing_is_missing(week):
    """Every bell rang, but the one of those who rest from lessons while somebody talks."""
    assert {name for name, _ in week.watched.bells} == set(plan.BELLS) - {"study"}


def test_what_bells_asked_for_was_done(week):
    """A save and an examination twice a day (one asked for while another is being written is the same), saves at both
    bedtimes, lessons all the time."""
    (saved,) = week.rows("select count(*) from events where kind = 'saved'")[0]
    (examined,) = week.rows("select count(*) from evaluations")[0]
    asked = Counter(name for name, _ in week.watched.bells)
    assert asked["save"] // 2 < saved <= asked["save"] + 2
    assert examined >= asked["examine"]
    assert week.rows("select count(*), count(distinct ending), max(ending) from runs") == [(2, 1, "asleep")]
    (steps,) = week.rows("select max(step) from steps")[0]
    assert steps >= (TO_BED - MONDAY + END - UP_AGAIN) / timedelta(hours=1) - 2


def test_no_bell_kept_anybody_waiting_for_more_than_a_step(week):
    """Also who asked in the very minute of a night, a backup or a diary."""
    assert not week.watched.failed
    assert len(week.watched.waited) > 50
    assert max(week.watched.waited) <= 1


DAYS = [(MONDAY + timedelta(days=i)).date() for i in range(7)]


def test_every_figure_of_seven_pages_and_a_letter_is_in_the_record(week):
    """A page for each day, also for the one it slept away from, and a letter for the week; each sentence says what
    other queries say, and so does each row of the letter's table."""
    checked = {(kind, day): (told, looked_up) for kind, day, told, looked_up in check_diary(week.db, MONDAY.tzinfo)}
    letter, looked_up = checked.pop(("letter", DAYS[-1].isoformat()))
    assert [*checked] == [("day", day.isoformat()) for day in DAYS]
    for told, _ in checked.values():
        assert {"began", "lessons_short", "texts", "loss", "talk", "visitor", "marks", "taught", "mood"} <= set(told)
        assert {"held_out", "held_out_moved"} & set(told)
    assert {"letter_title", "letter_began", "lessons_short", "loss", "talk", "taught", "letter_ended"} <= set(letter)
    assert looked_up > 4 * 7 + 15
    (file,) = (week.home / "statistics" / "letters").glob("*.md")
    assert week.rows("select text from diary where kind = 'letter'") == [(file.read_text("utf-8").removesuffix("\n"),)]


def test_the_letter_remembers_the_days_as_the_diary_does(week):
    """Its table has a row for each, with the mood that was felt."""
    (text,) = week.rows("select text from diary where kind = 'letter'")[0]
    table = [[cell.strip() for cell in row.split("|")] for row in text.splitlines() if row.startswith("| 2")]
    assert [row[1] for row in table] == [day.isoformat() for day in DAYS]
    for row in table:
        (page,) = week.rows("select text from diary where kind = 'day' and day = ?", row[1])[0]
        assert f"mood=⟦{row[5]}⟧" in page


@pytest.mark.parametrize(
    ("what", "claim"),
    [
        ("update messages set person = 'owner'", "visitor"),
        ("update steps set tokens = tokens + 1 where step % 50 = 7", "lessons_short"),
        ("update steps set loss = loss + 0.2", "loss"),
        ("update evaluations set bits_per_byte = bits_per_byte + 0.002", "held_out"),
        ("delete from pairs where source = 'fix'", "taught"),
        ("update feedback set verdict = 'good'", "marks"),
        ("update sources set name = 'another.txt'", "texts"),
    ],
)
def test_a_figure_that_is_not_in_the_record_is_found_out(week, what, claim):
    """Wherever the record is changed behind the diary's back."""
    with sqlite3.connect(":memory:") as other:
        week.db.backup(other)
        other.execute(what)
        with pytest.raises(Untrue, match=f"^{claim}"):
            check_diary(other, MONDAY.tzinfo)
    other.close()


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
