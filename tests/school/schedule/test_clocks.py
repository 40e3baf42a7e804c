"""Clocks that are set, that jump, or that change twice a year: no bell is lost, nobody waits, nothing is deleted."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from time import monotonic
from zoneinfo import ZoneInfo, available_timezones

import pytest

import wakeup
from bots.chat.context import Hooks, open_context
from bots.chat.host import Host
from bots.chat.messages import Line, WireState
from bots.room import ROOM
from bots.settings import Settings
from bots.twitch.client import Silence
from school.door.consent import Change, People
from school.door.school import School
from school.door.values import Origin, Pair, date_ids_by, new_id
from school.office.lifetime import ASLEEP, DAY, Clocks, Lifetime, Noted
from school.office.settings import read_settings
from school.record.queries import read_noted
from school.record.registrar import Registrar
from school.record.schema import reading
from school.record.settings import RecordSettings
from school.schedule.hours import At, day_told, start_of, trigger_at
from school.schedule.noticeboard import look_up
from school.schedule.plan import BELLS, RANG, Past, forget_ahead, missed, plan_of, read_past
from school.schedule.timetable import Timetable
from school.souls.caretaker import Caretaker, SoulSettings
from tests.school.record.test_removal import Attended

FIRST, YEARS = datetime(2026, 11, 29, tzinfo=UTC), 2
DEFAULTS = ("00:05", "03:00", "04:30", "monday 08:00")
ODD = (
    "00:00",
    "00:30",
    "01:00",
    "01:59",
    "02:00",
    "02:30",
    "03:30",
    "12:00",
    "22:30",
    "23:30",
    "23:59",
    "sunday 02:15",
)
HELSINKI, YEAR = ZoneInfo("Europe/Helsinki"), timedelta(days=365)
NIGHT = datetime(2026, 10, 25, tzinfo=HELSINKI)  # in which summer time ends there


@cache
def changes() -> list[tuple[ZoneInfo, datetime]]:
    """Of all the zones there are, every day within two years before which a clock was changed; zones whose clocks are
    always the same are there once."""
    found = {}
    for name in sorted(available_timezones() - {"localtime"}):
        zone = ZoneInfo(name)
        weeks = [FIRST + timedelta(days=7 * i) for i in range(53 * YEARS)]
        offsets = tuple(week.astimezone(zone).utcoffset() for week in weeks)
        found.setdefault((offsets, *_days(zone, weeks)), zone)
    return [(zone, day) for (_, *days), zone in found.items() for day in days]


def _days(zone: ZoneInfo, weeks: list[datetime]) -> Iterator[datetime]:
    for week, following in pairwise(weeks):
        if week.astimezone(zone).utcoffset() != following.astimezone(zone).utcoffset():
            days = [week + timedelta(days=i) for i in range(8)]
            yield from (day for before, day in pairwise(days) if _changed(zone, before, day))


def _changed(zone: ZoneInfo, before: datetime, after: datetime) -> timedelta:
    return after.astimezone(zone).utcoffset() - before.astimezone(zone).utcoffset()


def test_both_changes_of_many_zones_are_tried():
    """Else the tests below prove nothing: clocks go forward and back, by an hour, by half of one or by two."""
    steps = {abs(_changed(zone, day - timedelta(days=1), day)) for zone, day in changes()}
    assert {timedelta(minutes=30), timedelta(hours=1), timedelta(hours=2)} <= steps
    assert len({_changed(zone, day - timedelta(days=1), day) for zone, day in changes()}) == 2 * len(steps)
    assert len({zone.key for zone, _ in changes()}) > 25


SMALL = [
    "brain.preset=newborn", "brain.neurons=64", "brain.embed_width=32", "brain.thought_width=32",
    "brain.bottleneck=32", "library.vocabulary=300", "lessons.streams=2", "lessons.block_tokens=16",
    "lessons.micro_streams=2", "machine.threads=1", "timetable.zone=UTC",
]  # fmt: skip
QUARTER = timedelta(minutes=15)


def first_shown(zone: ZoneInfo, day: datetime) -> dict[datetime, datetime]:
    """What a clock there shows (without a zone) at every quarter of an hour around a day, and when that first is."""
    first: dict[datetime, datetime] = {}
    for moment in (day + i * QUARTER for i in range(-3 * 96, 4 * 96)):
        first.setdefault(moment.astimezone(zone).replace(tzinfo=None, fold=0), moment)
    return first


def test_every_bell_in_every_zone_rings_once_a_day():
    """Found by asking what the clock there shows all day long: a bell rings the first time that it shows the bell's
    time; on a day that has no such time, within the next two hours, and is about the same day. No bell stays where
    it is, however the moment that it is asked about is written."""
    for zone, day in changes():
        shown, middle = first_shown(zone, day), day.astimezone(zone).date()
        for when in (*DEFAULTS, *ODD):
            bell = trigger_at(when, zone)
            since = day - timedelta(days=2, hours=12)
            rung = missed(bell, since, day + timedelta(days=2, hours=12))
            again = since.astimezone(zone)
            for moment in rung:  # asked one by one, with a moment of that zone
                again = bell.after(again).astimezone(zone)
                assert again.astimezone(UTC) == moment
            assert all(one < other for one, other in pairwise(rung))
            for about in (middle + timedelta(days=i) for i in (-1, 0, 1)):
                if bell.weekday in (None, about.weekday()):
                    (moment,) = [m for m in rung if _told(m, zone) == about - timedelta(days=bell.clock.hour < 12)]
                    should = datetime.combine(about, bell.clock)
                    past_quarter = timedelta(minutes=should.minute % 15)
                    if first := shown.get(should - past_quarter):
                        assert moment == first + past_quarter, (zone, when, about)
                    else:
                        late = moment.astimezone(zone).replace(tzinfo=None) - should
                        assert timedelta(0) < late <= timedelta(hours=2), (zone, when, about)


def _told(moment: datetime, zone: ZoneInfo) -> date:
    return day_told(moment.astimezone(zone))


def test_days_in_every_zone_follow_each_other():
    """Where one day of the diary ends the next begins, also where midnight does not exist or comes twice."""
    for zone, day in changes():
        starts = [start_of(day.astimezone(zone).date() + timedelta(days=i), zone) for i in range(-2, 3)]
        assert starts == sorted(set(starts))
        for start, number in zip(starts, range(-2, 3), strict=True):
            begun = datetime.fromisoformat(start).astimezone(zone)
            before = (datetime.fromisoformat(start) - timedelta(minutes=1)).astimezone(zone)
            assert begun.date() == day.astimezone(zone).date() + timedelta(days=number)
            assert before.date() < begun.date() or begun.time() == time(), (zone, start)


class Broken:
    """A bell's time that comes again and again."""

    def after(self, moment: datetime) -> datetime:
        return FIRST


def test_a_time_that_stays_where_it_is_hangs_nobody(caplog):
    """It is rung for once, and the log has one line about it."""
    assert missed(Broken(), FIRST - timedelta(hours=1), FIRST + timedelta(hours=1)) == [FIRST]
    assert len(caplog.records) == 1


# ---- a timetable whose clocks are handed in ------------------------------------------------------------------------


class Hands:
    """Both clocks of a machine: ``live`` lets time pass, ``set`` only moves the hands of the one on the wall."""

    def __init__(self, now: datetime):
        self.wall, self.steady = now.timestamp(), 1000.0
        self.clocks = Clocks(lambda: self.wall, lambda: self.steady)

    def live(self, span: timedelta) -> None:
        self.wall += span.total_seconds()
        self.steady += span.total_seconds()

    def set(self, by: timedelta) -> None:
        self.wall += by.total_seconds()

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self.wall, UTC)


def settings_in(zone: str):
    return read_settings(Settings, None, [f"timetable.zone={zone}"])


class Day:
    """A timetable with all its bells, rung whenever the clocks were moved; ``rang``: which bell, at what steady second,
    about which days."""

    def __init__(self, hands: Hands, zone: str, past: Past | None = None):
        self.hands, self.rang, self.told, self.noted = hands, [], [], []
        settings = settings_in(zone)
        rings = {name: lambda days, name=name: self.rang.append((name, hands.steady, [*days])) for name in BELLS}
        self.timetable = Timetable(
            plan_of(settings), rings, past or Past({}, hands.now), settings.timetable,
            note=self.noted.append, tell=self.told.append, clocks=hands.clocks,
        )  # fmt: skip

    async def begin(self) -> Day:
        self.timetable.start()
        self.timetable.close()  # here nobody but ``live`` looks at the clocks
        return self

    def live(self, span: timedelta, step: timedelta = timedelta(minutes=1)) -> None:
        for _ in range(round(span / step)):
            self.hands.live(step)
            self.timetable.tick()

    def days_of(self, bell: str) -> list[list[date]]:
        return [days for name, _, days in self.rang if name == bell]

    def gaps(self, bell: str) -> set[float]:
        """Minutes between two of its rings."""
        return {round((b - a) / 60) for a, b in pairwise([at for name, at, _ in self.rang if name == bell])}


def begin(now: datetime, zone: str, past: Past | None = None) -> Day:
    return asyncio.run(Day(Hands(now), zone, past).begin())


def test_the_night_summer_time_ends():
    """All bells ring once, the ones that count minutes go on counting, and the status shows what is next."""
    day = begin(NIGHT - timedelta(hours=2), "Europe/Helsinki")
    day.live(timedelta(hours=12))
    assert day.days_of("diary") == day.days_of("night") == day.days_of("backup") == [[date(2026, 10, 24)]]
    assert day.gaps("save") == {10}
    assert day.timetable.due()["diary"].astimezone(HELSINKI) == datetime(2026, 10, 26, 0, 5, tzinfo=HELSINKI)
    assert day.timetable.lines() == ["bells: save 09:10, clear out 09:10, thin 09:30, examine 10:00"]


def test_every_day_of_the_change_everywhere_has_its_bells():
    """A real timetable through every change of the clocks in every zone: each bell with a time of day rings once for
    each of the days."""
    for zone, change in changes():
        noon = [datetime.combine(change.astimezone(zone).date() + timedelta(days=i), time(12), zone) for i in (-2, 1)]
        day, end = begin(noon[0], zone.key), noon[1].timestamp()
        for name in [name for name, every in day.timetable.plan.items() if not isinstance(every, At)]:
            del day.timetable.plan[name], day.timetable._next[name]
        while (due := min(day.timetable.due().values()).timestamp()) < end:
            day.hands.live(timedelta(seconds=due - day.hands.wall))
            before = len(day.rang)
            day.timetable.tick()
            assert len(day.rang) > before, (zone, change)
        for bell in ("diary", "night", "backup"):
            days = day.days_of(bell)
            assert len(days) == 3, (zone, change, bell)
            assert all(len(one) == 1 for one in days)
            assert [a[0] - b[0] for a, b in pairwise(reversed(days))] == [timedelta(days=1)] * 2


def test_cairo_has_a_page_of_the_day_before_the_one_without_its_hour():
    """The clocks go from 00:00 to 01:00; the bell of 00:05 rings at 01:05, about the day before."""
    day = begin(datetime(2027, 4, 29, 20, tzinfo=ZoneInfo("Africa/Cairo")), "Africa/Cairo")
    day.live(timedelta(days=2), timedelta(minutes=5))
    assert day.days_of("diary") == [[date(2027, 4, 29)], [date(2027, 4, 30)]]


@pytest.mark.parametrize("by", [-YEAR, -timedelta(days=1), -timedelta(hours=1), timedelta(hours=5), YEAR])
def test_whoever_sets_the_clock_stops_no_bell(by):
    """A bell that counts minutes goes on as if nobody had; one with a time of day rings within a day and a half, and
    from then on every day."""
    day = begin(datetime(2026, 11, 27, 12, tzinfo=HELSINKI), "Europe/Helsinki")
    day.live(timedelta(days=1), timedelta(minutes=5))
    day.rang.clear()
    day.hands.set(by)
    day.live(timedelta(days=4), timedelta(minutes=5))
    assert day.gaps("save") == {10}
    assert len([1 for name, *_ in day.rang if name == "save"]) == 4 * 144
    for bell in ("diary", "night", "backup"):
        assert len(day.days_of(bell)) >= 3
        assert max(day.gaps(bell)) <= 1.5 * 1440


def test_a_clock_that_was_years_ahead_for_a_while():
    """It is told once, and every bell rings when it is due, that very night."""
    day = begin(datetime(2026, 11, 27, 12, tzinfo=HELSINKI), "Europe/Helsinki")
    day.hands.set(3 * YEAR)
    day.live(timedelta(minutes=10))
    day.hands.set(-3 * YEAR)
    day.rang.clear()
    day.live(timedelta(days=1), timedelta(minutes=5))
    for bell in ("diary", "night", "backup"):
        assert day.days_of(bell) == [[date(2026, 11, 27)]]
    assert len(day.told) == 1
    assert "the clock was ahead when these bells last rang" in day.told[0]


def test_a_bell_that_rang_is_not_rung_again_for_an_hour_that_comes_twice():
    """A clock that is set back an hour behind a bell: it has been rung for."""
    day = begin(datetime(2026, 11, 27, 2, tzinfo=HELSINKI), "Europe/Helsinki")
    day.live(timedelta(minutes=70))
    day.hands.set(-timedelta(hours=1))
    day.live(timedelta(hours=3))
    assert len(day.days_of("night")) == 1


# ---- what the record remembers -------------------------------------------------------------------------------------


@contextmanager
def written(path: Path, hands: Hands) -> Iterator[tuple[Registrar, School, Lifetime, list[str]]]:
    """One wake of a school with its record, and what was told."""
    told: list[str] = []
    lifetime = Lifetime(read_noted(path, hands.wall), tell=told.append, clocks=hands.clocks)
    date_ids_by(lifetime.now)
    registrar = Registrar(path, RecordSettings(), run_config={}, from_step=0, lifetime=lifetime)
    try:
        yield registrar, School(Attended(), registrar, lifetime=lifetime), lifetime, told
    finally:
        registrar.close(step=0, ending="asleep", patience=20)
        date_ids_by(None)


def say(registrar: Registrar, text: str) -> None:
    """Somebody in the chat says and teaches something."""
    here = {"surface": "twitch", "channel": "c"}
    registrar.heard(new_id(), text=text, person="twitch:1", conversation="x", consent="2", message=text, **here)
    registrar.taught(Pair(id=new_id(), prompt="", answer=text, person="twitch:1", origin=Origin(**here, message=text)))


def said(path: Path) -> set[str]:
    with reading(path) as db:
        assert {row["answer"] for row in db["pairs"].rows} == {row["text"] for row in db["messages"].rows}
        return {row["text"] for row in db["messages"].rows}


def clear_out(path: Path, hands: Hands) -> list[str]:
    with written(path, hands) as (_, school, _, told):
        school.clear_out("twitch", 30).result(60)
    return told


def test_one_wake_with_a_clock_a_year_ahead_deletes_nobodys_words(tmp_path):
    """It says so in a sentence, with what to do; when the clock is right again, words go when their month is over, and
    not before, those said in that wake too."""
    path, hands = tmp_path / "baby.db", Hands(FIRST)
    with written(path, hands) as (registrar, *_):
        say(registrar, "before")
    hands.live(timedelta(days=1))
    hands.set(YEAR)
    with written(path, hands) as (registrar, school, _, told):
        say(registrar, "ahead")
        assert school.clear_out("twitch", 30).result(60).rows == 0
    assert told == [
        "the clock says 30 November 2027, 366 days more than this life can account for; for these nothing is deleted. "
        "If the clock is right, wake it once with --set record.today=2027-11-30."
    ]
    assert said(path) == {"before", "ahead"}
    hands.set(-YEAR)
    for _ in range(4):
        hands.live(timedelta(days=7))
        assert clear_out(path, hands) == []
    assert said(path) == {"before", "ahead"}
    hands.live(timedelta(days=3))
    clear_out(path, hands)
    assert said(path) == set()


def test_words_go_when_their_time_is_over_though_it_slept(tmp_path):
    """Short sleeps count, each of a week at most; a clock that is a little wrong is believed and forgiven."""
    path, hands = tmp_path / "baby.db", Hands(FIRST)
    with written(path, hands) as (registrar, *_):
        say(registrar, "old")
    for _ in range(4):
        hands.live(timedelta(days=7))
        assert clear_out(path, hands) == []
    assert said(path) == {"old"}
    hands.live(timedelta(days=3))
    assert clear_out(path, hands) == []
    assert said(path) == set()


def test_a_clock_at_the_beginning_of_time_deletes_nothing(tmp_path):
    """A machine without a battery: what is said on 1 January 1970 is new, then and when the clock is set."""
    path, hands = tmp_path / "baby.db", Hands(FIRST)
    with written(path, hands) as (registrar, *_):
        say(registrar, "before")
    hands.live(timedelta(hours=1))
    away = timedelta(seconds=hands.wall)
    hands.set(-away)
    with written(path, hands) as (registrar, school, _, told):
        say(registrar, "at boot")
        hands.set(away)
        say(registrar, "set")
        assert school.clear_out("twitch", 30).result(60).rows == 0
    assert "1 January 1970" in told[0].replace("01 January", "1 January")
    hands.live(timedelta(days=7))
    clear_out(path, hands)
    assert said(path) == {"before", "at boot", "set"}


def test_a_jump_in_a_living_school_deletes_nothing(tmp_path):
    path, hands = tmp_path / "baby.db", Hands(FIRST)
    with written(path, hands) as (registrar, school, _, told):
        say(registrar, "now")
        hands.set(YEAR)
        assert school.clear_out("twitch", 30).result(60).rows == 0
        assert len(told) == 1
    assert said(path) == {"now"}


def test_the_owner_confirms(tmp_path):
    """With the day that it is, a long sleep counts; with another, or the clock's word alone, it does not."""
    hands = Hands(FIRST)
    noted = Noted(hands.wall, hands.wall)
    hands.set(timedelta(days=60))
    for right_on, believed in (("2027-01-28", True), ("2027-01-27", False), ("", False)):
        told: list[str] = []
        lifetime = Lifetime(noted, right_on=right_on, tell=told.append, clocks=hands.clocks)
        assert (lifetime.now() == hands.wall) is believed
        assert bool(told) is not believed
    assert read_settings(Settings, None, ["record.today=2027-01-28"]).record.today == "2027-01-28"


def test_what_is_believed():
    """Lived seconds and short sleeps; never back, never further than that in one go; a small error is made good."""
    hands = Hands(FIRST)
    start = hands.wall
    life = Lifetime(None, clocks=hands.clocks)
    hands.live(timedelta(days=40))
    assert life.now() == pytest.approx(start + 40 * DAY)
    hands.set(timedelta(days=7))  # the machine slept
    assert life.now() == hands.wall
    hands.set(-timedelta(days=1))  # or was set a day ahead by mistake
    before = life.now()
    hands.live(timedelta(hours=12))
    assert before < life.now() < before + DAY / 2
    hands.live(timedelta(days=3))
    assert life.now() == hands.wall
    hands.set(timedelta(seconds=ASLEEP + 10))
    before = life.now()
    assert before == pytest.approx(hands.wall - ASLEEP - 10, abs=3)
    hands.live(timedelta(days=5))
    assert life.now() == pytest.approx(before + 5 * DAY)
    assert life.of(hands.wall - 60) == pytest.approx(life.now() - 60)


def test_bells_that_rang_in_the_future_are_rung_again(tmp_path):
    """Of what the record holds of a wake with a clock that was years ahead, only what was before it counts; the board
    shows it, it is told once, and stays in the record as what it was."""
    path, hands = tmp_path / "baby.db", Hands(FIRST)
    with written(path, hands) as (registrar, *_):
        for at, kind in (
            ("2026-11-28T03:00:00.000Z", "night"),
            ("2031-11-28T03:00:00.000Z", "night"),
            ("2031-01-01", "backup"),
        ):
            row = {"run_id": registrar.run_id, "at": at, "step": None, "kind": RANG, "text": kind}
            registrar.write(lambda db, row=row: db["events"].insert(row)).result(60)
        past = read_past(path, FIRST)
        assert past.rang == {"night": datetime(2026, 11, 28, 3, tzinfo=UTC)}
        assert past.ahead == {"night", "backup"}
        day = begin(FIRST, "UTC", Past(past.rang, FIRST - timedelta(days=1), past.ahead))
        assert day.told == [
            "the clock was ahead when these bells last rang: night, backup; they ring by the clock as it is now."
        ]
        day.live(timedelta(minutes=10))
        assert day.days_of("backup") == [[date(2026, 11, 27)]]
        assert not [one.bell for one in look_up(settings_in("UTC"), path).bells if one.last and one.last.year == 2031]
        registrar.write(lambda db: forget_ahead(db, FIRST)).result(60)
        assert read_past(path, FIRST).ahead == frozenset()
        with reading(path) as db:
            assert db["events"].count_where("kind = ?", [f"{RANG} ahead"]) == 2


def test_a_record_that_never_noted_the_time_has_its_last_date(tmp_path):
    """One that an older version wrote; a date from a wake with a clock that was ahead does not count."""
    path = tmp_path / "baby.db"
    assert read_noted(path, FIRST.timestamp()) is None
    with written(path, Hands(FIRST)):
        pass
    assert read_noted(path, FIRST.timestamp()) == Noted(FIRST.timestamp(), FIRST.timestamp())
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("drop table lifetime")
        db.execute("delete from runs")
        for at in ("2026-11-20T03:00:00.000Z", "2026-11-21T03:00:00.000Z", "2031-11-21T03:00:00.000Z"):
            db.execute("insert into events (at, kind, text) values (?, 'rang', 'night')", [at])
    last = datetime(2026, 11, 21, 3, tzinfo=UTC).timestamp()
    assert read_noted(path, FIRST.timestamp()) == Noted(last, last)


# ---- others who look at a clock ------------------------------------------------------------------------------------


def test_a_year_ahead_costs_no_soul(tmp_path):
    """Souls are as old as the time that was lived, whatever the clock says; those saved meanwhile are dated so."""
    hands = Hands(FIRST)
    life = Lifetime(Noted(hands.wall, hands.wall), clocks=hands.clocks)
    for days in range(7):
        place = tmp_path / f"step-{100 - days:012d}"
        place.mkdir()
        os.utime(place, (hands.wall - days * DAY, hands.wall - days * DAY))
    keeper = Caretaker(tmp_path, SoulSettings(keep_last=1, keep_hours=0, keep_days=7), clock=life.now)
    hands.set(YEAR)
    assert keeper.prune() == []


class Silent:
    def changed(self, change: Change, *, if_known: bool = False) -> None: ...


def test_a_clock_that_jumps_makes_nobody_trusted():
    """Trust grows with days that were lived."""
    hands = Hands(FIRST)
    life = Lifetime(None, clocks=hands.clocks)
    people = People(Silent(), clock=life.now)
    people.agree("twitch:1", "c")
    hands.set(YEAR)
    hands.live(timedelta(days=2))
    assert people["twitch:1"].trust_days(life.now()) == pytest.approx(2, abs=0.01)


def test_silence_is_measured_by_no_clock_that_can_be_set():
    """A clock put forward is no silence, one put back hides none, a real one is noticed."""
    hands = Hands(FIRST)
    wall = lambda: hands.now.replace(tzinfo=None)  # noqa: E731
    silence = Silence(wall, hands.clocks.steady)
    for by in (YEAR, -YEAR, -timedelta(hours=1), timedelta(hours=1)):
        hands.live(timedelta(seconds=20))
        heard = wall()
        hands.live(timedelta(seconds=5))
        hands.set(by)
        assert silence.seconds(heard) <= 25
        hands.live(timedelta(seconds=60))
        assert 60 <= silence.seconds(heard) <= 85


# ---- a chat --------------------------------------------------------------------------------------------------------


def test_a_chat_waits_by_the_clock_that_nobody_sets(tmp_path):
    """A year ahead is no end of a quarantine or of a silence that a moderator asked for; a day back makes none of them
    longer, nor a stranger of who agreed before a raid."""
    hands = Hands(FIRST)
    with written(tmp_path / "baby.db", hands) as (registrar, school, lifetime, _):
        people = People(registrar, clock=lifetime.now)
        hooks = Hooks(save=Future, wall=lifetime.now)
        context = open_context(ROOM, school, people, hooks, tmp_path, Settings(), clock=hands.clocks.steady)
        host = Host(context, Unheard())
        people.agree(ROOM.person("1"), "c")
        jumps = {"apples grow on old trees": YEAR, "my bicycle needs a new chain": -YEAR}
        jumps |= {"rain fell all morning here": -timedelta(days=1), "we baked bread with seeds": timedelta(days=1)}
        for text, by in jumps.items():
            line = Line(id=text, channel="c", person="1", login="ann", name="Ann", text=text)
            taught = host.quarantine.taught
            assert host.quarantine.offer(line, 1) == ""
            host.be_quiet(60)
            hands.set(by)
            host.quarantine.release(1)
            assert (host.quiet, len(host.quarantine)) == (True, 1)
            hands.live(timedelta(minutes=12))
            host.quarantine.release(1)
            assert (host.quiet, host.quarantine.taught) == (False, taught + 1)
        hands.live(timedelta(hours=1))
        for number in range(100):
            host.audience.note(replace(line, person=f"raid{number}", login=f"raid{number}", name=f"raid{number}"))
        host.audience.note(line)
        assert host._is_raider(replace(line, person="raid7"))
        assert not host._is_raider(line)


class Unheard:
    """A wire at whose other end nobody is."""

    def state(self) -> WireState:
        return WireState()


# ---- all of it -----------------------------------------------------------------------------------------------------


def live(home: Path, hands: Hands, *changes: str, first: bool = False) -> list[str]:
    """A wake of a step, with everything that belongs to one; returns what was shown. In the first somebody talks."""
    shown: list[str] = []
    arguments = [part for change in (*SMALL, *changes) for part in ("--set", change)]
    options = wakeup.parse(["--home", str(home), "--steps", "1", "--no-terminal", "--no-twitch", *arguments])
    settings, home = wakeup.read_options(options)
    clocks = Clocks(hands.clocks.wall, monotonic)
    with ExitStack() as closing:
        awake = wakeup.put_together(settings, home, options, closing, shown.append, clocks=clocks)
        if first:
            awake.people.agree("twitch:1", "c")
            say(awake.registrar, "my quokka")
        assert asyncio.run(wakeup._live(awake, "none")) == 0
        awake.ending = "asleep"
    return shown


def test_a_whole_wake_with_a_clock_a_year_ahead(tmp_path):
    """Nobody's words are deleted, souls stay, and the next wakes ring and say what was; once the owner says that the
    clock is right, words that are old are gone."""
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "diary.txt").write_text("today it rained and the cat slept. i made soup.\n" * 100)
    hands, record = Hands(FIRST), tmp_path / "statistics" / "baby.db"
    live(tmp_path, hands, first=True)
    hands.live(timedelta(hours=1))
    hands.set(YEAR)
    assert [line for line in live(tmp_path, hands) if "days more than this life can account for" in line]
    assert said(record) == {"my quokka"}
    hands.set(-YEAR)
    assert not [line for line in live(tmp_path, hands) if "the clock" in line]
    assert said(record) == {"my quokka"}
    hands.set(YEAR)
    assert not [line for line in live(tmp_path, hands, "record.today=2027-11-29") if "the clock" in line]
    assert said(record) == set()
