"""Jobs are rows: each has one trigger, its own setting and words for it, and runs just what it says."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from pydantic import Field, create_model

from bots.settings import Settings
from school.office.settings import Slice, read_settings
from school.schedule.hours import midnight
from school.schedule.jobs import JOBS, Job, Setting, Staff, by_name, runs, settings_of
from school.schedule.kinds import TimeOfDay
from school.schedule.settings import HourSettings

DAY = date(2026, 3, 9)


class Everybody:
    """Takes any request and remembers it."""

    def __init__(self):
        self.asked: list[tuple] = []

    def __getattr__(self, name: str):
        return lambda *arguments: self.asked.append((name, *arguments))


def staff_of(*changes: str) -> tuple[Staff, Everybody]:
    one = Everybody()
    settings = read_settings(Settings, None, list(changes))
    return Staff(
        settings=settings,
        zone=UTC,
        school=one,
        control=one,
        registrar=one,
        scribe=one,
        clear_out=lambda *what: one.asked.append(("clear_out", *what[1:])),
    ), one


@pytest.mark.parametrize("job", JOBS, ids=[job.name for job in JOBS])
def test_a_row_is_whole(job: Job):
    """Each job has one trigger and words of one line; its own setting, if any, is one of [timetable]."""
    assert (job.every is None) != (job.at is None)
    assert job.help
    assert len(job.help.splitlines()) == 1
    if job.setting:
        assert job.setting.key in type(Settings().timetable).model_fields


def test_names_are_given_once():
    """No two jobs share a name or a setting."""
    assert len(by_name()) == len(JOBS)
    assert len(settings_of()) == sum(job.setting is not None for job in JOBS)


@pytest.mark.parametrize(
    ("job", "asked"),
    [
        ("save", [("save",)]),
        ("study", [("study_after", 300.0)]),
        ("examine", [("examine",)]),
        ("thin", [("thin", UTC)]),
        ("clear out", [("clear_out", 30.0)]),
        ("diary", [("write_day", date(2026, 3, 8)), ("write_day", DAY)]),
        ("letter", [("write_letter", DAY)]),
        ("night", [("rehearse", midnight(date(2026, 3, 8), UTC))]),
        ("backup", [("back_up",), ("back_up",)]),
    ],
)
def test_what_a_job_runs(job: str, asked: list[tuple]):
    """Each asks whom it concerns for what it is about."""
    staff, everybody = staff_of()
    runs(staff)[job]([date(2026, 3, 8), DAY])
    assert everybody.asked == asked


def test_a_further_job_is_a_further_row():
    """A new row brings its setting, with its default, its limits and its words, and what it runs."""
    field = Field("12:00", description="when it has soup")
    rows = (
        Job(
            name="soup",
            help="has soup",
            at=lambda settings: settings.timetable.soup,
            run=lambda staff, days: staff.control.eat(days),
            setting=Setting(key="soup", kind=TimeOfDay, field=field),
        ),
    )
    hours = create_model("Hours", __base__=HourSettings, **settings_of(rows))

    class Tree(Slice):
        timetable: hours = Field(default_factory=hours)

    assert rows[0].at(read_settings(Tree, None, [])) == "12:00"
    assert rows[0].at(read_settings(Tree, None, ["timetable.soup=13:30"])) == "13:30"
    staff, everybody = staff_of()
    runs(staff, rows)["soup"]([DAY])
    assert everybody.asked == [("eat", [DAY])]
    assert datetime.fromtimestamp(midnight(DAY, UTC), UTC).date() == DAY
