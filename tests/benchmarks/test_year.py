"""The record of a year that looking is measured on: as the program would have left it."""

from __future__ import annotations

import json
import sqlite3
import sys
from dataclasses import replace

import pytest

from benchmarks import year
from benchmarks.year import Plan, spans, write_year
from school.record.schema import connect
from school.record.settings import RecordSettings
from school.record.thinning import thin_steps

TABLES = ("runs", "steps", "evaluations", "sources", "messages", "replies", "feedback", "pairs", "events", "diary")


@pytest.mark.parametrize("steps", [1, 99, 5_000, 5_101, 20_007, 523_456, 1_234_567])
def test_rows_are_those_that_thinning_leaves(tmp_path, steps):
    """Thinning finds nothing to do, every step is in one row, and thinning all of them would leave these rows."""
    settings = RecordSettings()
    made = list(spans(steps, settings))
    assert sum(span for _, span in made) == steps
    db = connect(tmp_path / "baby.db")
    db["runs"].insert({"id": "r"})
    with db.atomic():
        db.conn.executemany("insert into steps (step, span, run_id) values (?, ?, 'r')", made)
        thin_steps(db, settings.every_step, settings.hundreds)
    assert [tuple(row) for row in db.execute("select step, span from steps order by step")] == made
    if steps < 30_000:
        with db.atomic():
            db.execute("delete from steps")
            every = ((step, 1) for step in range(1, steps + 1))
            db.conn.executemany("insert into steps (step, span, run_id) values (?, ?, 'r')", every)
            thin_steps(db, settings.every_step, settings.hundreds)
        assert [tuple(row) for row in db.execute("select step, span from steps order by step")] == made
    db.close()


def test_of_each_hour_is_left_what_thinning_leaves(tmp_path):
    """It finds nothing to do; and of the same life that was never thinned it leaves the same rows."""
    thinned, whole = tmp_path / "thinned.db", tmp_path / "whole.db"
    plan = Plan(days=5, steps_a_day=40_000, questions_a_day=1)
    found = []
    for path, kind in ((thinned, plan), (whole, replace(plan, whole=True))):
        write_year(path, kind)
        told = year.thin(path, plan)
        assert told["goes"] >= 1
        db = sqlite3.connect(path)
        columns = ("at, step, bits_per_byte, gauges from evaluations", "at, step, kind, times from events")
        found.append([sorted(db.execute(f"select {some}").fetchall()) for some in columns])
        db.close()
    assert found[0] == found[1]
    examinations, events = found[0]
    assert len(examinations) < 0.6 * 5 * 320
    assert sum(row[3] for row in events) == 5 * (144 + 20)


def test_a_life_is_whole(tmp_path):
    """It has something in every table, and nothing in it contradicts what it refers to."""
    path = tmp_path / "statistics" / "baby.db"
    write_year(path, Plan(days=2, steps_a_day=1000, questions_a_day=30))
    db = sqlite3.connect(path)
    assert db.execute("pragma integrity_check").fetchone() == ("ok",)
    assert db.execute("pragma foreign_key_check").fetchall() == []
    for table in TABLES:
        assert db.execute(f"select count(*) from {table}").fetchone()[0], table
    assert db.execute("select count(*) from messages_fts where messages_fts match 'soup'").fetchone()[0]
    db.close()


def test_the_command_times_every_look(tmp_path, monkeypatch, capsys):
    arguments = ["--home", str(tmp_path), "--days", "3", "--steps-a-day", "20000", "--measure", "--whole", "--json"]
    monkeypatch.setattr(sys, "argv", ["year", *arguments])
    year.main()
    found = json.loads(capsys.readouterr().out)
    assert set(found["processor_seconds"]) == {" ".join(words) for words in year.LOOKS}
    assert set(found["processor_seconds_thinned"]) == set(found["processor_seconds"])
    assert found["megabytes"] > 0
    assert found["goes"] >= 1
