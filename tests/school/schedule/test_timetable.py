"""The timetable: bells ring when they are due, once for all the times they were missed, and can be switched off."""

from __future__ import annotations

import asyncio
import json
import time
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import tzlocal.unix

import wakeup
from benchmarks.clock import Clock
from bots.settings import Settings
from school.door.events import Saved
from school.door.values import Asleep, Snapshot
from school.office.lifetime import Clocks
from school.office.mistakes import Mistake
from school.office.settings import read_settings
from school.record.registrar import Registrar
from school.record.settings import RecordSettings
from school.schedule.hours import Every, day_told, midnight, told, trigger_at, within, zone_of
from school.schedule.noticeboard import as_table, look_up
from school.schedule.plan import BELLS, RANG, Past, missed, plan_of, read_past
from school.schedule.timetable import Timetable
from school.screen.announcer import Announcer, Screen

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 3, 2, 15, 0, tzinfo=BERLIN)


def settings_with(**timetable: object):
    changes = [f"timetable.{key}={json.dumps(value)}" for key, value in {"zone": "Europe/Berlin", **timetable}.items()]
    return read_settings(Settings, None, changes)


def live(settings, past: Past, *, hours: float, rings=None, start: datetime = MONDAY) -> list[tuple[str, str, list]]:
    """Let the bells ring on a real scheduler whose clock jumps; returns when which one rang, and for which days."""
    clock, rang = Clock(start), []

    def ring(bell: str):
        return lambda days: rang.append((f"{clock.now.astimezone(BERLIN):%a %H:%M}", bell, days))

    async def day() -> None:
        timetable = Timetable(
            plan_of(settings),
            rings or {bell: ring(bell) for bell in BELLS},
            past,
            settings.timetable,
            note=noted.append,
            clocks=clock.clocks,
        )
        timetable.start()
        await clock.run(timetable, start + timedelta(hours=hours), [], *[lambda: asyncio.sleep(0)] * 2)
        timetable.close()
        await asyncio.sleep(0)

    noted = []
    with clock.everywhere():
        asyncio.run(day())
    assert rings or [bell for _, bell, days in rang if days] == noted
    return rang


ONLY_DAYS = {"examine_minutes": 0, "thin_minutes": 0}


def test_a_day_of_bells():
    """Each bell rings at its time, told which day it is about; the ones that count minutes begin with waking."""
    settings = settings_with(examine_minutes=420, thin_minutes=0)
    settings = settings.model_copy(update={"soul": settings.soul.model_copy(update={"save_minutes": 480})})
    settings = settings.model_copy(update={"record": RecordSettings(chat_days=0)})
    assert live(settings, Past({}, MONDAY), hours=24) == [
        ("Mon 22:00", "examine", []),
        ("Mon 23:00", "save", []),
        ("Tue 00:05", "diary", [date(2026, 3, 2)]),
        ("Tue 03:00", "night", [date(2026, 3, 2)]),
        ("Tue 04:30", "backup", [date(2026, 3, 2)]),
        ("Tue 05:00", "examine", []),
        ("Tue 07:00", "save", []),
        ("Tue 12:00", "examine", []),
    ]


def test_what_was_missed_rings_once_after_waking():
    """Three nights away: each bell with a time of day rings once, a minute apart, for all its days; a known last time
    counts, and nothing rings that was not missed."""
    settings = settings_with(**ONLY_DAYS)
    past = Past({"backup": MONDAY - timedelta(hours=1)}, MONDAY - timedelta(days=3))
    rang = [one for one in live(settings, past, hours=0.1) if one[1] != "clear out"]
    days = [date(2026, 2, 27), date(2026, 2, 28), date(2026, 3, 1)]
    assert rang == [
        ("Mon 15:01", "diary", days),
        ("Mon 15:02", "letter", [days[-1]]),
        ("Mon 15:03", "night", days),
    ]


def test_a_bell_that_fails_or_finds_everybody_asleep_is_rung_again():
    """What was not done is not noted, so it counts as missed; other bells ring all the same."""
    settings = settings_with(**ONLY_DAYS, night="", letter="")
    troubles = iter([ValueError("no ink"), Asleep()])
    tries = []

    def diary(days: list[date]) -> None:
        tries.append(days)
        if trouble := next(troubles, None):
            raise trouble

    live(settings, Past({}, MONDAY), hours=72, rings={"diary": diary})
    assert tries == [[date(2026, 3, 2 + i) for i in range(n)] for n in (1, 2, 3)]


def test_every_bell_can_be_switched_off():
    """With every switch off nothing is planned."""
    off = {"examine_minutes": 0, "thin_minutes": 0}
    settings = settings_with(night="", diary="", letter="", backup="", **off)
    settings = settings.model_copy(update={"soul": settings.soul.model_copy(update={"save_minutes": 0.0})})
    assert plan_of(settings.model_copy(update={"record": RecordSettings(chat_days=0)})) == {}
    assert set(plan_of(settings_with(study="idle"))) == set(BELLS)


def test_hours_survive_the_change_of_the_clocks():
    """A time that does not exist on one day of the year, or exists twice, is rung for once."""
    bell = trigger_at("02:30", BERLIN)
    for day in (datetime(2026, 3, 29, tzinfo=BERLIN), datetime(2026, 10, 25, tzinfo=BERLIN)):
        assert len(missed(bell, day - timedelta(hours=12), day + timedelta(hours=36))) == 2


def test_hours_in_words():
    """Spans go over midnight, a look back before noon means the day before, and another day is named."""
    night, day = "22:00-07:00", "09:30-17:00"
    at = lambda clock: datetime.fromisoformat(f"2026-03-02T{clock}").replace(tzinfo=BERLIN)  # noqa: E731
    assert [within(night, at(t)) for t in ("21:59", "22:00", "00:00", "06:59", "07:00")] == [False, *[True] * 3, False]
    assert [within(day, at(t)) for t in ("09:29", "09:30", "17:00")] == [False, True, False]
    assert not within("", MONDAY)
    assert day_told(at("11:59")) == date(2026, 3, 1)
    assert day_told(at("12:00")) == date(2026, 3, 2)
    assert datetime.fromtimestamp(midnight(date(2026, 3, 2), BERLIN), UTC).hour == 23
    assert told(at("23:30"), MONDAY) == "23:30"
    assert told(at("23:30") + timedelta(days=1), MONDAY) == "Tue 03 Mar 23:30"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("zone=Mars/Base", 'timetable.zone must be text like "local" or "Europe/London", not "Mars/Base".'),
        ("zone=../passwd", 'timetable.zone must be text like "local" or "Europe/London", not "../passwd".'),
        ("diary=24:00", 'timetable.diary must be text like "23:30" or "", not "24:00".'),
        ("letter=18:00", 'timetable.letter must be text like "sunday 18:00" or "", not "18:00".'),
        ("quiet=22:00", 'timetable.quiet must be text like "22:00-07:00" or "", not "22:00".'),
    ],
)
def test_a_wrong_time_is_one_clear_line(change, words):
    with pytest.raises(Mistake, match="--set") as mistake:
        read_settings(Settings, None, [f"timetable.{change}"])
    assert str(mistake.value) == f"--set: {words}"


def test_a_machine_without_a_zone_is_one_clear_line(monkeypatch):
    monkeypatch.setenv("TZ", "Mars/Base")
    monkeypatch.setattr(tzlocal.unix, "_cache_tz", None)  # another test may have asked already
    with pytest.raises(Mistake, match=r"this machine's time zone is not known .* set timetable\.zone"):
        zone_of("local")
    assert zone_of("Asia/Kathmandu").key == "Asia/Kathmandu"


def test_the_record_remembers_bells_and_the_board_shows_them(tmp_path):
    """When a bell last rang is read back from the record; the board needs nobody awake, and JSON holds the same."""
    settings = settings_with(quiet="22:00-07:00", thin_minutes=0)
    record = tmp_path / "baby.db"
    clock = Clock(MONDAY)
    with clock.everywhere():
        assert not any(one.missed for one in look_up(settings, record).bells)  # nobody has ever woken
        registrar = Registrar(record, RecordSettings(), run_config={}, from_step=0)
        clock.now += timedelta(hours=9, minutes=5)
        registrar.event(RANG, "diary")
        registrar.close(step=0, ending="asleep")
        assert read_past(record, clock.now) == Past({"diary": MONDAY + timedelta(hours=9, minutes=5)}, MONDAY)
        clock.now += timedelta(hours=6)
        board = look_up(settings, record)
    table = as_table(board, 100)
    assert max(len(line) for line in table.splitlines()) <= 100
    assert "It is Tuesday 03 March 2026, 06:05 (Europe/Berlin); quiet hours 22:00-07:00, now." in table
    shown = {one.bell: one for one in board.bells}
    assert [bell for bell, one in shown.items() if one.missed] == ["night", "backup"]
    assert shown["diary"].next == datetime(2026, 3, 4, 0, 5, tzinfo=BERLIN)
    assert [shown[bell].when for bell in ("save", "thin", "night", "letter")] == [
        "every 10 minutes awake",
        "off",
        "at 03:00",
        "monday 08:00",
    ]
    assert "soon after waking" in next(line for line in table.splitlines() if "backup" in line)
    assert "last 00:05" in next(line for line in table.splitlines() if "diary" in line)


def test_the_command_prints_it(tmp_path, capsys):
    """``wakeup.py timetable --json`` is one object with every bell."""
    arguments = ["--home", str(tmp_path), "--set", "timetable.zone=Europe/Berlin"]
    assert wakeup.main(["timetable", "--json", *arguments]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["zone"] == "Europe/Berlin"
    assert [one["bell"] for one in printed["bells"]] == list(BELLS)
    assert printed["bells"][0].keys() == {"bell", "what", "when", "next", "last", "missed"}
    assert wakeup.main(["timetable", *arguments]) == 0
    assert "at 00:05" in capsys.readouterr().out


def test_quiet_hours_tell_only_what_went_wrong():
    """Saves and examinations go unsaid; afterwards all is told again. A full disk is told by the log, at any hour."""
    lines, quiet = [], [True]
    announcer = Announcer(
        Screen(show=lines.append), every_seconds=1, status=Snapshot, clock=lambda: 1e6, quiet=lambda: quiet[0]
    )
    for event in (Saved(5, "soul/step-5"), Saved(6, None, "No space left on device"), Saved(7, "soul/step-7")):
        quiet[0] = event.step < 7
        announcer.tell(event)
        announcer.catch_up()
    assert lines == ["soul saved at step 7"]


def test_waiting_costs_nothing():
    """Between two bells it leaves the processor to the lessons; once it looked ten thousand times a second."""

    looks = []

    async def wait() -> None:
        hours, past = settings_with().timetable, Past({}, datetime.now(UTC))
        clocks = Clocks(wall=lambda: looks.append("wall") or time.time())
        waiting = Timetable({"save": Every(600.0)}, {"save": print}, past, hours, note=print, clocks=clocks)
        waiting.start()
        await asyncio.sleep(0.5)
        waiting.close()

    asyncio.run(wait())
    assert 0 < len(looks) < 100
