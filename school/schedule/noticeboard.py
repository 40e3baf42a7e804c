"""The noticeboard: what is due when, read from settings and record without waking anybody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from school.schedule.hours import Every, now_in, told, within, zone_of
from school.schedule.jobs import JOBS
from school.schedule.plan import BELLS, Plan, missed, plan_of, read_past

if TYPE_CHECKING:
    from school.settings import SchoolSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One bell. ``next`` is None for one that is off, and for one that counts from waking."""

    bell: str
    what: str
    when: str  # "every 10 minutes awake", "at 03:00", "off"
    next: datetime | None
    last: datetime | None  # when it last rang; only of those with a time of day
    missed: bool  # it rings soon after waking, too


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    now: datetime
    zone: str
    quiet: str
    quiet_now: bool
    bells: list[Notice]


def look_up(settings: SchoolSettings, record: Path) -> Board:
    """All bells as they stand now. Raises Mistake."""
    hours = settings.timetable
    zone = zone_of(hours.zone)
    plan, now = plan_of(settings), now_in(zone)
    past = read_past(record, now.astimezone(UTC))
    times = {job.name: job.at(settings) for job in JOBS if job.at}

    def notice(bell: str) -> Notice:
        trigger = plan.get(bell)
        counted = trigger is None or isinstance(trigger, Every)
        last = past.rang.get(bell)
        return Notice(
            bell=bell,
            what=BELLS[bell],
            when=_when(plan, bell, times.get(bell, "")),
            next=None if counted else trigger.after(now).astimezone(zone),
            last=last and last.astimezone(zone),
            missed=not counted and bool(missed(trigger, past.of(bell), now)),
        )

    quiet = within(hours.quiet, now)
    return Board(now=now, zone=str(zone), quiet=hours.quiet, quiet_now=quiet, bells=[notice(bell) for bell in BELLS])


def as_table(board: Board, width: int) -> str:
    """The board as lines of at most ``width`` characters."""
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for one in board.bells:
        due = "soon after waking" if one.missed else told(one.next, board.now) if one.next else ""
        last = f"last {told(one.last, board.now)}" if one.last else ""
        table.add_row(one.bell, one.when, ", ".join(filter(None, (due, last))), one.what)
    paper = Console(file=StringIO(), width=width, color_system=None, highlight=False)
    hush = f"; quiet hours {board.quiet}" if board.quiet else ""
    paper.print(f"It is {board.now:%A %d %B %Y, %H:%M} ({board.zone}){hush}{', now' * board.quiet_now}.", markup=False)
    paper.print(table)
    return "\n".join(line.rstrip() for line in paper.file.getvalue().splitlines())


def _when(plan: Plan, bell: str, time: str) -> str:
    trigger = plan.get(bell)
    if trigger is None:
        return "off"
    if isinstance(trigger, Every):
        return f"every {trigger.seconds / 60:g} minutes awake"
    return time if " " in time else f"at {time}"
