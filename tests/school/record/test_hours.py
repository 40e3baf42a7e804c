"""Of old examinations and events those that tell of each hour are left; what is looked at later is as it was."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
from collections import Counter
from contextlib import closing
from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from benchmarks.year import Plan, stamp, write_year
from school.diary.days import facts_of_day
from school.record.queries import Queries
from school.record.schema import connect, reading
from school.record.thinning import Thinned, thin_hours
from school.report.chronicle import read_life
from school.report.figures import figures
from school.report.life import opened
from school.report.views import VIEWS
from tests.school.record.test_registrar import EXAM, eventually, registrar_at, rows

PLAN = Plan(days=5, steps_a_day=40_000, questions_a_day=20, whole=True)
NOW = datetime(2025, 12, 8, 6, tzinfo=UTC)
ZONES = ["UTC", "America/Los_Angeles", "Asia/Kathmandu", "Australia/Lord_Howe"]
HOUR = timedelta(hours=1)


def thin_all(path: Path, zone: str = "UTC", before: str = "9", rows: int = 2000) -> int:
    """How many goes it took."""
    db, thinned, goes = connect(path), Thinned(), 0
    while not thinned.all:
        with db.atomic():
            thinned = thin_hours(db, thinned, before, ZoneInfo(zone), rows)
        goes += 1
    db.close()
    return goes


@pytest.fixture(scope="session")
def whole(tmp_path_factory) -> Path:
    """A home whose record was never thinned. It slept for a day, changed its library twice, was examined without being
    heard, woke as another run, and went back to earlier steps; and bells rang."""
    home = tmp_path_factory.mktemp("whole")
    path = home / "statistics" / "baby.db"
    write_year(path, PLAN)
    db, chance = connect(path), random.Random(7)
    with db.atomic():
        db.execute("delete from evaluations where at between '2025-12-03T02' and '2025-12-04T03'")
        db.execute("update evaluations set bytes = 90000 where at between '2025-12-02T09:20' and '2025-12-02T21'")
        db.execute("update evaluations set known_words = null, ended = null, distinct_2 = null where id % 3")
        db["runs"].insert({"id": "zz", "started_at": "2025-12-04T12:10:00.000Z", "from_step": 40_000, "config": "{}"})
        db.execute("update evaluations set run_id = 'zz', step = step - 9000 where at > '2025-12-04T12:10'")
        db.execute("update evaluations set bits_per_byte = null where id % 500 = 0")
        for n in range(600):
            at = stamp(PLAN.begin + timedelta(minutes=12 * n))
            kind, text = chance.choice([("rang", "night"), ("rang", "diary"), ("skipped", f"step {n}"), ("taste", "")])
            db["events"].insert({"run_id": "zz", "at": at, "step": n, "kind": kind, "text": text})
    db.close()
    return home


@pytest.fixture(scope="module", params=ZONES)
def zone(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def thinned(whole: Path, tmp_path_factory: pytest.TempPathFactory, zone: str) -> Path:
    """The same life, of which everything is thinned, its last days too: so every figure is put to the test. To be
    read only."""
    home = tmp_path_factory.mktemp("thinned") / "home"
    shutil.copytree(whole, home)
    thin_all(home / "statistics" / "baby.db", zone)
    return home


def told(home: Path, zone: str, **span: str) -> dict:
    return deepcopy(figures_of(home, zone, **span))


@cache
def figures_of(home: Path, zone: str, **span: str) -> dict:
    """Worked out once; nobody changes these homes."""
    with opened(home, ZoneInfo(zone), **span) as life:
        return figures(life, "Pip", NOW)


@pytest.mark.parametrize("since", [None, "2025-12-03"])
def test_the_report_says_the_same(whole, thinned, zone, since):
    """All of its figures but the points of the curves of examinations, and what is worked out of these points."""
    span = {"since": since} if since else {}
    before, after = told(whole, zone, **span), told(thinned, zone, **span)
    curves = ("examinations", "heard", "tuned", "hippocampus")
    assert {name: before.pop(name) for name in curves}.keys() == {name: after.pop(name) for name in curves}.keys()
    assert after == before


def test_curves_go_through_real_examinations(whole, thinned, zone):
    """Each point is one that there was, at most an hour before the one that stood there; the first and the last hour
    are on them, and the gains of the hippocampus are those of the points."""
    before, after = told(whole, zone), told(thinned, zone)
    with reading(whole / "statistics" / "baby.db") as db:
        real = {(row["step"], row["at"]): row for row in db["evaluations"].rows}
    assert len(after["examinations"]) > 50
    moments = [datetime.fromisoformat(point["at"]) for point in before["examinations"]]
    for point in after["examinations"]:
        row = real[point["step"], point["at"]]
        assert (point["held_out"], point["remembering"]) == (row["bits_per_byte"], row["remembering"])
    for moment in moments:
        nearest = min(abs(datetime.fromisoformat(point["at"]) - moment) for point in after["examinations"])
        assert nearest <= HOUR
    assert after["examinations"][-1] == before["examinations"][-1]
    assert len(after["heard"]) > 30
    gains = [p["held_out"] - p["remembering"] for p in after["examinations"] if None not in p.values()]
    assert (after["hippocampus"]["now"], after["hippocampus"]["most"]) == (gains[-1], max(gains))


def test_views_and_days_say_the_same(whole, thinned, zone):
    for view in ("now", "days", "people", "words", "sources", "mood"):
        tables = []
        for home in (whole, thinned):
            with opened(home, ZoneInfo(zone)) as life:
                tables.append(VIEWS[view](life, [], None))
        assert tables[0] == tables[1], view
    lives = [read_life(home, last=5, zone=ZoneInfo(zone)) for home in (whole, thinned)]
    for life in lives:
        assert len(life.pop("held_out_curve")) > 50
    assert lives[0] == lives[1]
    paths = [home / "statistics" / "baby.db" for home in (whole, thinned)]
    for n in range(7):
        day = date(2025, 11, 30) + timedelta(days=n)
        facts = []
        for path in paths:
            with reading(path) as db:
                facts.append(facts_of_day(db, day, ZoneInfo(zone)))
        assert facts[0] == facts[1], day
    assert [min(filter(None, Queries(path).exams())) for path in paths] == [told(whole, zone)["head"]["best"]] * 2


def test_events_are_counted_still(whole, thinned, zone):
    """By kind, on each day; each bell's last ring of every hour is there, and of other kinds the last one."""
    found = []
    for home in (whole, thinned):
        days: Counter = Counter()
        with reading(home / "statistics" / "baby.db") as db:
            for row in db["events"].rows:
                moment = datetime.fromisoformat(row["at"]).astimezone(ZoneInfo(zone))
                days[row["kind"], moment.date()] += row["times"]
            rang = db.execute("select text, max(at) from events where kind = 'rang' group by text").fetchall()
            found.append((days, rang))
    assert found[0] == found[1]
    kept = rows(thinned / "statistics" / "baby.db", "events")
    hours = Counter(
        (row["run_id"], row["kind"], row["text"] * (row["kind"] == "rang"), hour(row, zone)) for row in kept
    )
    assert set(hours.values()) == {1}


def hour(row: dict, zone: str) -> str:
    return f"{datetime.fromisoformat(row['at']).astimezone(ZoneInfo(zone)):%Y-%m-%dT%H%z}"


def test_what_is_left_is_bounded(thinned, zone):
    """Of an hour, a run and a paper no more than five."""
    kept = rows(thinned / "statistics" / "baby.db", "evaluations")
    assert max(Counter((row["run_id"], row["bytes"], hour(row, zone)) for row in kept).values()) <= 5


@pytest.mark.parametrize("size", [1, 3, 50, 200])
def test_little_by_little_leaves_the_same(whole, tmp_path, size):
    """However small each go is: it comes to an end, and what is told of the life is the same; with as many rows in a go
    as an hour has, or more, so are the rows."""
    small, large = tmp_path / "small.db", tmp_path / "large.db"
    for path in (small, large):
        shutil.copy(whole / "statistics" / "baby.db", path)
        with closing(sqlite3.connect(path)) as db, db:
            db.execute("delete from evaluations where at > '2025-12-02T06'")
            db.execute("delete from events where at > '2025-12-02T06'")
    assert thin_all(small, rows=size) > 1
    thin_all(large, rows=100_000)
    if size >= 50:
        assert rows(small, "evaluations") == rows(large, "evaluations")
        assert rows(small, "events") == rows(large, "events")
    best = "select id, min(bits_per_byte) from evaluations group by substr(at, 1, 13), run_id, bytes"
    counts = "select kind, sum(times) from events group by substr(at, 1, 13), run_id, kind"
    for query in (best, counts, "select max(id) from evaluations group by substr(at, 1, 13)"):
        found = []
        for path in (small, large):
            with reading(path) as db:
                found.append(db.execute(query).fetchall())
        assert found[0] == found[1]


def test_what_is_new_is_whole(whole, tmp_path):
    """From a moment on nothing is touched; and nothing is changed that people said or taught."""
    path = tmp_path / "baby.db"
    shutil.copy(whole / "statistics" / "baby.db", path)
    moment = "2025-12-04T06:00:00.000Z"
    thin_all(path, before=moment)
    for table in ("evaluations", "events"):
        was = [row for row in rows(whole / "statistics" / "baby.db", table) if row["at"] >= moment]
        assert [row for row in rows(path, table) if row["at"] >= moment] == was
        assert len(rows(path, table)) < len(rows(whole / "statistics" / "baby.db", table))
    for table in ("messages", "replies", "feedback", "pairs", "comments", "consents", "diary", "steps", "runs"):
        assert rows(path, table) == rows(whole / "statistics" / "baby.db", table), table


def test_a_life_of_its_own(tmp_path):
    """The registrar thins by its settings and by the time that was really lived, and goes on where it stopped."""
    path = tmp_path / "baby.db"
    with registrar_at(path) as keeper:
        old, new = (stamp(datetime.now(UTC) - timedelta(days=days)) for days in (3, 1))
        run = {"run_id": keeper.run_id, "gauges": "{}"}

        def live(db) -> None:
            for at in (old, new):
                some = ({"at": at, "step": n, "bits_per_byte": 2 + (n - 1234) ** 2} for n in range(2500))
                db["evaluations"].insert_all(run | row for row in some)

        keeper.write(live).result(60)
        keeper.examined(EXAM, 9, [])
        keeper.thin()
        eventually(lambda: len(rows(path, "evaluations")) == 3 + 2500 + 1)
        keeper.thin()
        kept = rows(path, "evaluations")
    assert [row["step"] for row in kept if row["at"] == old] == [0, 1234, 2499]
    assert json.loads(kept[-1]["gauges"]) == {}
