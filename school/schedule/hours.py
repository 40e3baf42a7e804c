"""Hours as people write them: 23:30, sunday 18:00, 22:00-07:00; and the time zone in which they are meant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from tzlocal import get_localzone

from school.office.mistakes import Mistake

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
LOCAL = "local"


def is_zone(name: object) -> bool:
    """Whether this names a time zone that is known here, or is "local"."""
    try:
        return name == LOCAL or isinstance(ZoneInfo(name), ZoneInfo)
    except (LookupError, ValueError, TypeError, OSError):  # no text, a name that is none, or that of a folder of zones
        return False


def zone_of(name: str) -> tzinfo:
    """The time zone, or the machine's own for "local". Raises Mistake if the machine names one that is unknown."""
    try:
        return get_localzone() if name == LOCAL else ZoneInfo(name)
    except (LookupError, ValueError, OSError) as error:
        reason = str(error.args[0]).splitlines()[0].strip()
        raise Mistake(f"this machine's time zone is not known ({reason}); set timetable.zone.") from None


@dataclass(frozen=True, slots=True)
class At:
    """A time of every day, or of one day of the week (Monday: 0), in a zone."""

    clock: time
    zone: tzinfo
    weekday: int | None = None

    def after(self, moment: datetime) -> datetime:
        """The first such time after a moment, in UTC, where no two moments look the same. Of a time that comes twice on
        a day it is the first; one that is skipped comes as much later as the clocks were put forward."""
        moment = moment.astimezone(UTC)
        first = moment.astimezone(self.zone).date() - timedelta(days=1)
        days = (first + timedelta(days=i) for i in range(2 * len(DAYS) + 2))
        times = (self._on(day) for day in days if self.weekday in (None, day.weekday()))
        return next(time for time in times if time > moment)

    def _on(self, day: date) -> datetime:
        return datetime.combine(day, self.clock, self.zone).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Every:
    """So many seconds from waking, or from the time before."""

    seconds: float


def trigger_at(when: str, zone: tzinfo) -> At:
    """Rings at a TimeOfDay or a TimeOfWeek, in summer and winter."""
    weekday, _, clock = when.rpartition(" ")
    return At(time.fromisoformat(clock), zone, DAYS.index(weekday) if weekday else None)


def within(span: str, moment: datetime) -> bool:
    """Whether a moment lies in a span of hours, which may go over midnight; its end is outside."""
    if not span:
        return False
    start, end = map(time.fromisoformat, span.split("-"))
    now = moment.time()
    return start <= now < end if start <= end else now >= start or now < end


def quiet_hours(span: str, zone: tzinfo) -> Callable[[], bool]:
    """Whether it is to be quiet at this moment; any thread may ask."""
    return lambda: within(span, now_in(zone))


def day_told(moment: datetime) -> date:
    """The day that somebody who looks back at this moment means: before noon it is the day before."""
    return moment.date() - timedelta(days=moment.hour < 12)


def midnight(day: date, zone: tzinfo) -> float:
    """When a day begins, in seconds since 1970."""
    return datetime.combine(day, time(), zone).timestamp()


def start_of(day: date, zone: tzinfo) -> str:
    """When a day begins, as the record writes it."""
    moment = datetime.combine(day, time(), zone).astimezone(UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def now_in(zone: tzinfo) -> datetime:
    return datetime.now(UTC).astimezone(zone)


def told(moment: datetime, now: datetime) -> str:
    """A moment as one would say it: 23:30 of the same day, or Sun 22 Nov 23:30."""
    return f"{moment:%H:%M}" if moment.date() == now.date() else f"{moment:%a %d %b %H:%M}"
