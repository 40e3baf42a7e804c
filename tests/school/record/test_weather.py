"""The self-state made visible: what was expected beside what was, in reports, in the record, in the chronicle."""

from __future__ import annotations

import copy
import json
import sqlite3
from dataclasses import replace

import pytest
import torch
from sqlite_utils import Database

import wakeup
from brain.selfstate import one_late
from school.door.values import Snapshot
from school.record.registrar import Registrar
from school.record.schema import connect, migrations, reading
from school.record.settings import RecordSettings
from school.record.thinning import thin_steps
from school.report.chronicle import draw_weather
from school.report.days import flagged
from school.screen.status import facts, status_lines
from school.teaching.tutor import Tutor
from tests.conftest import LESSONS, TINY, make_brain, make_tutor, take_steps


def test_a_step_tells_what_it_expected(librarian):
    """The mean over the streams of what the head says at the block's last token when it knows the colour before; one
    micro-step or several, all the same."""

    def begin(micro_streams: int) -> Tutor:
        settings = LESSONS.model_copy(update={"micro_streams": micro_streams})
        brain = make_brain(librarian.tokenizer, config=replace(TINY, dropout=0.0))
        return Tutor.of_library(brain, librarian, settings, block_tokens=16)

    whole, parts = begin(2), begin(1)
    lesson, _ = librarian.lesson(whole.planner.agenda.bookmark, streams=2, length=16)
    own, untaught = whole.all_streams(), copy.deepcopy(whole.brain)
    (report,), (other,) = take_steps(whole, 1), take_steps(parts, 1)
    with torch.no_grad():
        hidden = untaught(torch.from_numpy(lesson.tokens)[:, :-1], own.pixels, own.state).hidden
        expected = untaught.self_state(hidden, one_late(whole.streams.pixels, own.pixels[:, -1]))[:, -1].mean(0)
    assert report.expected == pytest.approx(expected.tolist(), abs=1e-5)
    assert other.expected == pytest.approx(report.expected, abs=1e-5)
    assert report.color == pytest.approx(whole.streams.pixels[:, -1].mean(0).tolist())


def test_an_older_record_gains_the_columns(tmp_path):
    """A record from before has no expected colours, and keeps what it has; new rows have them; averages carry them."""
    path = tmp_path / "baby.db"
    with sqlite3.connect(path) as connection:
        db = Database(connection)
        migrations.apply(db, stop_before="m004_weather")
        db["runs"].insert({"id": "run"})
        db["steps"].insert_all(
            {"step": i, "run_id": "run", "span": 1, "loss": 3.0, "red": 0.5, "green": 0.5, "blue": 0.5}
            for i in range(1, 101)
        )
        assert "expected_red" not in db["steps"].columns_dict
    connection.close()
    db = connect(path)
    new = {"run_id": "run", "span": 1, "loss": 2.0, "red": 0.4, "green": 0.3, "blue": 0.6}
    db["steps"].insert_all(
        {"step": i, **new, "expected_red": i / 1000, "expected_green": 0.25, "expected_blue": 0.75}
        for i in range(101, 301)
    )
    with db.atomic():
        thin_steps(db, 50, 1000)
    averages = list(db.query("select step, span, red, expected_red, expected_blue from steps where span = 100"))
    assert [row["step"] for row in averages] == [100, 200]
    assert (averages[0]["red"], averages[0]["expected_red"]) == (0.5, None)
    assert averages[1]["expected_red"] == pytest.approx(0.1505)
    assert averages[1]["expected_blue"] == pytest.approx(0.75)
    db.close()


def test_a_life_can_be_plotted(tmp_path, librarian, capsys):
    """Real steps in a record: the histories of tomorrow are those of today; --json has the weather and the days, and
    --weather draws all channels."""
    reports = take_steps(make_tutor(librarian), 12)
    statistics = tmp_path / "statistics"
    statistics.mkdir()
    registrar = Registrar(statistics / "baby.db", RecordSettings(), run_config={}, from_step=0)
    for report in reports:
        registrar.note(report)
    registrar.close(step=12, ending="asleep", patience=60)
    assert registrar.queries.steps(5) == [replace(report, taught=()) for report in reports[-5:]]
    assert registrar.queries.exams() == []
    assert wakeup.main(["stats", "--home", str(tmp_path), "--json"]) == 0
    life = json.loads(capsys.readouterr().out)
    assert len(life["weather"]) == 12
    assert life["weather"][3]["expected_blue"] == pytest.approx(reports[3].expected[2])
    assert [day["steps"] for day in life["days"]] == [12]
    assert wakeup.main(["stats", "--home", str(tmp_path), "--weather"]) == 0
    shown = capsys.readouterr().out
    for channel in ("red", "green", "blue"):
        assert f"{channel}: true (#) and expected (.)" in shown
    with reading(statistics / "baby.db") as db:
        assert "glimpse" not in db["steps"].columns_dict


def test_the_weather_of_a_life_that_was_not_always_noted():
    """Points without an expected colour are left out of its curve, not drawn as zero."""
    colors = {"red": 0.5, "green": 0.4, "blue": 0.6}
    unknown = {f"expected_{channel}": None for channel in colors}
    known = {f"expected_{channel}": 0.9 for channel in colors}
    weather = [{"step": i, **colors, **(known if i > 5 else unknown)} for i in range(10)]
    drawn = draw_weather(weather, 60)
    assert drawn.count("true (#)") == 3
    (row,) = [line for line in drawn.splitlines() if line.startswith("0.9┤")][:1]
    assert "." in row.split("┤")[1]
    assert not row.split("┤")[1][:20].strip()


def test_remarkable_days_are_flagged():
    """A day with a better examination than all before is a record; the one that undid the most is the worst."""
    held_out = [None, 3.0, 2.5, 2.6, None, 2.9, 2.4]
    days = flagged([{"day": str(i), "held_out_bits_per_byte": value} for i, value in enumerate(held_out)])
    assert [day["flag"] for day in days] == ["", "", "record", "", "", "worst", "record"]
    assert days[5]["gain"] == pytest.approx(-0.3)
    assert [day["flag"] for day in flagged([{"day": "1", "held_out_bits_per_byte": 2.0}])] == [""]


def test_days_are_those_of_the_clock_on_the_wall(tmp_path, capsys):
    """What is late in the evening in one place is the next day in another: for the days, their examinations and what
    was said."""
    (tmp_path / "statistics").mkdir()
    registrar = Registrar(tmp_path / "statistics" / "baby.db", RecordSettings(), run_config={}, from_step=0)

    def write(db: Database) -> None:
        step = {"run_id": registrar.run_id, "span": 1, "tokens": 8, "seconds": 1.0, "bits_per_byte": 2.0}
        for number, at in enumerate(("2026-03-02T22:30:00.000Z", "2026-03-02T23:30:00.000Z"), 1):
            db["steps"].insert(step | {"step": number, "at": at})
            exam = {"step": number, "at": at, "bits_per_byte": 3.0 - number, "gauges": "{}"}
            db["evaluations"].insert(exam | {"run_id": registrar.run_id}, alter=True)
            db["messages"].insert({"id": f"m{number}", "at": at, "person": "owner", "text": "hello"}, alter=True)

    registrar.write(write).result(60)
    registrar.close(step=2, ending="asleep", patience=60)
    for zone, days in (
        ("UTC", [("2026-03-02", 2, 1.0)]),
        ("Europe/Berlin", [("2026-03-02", 1, 2.0), ("2026-03-03", 1, 1.0)]),
    ):
        options = ["stats", "--home", str(tmp_path), "--set", f"timetable.zone={zone}"]
        assert wakeup.main([*options, "--json"]) == 0
        found = json.loads(capsys.readouterr().out)["days"]
        assert [(day["day"], day["steps"], day["held_out_bits_per_byte"]) for day in found] == days
        assert wakeup.main(options) == 0
        assert f"{days[-1][0]} {'00' if len(days) == 2 else '23'}:30  owner: hello" in capsys.readouterr().out


def test_status_and_toolbar_tell_the_mood():
    """The word, and what it expected beside what was."""
    now = Snapshot(mood="proud", color=(0.4, 0.3, 0.6), expected=(0.1, 0.2, 0.9))
    assert facts(now)[-1] == "proud"
    text = "\n".join(status_lines(now))
    assert "red 0.40" in text
    assert "it expected 0.10, 0.20, 0.90. Mood: proud" in text


def test_toolbar_shows_both_colours():
    """Two blocks: expected, then true."""
    from bots.terminal import weather_blocks

    assert weather_blocks(Snapshot(expected=(1, 0, 0), color=(0, 0, 1))) == [("bg:#ff0000", "  "), ("bg:#0000ff", "  ")]
