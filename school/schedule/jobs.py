"""What is done by itself, a row each: when, and what it runs. To add a job, add a row.

A row with a ``setting`` brings one of section [timetable], which has the row's key; its trigger is that setting.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, tzinfo
from functools import partial
from typing import TYPE_CHECKING, Any

from pydantic import Field

from school.office.settings import EXPERT
from school.schedule.hours import midnight
from school.schedule.kinds import TimeOfDay, TimeOfWeek

if TYPE_CHECKING:
    from school.diary.scribe import Scribe
    from school.door.control import Control
    from school.door.school import School
    from school.record.registrar import Registrar
    from school.settings import SchoolSettings

CLEAR_MINUTES, STUDY_MINUTES = 10.0, 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """Who does the jobs. All of them only take a request; nothing here waits."""

    settings: SchoolSettings
    zone: tzinfo
    school: School
    control: Control
    registrar: Registrar
    scribe: Scribe
    clear_out: Callable[[School, float], object]  # of public chats, what is older than so many days


Days = Sequence[date]  # that a job with a time of day is about, the last one today's; none for the others
Run = Callable[[Staff, Days], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A key of section [timetable]."""

    key: str
    kind: Any  # as a type hint says it
    field: Any  # what pydantic's Field gives


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Either ``every`` so many minutes of being awake (0: never) or ``at`` a time of day or week ("": never).

    A job with a time that was missed is done once after waking, in the order of the rows. ``at_waking``: also then.
    """

    name: str
    help: str
    run: Run
    every: Callable[[SchoolSettings], float] | None = None
    at: Callable[[SchoolSettings], str] | None = None
    setting: Setting | None = None
    at_waking: bool = False


def _minutes(default: float, description: str) -> Any:
    return Field(default, ge=0, le=10_080, description=description, json_schema_extra=EXPERT)


def _every(name: str, help_: str, setting: Any, run: Run) -> Job:
    """A job whose minutes are a setting of its own."""
    key = f"{name}_minutes"
    every = lambda settings: getattr(settings.timetable, key)  # noqa: E731
    return Job(name=name, help=help_, run=run, every=every, setting=Setting(key=key, kind=float, field=setting))


def _at(name: str, help_: str, kind: Any, setting: Any, run: Run) -> Job:
    """A job whose time of day or week is a setting of its own."""
    at = lambda settings: getattr(settings.timetable, name)  # noqa: E731
    return Job(name=name, help=help_, run=run, at=at, setting=Setting(key=name, kind=kind, field=setting))


JOBS = (
    Job(
        name="save",
        help="saves its soul",
        every=lambda settings: settings.soul.save_minutes,
        run=lambda staff, _: staff.control.save(),
    ),
    Job(
        name="study",
        help="lessons begin again when nobody talks",
        every=lambda settings: STUDY_MINUTES if settings.timetable.study == "idle" else 0,
        run=lambda staff, _: staff.control.study_after(60 * staff.settings.timetable.idle_minutes),
    ),
    _every(
        "examine",
        "examines it on text it was never taught",
        _minutes(60.0, "minutes between extra examinations; 0: none"),
        lambda staff, _: staff.control.examine(),
    ),
    _every(
        "thin",
        "merges what is old in the record, so that it stays small",
        _minutes(30.0, "minutes between thinnings of the record; 0: none"),
        lambda staff, _: staff.registrar.thin(staff.zone),
    ),
    Job(
        name="clear out",
        help="deletes words from chat whose time is over",
        every=lambda settings: CLEAR_MINUTES if settings.record.chat_days else 0,
        run=lambda staff, _: staff.clear_out(staff.school, staff.settings.record.chat_days),
        at_waking=True,
    ),
    _at(
        "diary",
        "the scribe writes down the day",
        TimeOfDay,
        Field("00:05", description="the scribe writes down the day; before noon: the day before"),
        lambda staff, days: [staff.scribe.write_day(day) for day in days],
    ),
    _at(
        "letter",
        "the scribe writes home about the week",
        TimeOfWeek,
        Field("monday 08:00", description="the scribe writes home about the week"),
        lambda staff, days: staff.scribe.write_letter(days[-1]),
    ),
    _at(
        "night",
        "what people taught it since the night before comes back, among its lessons",
        TimeOfDay,
        Field("03:00", description="what people taught it that day comes back among its lessons"),
        lambda staff, days: staff.control.rehearse(midnight(days[0], staff.zone)),
    ),
    _at(
        "backup",
        "copies its soul and the record to where the backups are",
        TimeOfDay,
        Field("04:30", description='its soul is copied to the backups; all these times: "" is never'),
        lambda staff, _: (staff.control.back_up(), staff.registrar.back_up()),
    ),
)


def by_name(jobs: Sequence[Job] = JOBS) -> dict[str, Job]:
    return {job.name: job for job in jobs}


def runs(staff: Staff, jobs: Sequence[Job] = JOBS) -> Mapping[str, Callable[[Days], object]]:
    """What each job does, by its name."""
    return {job.name: partial(job.run, staff) for job in jobs}


def settings_of(jobs: Sequence[Job] = JOBS) -> dict[str, tuple[Any, Any]]:
    """The jobs' own settings, as pydantic's create_model takes them."""
    return {job.setting.key: (job.setting.kind, job.setting.field) for job in jobs if job.setting}
