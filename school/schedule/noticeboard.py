"""The noticeboard: what is due when, read from settings and record without waking anybody."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from school.schedule.hours import Every, now_in, told, within, zone_of
from school.schedule.jobs import JOBS
from school.schedule.plan import BELLS, Plan, missed, plan_of, read_past

if TYPE_CHECKING:
    from school.schedule.settings import BellSettings
    from school.settings import SchoolSettings

NARROW = 24  # characters; where less is left beside the rest, what a bell does stands below it


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


def look_up(settings: SchoolSettings | BellSettings, record: Path) -> Board:
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
    """The board as lines of at most ``width`` characters, where they have no longer words."""
    hush = f"; quiet hours {board.quiet}{', now' * board.quiet_now}" if board.quiet else ""
    lines = textwrap.wrap(f"It is {board.now:%A %d %B %Y, %H:%M} ({board.zone}){hush}.", width)
    rows = [(one.bell, one.when, _due(one, board.now)) for one in board.bells]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    beside = sum(widths) + 2 * len(widths)
    for row, one in zip(rows, board.bells, strict=True):
        left = "  ".join(f"{cell:{size}}" for cell, size in zip(row, widths, strict=True))
        if width - beside >= NARROW:
            lines += textwrap.wrap(f"{left}  {one.what}", width, subsequent_indent=" " * beside, drop_whitespace=True)
        else:
            lines += [*textwrap.wrap("  ".join(filter(None, row)), width), *textwrap.wrap(f"  {one.what}", width)]
    return "\n".join(line.rstrip() for line in lines)


def _due(one: Notice, now: datetime) -> str:
    due = "soon after waking" if one.missed else told(one.next, now) if one.next else ""
    last = f"last {told(one.last, now)}" if one.last else ""
    return ", ".join(filter(None, (due, last)))


def _when(plan: Plan, bell: str, time: str) -> str:
    trigger = plan.get(bell)
    if trigger is None:
        return "off"
    if isinstance(trigger, Every):
        return f"every {trigger.seconds / 60:g} minutes awake"
    return time if " " in time else f"at {time}"
