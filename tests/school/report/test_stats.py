"""The views of ``stats``: what they show, in three forms; what is refused; how little of a long record they read."""

from __future__ import annotations

import csv
import io
import json
import re
import resource
import sqlite3
import subprocess
import sys
from itertools import chain
from pathlib import Path

import pytest

import wakeup
from benchmarks.year import LOOKS, Plan, write_year
from bots.command_line import STATS
from school.office.mistakes import Mistake
from school.record.schema import connect
from school.report.chronicle import read_life
from school.report.curves import curves, examinations, statistics
from school.report.figures import figures
from school.report.follow import changes, new_rows
from school.report.life import opened
from school.report.sql import ask
from school.report.tables import Table
from school.report.views import VIEWS
from tests.school.report.conftest import CANARIES, LEFT, NOW, STRANGER

ROOT = Path(__file__).resolve().parents[3]
TWO_DAYS = ("--since", "2025-12-03", "--until", "2025-12-04")
WORDS = {"curve": ["loss", "held_out", "window3", "answer_seconds"], "sql": ["select count(*) as n from replies"]}


@pytest.fixture
def stats(home, capsys):
    """Run it; returns the status, what it printed and what it complained of."""

    def run(*words: str) -> tuple[int, str, str]:
        try:
            status = wakeup.main(["--home", str(home), "stats", *words])
        except SystemExit as leaving:
            status = leaving.code
        return status, *capsys.readouterr()

    return run


@pytest.mark.parametrize("view", VIEWS)
def test_each_view_has_three_forms(stats, view):
    """For people, as CSV and as JSON: the same rows."""
    words = [view, *WORDS.get(view, [])]
    status, printed, _ = stats(*words, "--json")
    rows = json.loads(printed)
    assert status == 0
    assert rows
    status, printed, _ = stats(*words, "--csv")
    (heads, *lines) = csv.reader(io.StringIO(printed))
    assert status == 0
    assert heads == list(rows[0])
    assert len(lines) == len(rows)
    for line, row in zip(lines, rows, strict=True):
        assert [cell.removeprefix("'") for cell in line] == ["" if v is None else str(v) for v in row.values()]
    status, printed, _ = stats(*words)
    assert status == 0
    assert printed.strip()
    assert "\x1b" not in printed
    assert "\u202e" not in printed


def test_all_views_are_known_to_the_command_line():
    assert set(STATS) == {"summary", "export", *VIEWS}


def test_every_statistic_has_a_curve(home):
    """All that the brain tunes for itself included; and unknown ones are named, with what was meant."""
    with opened(home) as life:
        names = statistics(life)
        found = curves(life, names)
        assert set(found) >= {
            "loss",
            "tokens_per_second",
            "held_out",
            "remembering",
            "window7",
            "answer_log_probability",
        }
        assert all(points for points in found.values())
        with pytest.raises(Mistake, match="there is no statistic helt_out; did you mean held_out?"):
            curves(life, ["helt_out"])


def test_now_is_the_last_hundred_lessons(home, stats):
    """Their means, and the last and the best examination."""
    _, printed, _ = stats("now", "--json")
    (row,) = json.loads(printed)
    db = sqlite3.connect(home / "statistics" / "baby.db")
    lessons = db.execute("select step, loss, tokens, seconds, blue from steps order by step").fetchall()[-100:]
    exams = [bits for (bits,) in db.execute("select bits_per_byte from evaluations order by step")]
    db.close()
    assert row["step"] == lessons[-1][0]
    assert row["loss"] == pytest.approx(sum(one[1] for one in lessons) / 100)
    assert row["tokens_per_second"] == pytest.approx(sum(one[2] for one in lessons) / sum(one[3] for one in lessons))
    assert row["blue"] == pytest.approx(sum(one[4] for one in lessons) / 100)
    assert (row["held_out"], row["best"]) == (exams[-1], min(exams))


def test_talk_is_found_by_its_words(stats):
    _, printed, _ = stats("talk", "naïve", "soup")
    assert printed.count("baby (step") == 1
    assert "Zoë's soup" in printed
    _, printed, _ = stats("talk", "absolutely-nothing-like-it")
    assert "Nothing of this is in the record yet." in printed


def test_people_are_only_those_who_agree(stats):
    """Of the others neither ids nor words."""
    for view in ("people", "words"):
        _, printed, _ = stats(view, "--json")
        assert not [one for one in (STRANGER, LEFT, *CANARIES, *CANARIES.values()) if one in printed]
    _, printed, _ = stats("people", "--json")
    rows = json.loads(printed)
    assert rows[0]["person"] == "owner"
    assert {row["trust"] for row in rows if row["person"] == "owner"} == {1.0}
    assert all(0 <= row["trust"] < 1 and row["lessons"] >= 0 for row in rows if ":" in row["person"])


def test_since_and_last(stats):
    _, printed, _ = stats("days", "--json", "--since", "2025-12-07", "--last", "2")
    days = [row["day"] for row in json.loads(printed)]
    _, printed, _ = stats("days", "--json", "--since", "2025-12-07")
    assert [row["day"] for row in json.loads(printed)][-2:] == days
    for view in ("days", "talk", "events", "mood", "curve"):
        words = ["loss", "held_out", "answer_seconds"] if view == "curve" else []
        _, printed, _ = stats(
            view, *words, "--json", "--last", "9999", "--since", "2025-12-03", "--until", "2025-12-04"
        )
        days = [(row.get("at") or row["day"])[:10] for row in json.loads(printed)]
        assert set(days) == {"2025-12-03", "2025-12-04"}, view
    _, printed, _ = stats("events", "saved", "--json", "--last", "3")
    assert [row["kind"] for row in json.loads(printed)] == ["saved"] * 3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nonsense"], "there is no nonsense here"),
        (["wordz"], "did you mean words?"),
        (["days", "monday"], "stats days takes no more words"),
        (["curve", "losss"], "did you mean loss?"),
        (["days", "--follow"], "--follow goes with"),
        (["mood", "--weather"], "--weather goes with stats alone"),
        (["talk", "--search", "soup"], "stats talk soup"),
        (["--tensorboard", "x"], "--tensorboard goes with stats export"),
        (["export"], "say --tensorboard DIR, or --csv"),
        (["--since", "2025-13-40"], "--since 2025-13-40: write a day as 2026-11-29"),
        (["curve", "loss", "--until", "soon"], "--until soon: write a day as 2026-11-29"),
        (["words", "--until", "2025-12-03"], "--until goes with stats curve"),
        (["sql"], "write one statement in quotes"),
        (["sql", "select 1; select 2"], "one statement at a time"),
        (["sql", "selct 1"], "syntax error"),
        (["sql", ""], "that asks nothing"),
        (["sql", "delete from replies"], "it may only read"),
        (["sql", "attach 'elsewhere.db' as x"], "it may only read"),
        (["sql", "pragma user_version = 3"], "it may only read"),
        (["sql", "create temp table x (a)"], "it may only read"),
        (["sql", "select load_extension('x')"], "stats sql: "),
        (["sql", "select hex(zeroblob(2000000))"], "too big"),
    ],
)  # fmt: skip
def test_what_is_refused_is_one_line(stats, words, said):
    status, printed, complained = stats(*words)
    assert (status, printed) == (2, "")
    assert said in complained
    assert complained.count("\n") == 1


ENDLESS = "with recursive n(i) as (select 1 union all select i + 1 from n) select i from n"


def test_sql_has_bounds(home):
    """Of rows and of time; the record is open to other questions afterwards."""
    with opened(home) as life:
        table = ask(life, ENDLESS, rows=7)
        assert ([row[0] for row in table.rows], table.note) == ([1, 2, 3, 4, 5, 6, 7], "(the first 7 rows)")
        with pytest.raises(Mistake, match="took longer than 0 seconds"):
            ask(life, f"select max(i) from ({ENDLESS})", seconds=0)
        assert life.one("select count(*) from runs") == 1
        assert list(life.query("pragma table_info(runs)"))


def test_a_table_for_people_and_for_programs():
    """Numbers stand at the right; what a spreadsheet would compute, and what a terminal would obey, does nothing."""
    table = Table(["name", "n"], [["=1+1", 5], ["\x1b[2J漢字", 12345], [None, None]])
    assert table.as_csv() == "name,n\n'=1+1,5\n\x1b[2J漢字,12345\n,"
    shown = [("name", "n"), ("=1+1", "5"), ("\\x1b[2J漢字", "12,345"), ("-", "-")]
    assert table.as_text().splitlines() == [f"{name:{11 - name.count('漢') * 2}}  {n:>6}" for name, n in shown]
    assert json.loads(table.as_json())[0] == {"name": "=1+1", "n": 5}


def test_following_tells_what_is_new(tmp_path):
    """A row that is added is told once, and nothing twice; what waits is told when something is written."""
    path = tmp_path / "statistics" / "baby.db"
    path.parent.mkdir()
    writer = connect(path)
    writer["runs"].insert({"id": "r", "started_at": "2025-12-01T00:00:00.000Z", "from_step": 0})
    waits = 0

    def add(kind: str) -> None:
        writer["events"].insert({"run_id": "r", "at": f"2025-12-01T00:00:0{waits}.000Z", "kind": kind, "text": "x"})

    def wait(seconds: float) -> None:
        nonlocal waits
        waits += 1
        if waits > 4:
            raise KeyboardInterrupt
        if waits != 2:  # once nothing happens
            add(f"kind{waits}")

    def look() -> Table:
        with opened(tmp_path) as life:
            return VIEWS["events"](life, [], None)

    add("first")
    told = []

    def follow() -> None:
        for table in new_rows(chain([look()], (look() for _ in changes(path, wait)))):
            told.append([row[1] for row in table.rows])

    with pytest.raises(KeyboardInterrupt):
        follow()
    writer.close()
    assert told == [["first"], ["kind1"], ["kind3"], ["kind4"]]


def test_a_look_holds_up_nobody(tmp_path):
    """While it is looked at, the life goes on writing without waiting; the look goes on seeing the moment it began."""
    path = tmp_path / "statistics" / "baby.db"
    path.parent.mkdir()
    writer = connect(path)
    writer.execute("pragma busy_timeout = 0")
    writer["runs"].insert({"id": "r", "started_at": "2025-12-01T00:00:00.000Z", "from_step": 0})
    with opened(tmp_path) as life:
        assert life.one("select count(*) from runs") == 1
        writer["runs"].insert({"id": "s", "started_at": "2025-12-02T00:00:00.000Z", "from_step": 5})
        assert writer["runs"].count == 2
        assert life.one("select count(*) from runs") == 1
    writer.close()


# ---- how little is read ----------------------------------------------------------------------------------------------

LARGE = ("evaluations", "messages", "replies", "events")  # tables that grow for ever


def asked(home: Path, look) -> list[str]:
    """All statements that SQLite does while something is looked at, with their values."""
    said = []
    with opened(home) as life:
        life.db.conn.set_trace_callback(said.append)
        look(life)
        life.db.conn.set_trace_callback(None)
    return [statement for statement in dict.fromkeys(said) if not statement.lstrip().startswith(("pragma", "--"))]


def scanned(home: Path, statements: list[str]) -> set[str]:
    """The large tables that these read from one end to the other, not through an index."""
    found = set()
    with opened(home) as life:
        life.db.conn.create_function("day_of", 1, lambda at: at[:10], deterministic=True)
        for statement in statements:
            for *_, step in life.db.execute(f"explain query plan {statement}"):
                if whole := re.match(r"SCAN (\w+)(?! USING| VIRTUAL)", step):
                    found.add(whole[1])
    return found & set(LARGE)


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_goes_by_indices(home, view):
    """No view reads the examinations, the talk or the events one by one; except curves of answers, which are fewer."""
    some = {**WORDS, "curve": ["loss", "held_out", "window3"], "talk": ["turnip"]}
    words = some.get(view, [])
    statements = asked(home, lambda life: VIEWS[view](life, words, None))
    assert statements
    assert scanned(home, statements) == set()


def test_the_report_goes_by_indices(home):
    statements = asked(home, lambda life: figures(life, "Pip", NOW))
    assert len(statements) > 20
    assert scanned(home, statements) == set()


def test_the_summary_goes_by_indices(home, monkeypatch):
    """Whether it learns, too, is known from three examinations."""
    said: list[str] = []
    plain = sqlite3.connect

    def watched(*arguments, **options):
        connection = plain(*arguments, **options)
        connection.set_trace_callback(said.append)
        return connection

    monkeypatch.setattr(sqlite3, "connect", watched)
    life = read_life(home, last=5)
    monkeypatch.undo()
    assert re.match(r"since .* it predicts your writing", life["learning"])
    assert scanned(home, [s for s in dict.fromkeys(said) if re.match(r"\s*(select|with)", s)]) == set()


def test_a_curve_of_examinations_reads_as_many_as_it_tells(home):
    """Steps of SQLite's machine for ten points, of a record with 288 examinations."""
    with opened(home) as life:
        ticks = 0

        def count() -> int:
            nonlocal ticks
            ticks += 1
            return 0

        assert life.span.last == 36_000
        life.db.conn.set_progress_handler(count, 1)
        examinations(life, 10)
        few, ticks = ticks, 0
        examinations(life, 80)
        many, ticks = ticks, 0
        list(life.db.query("select step, at, bits_per_byte, gauges from evaluations where at >= '' order by step"))
        assert few < many < 12 * few
        assert few < ticks


@pytest.mark.trial
def test_a_year_is_looked_at_in_a_second(tmp_path):
    """Processor time of a whole process, the better of two, on a quiet machine; of the report two seconds."""
    write_year(tmp_path / "statistics" / "baby.db", Plan())
    for words in LOOKS:
        costs = []
        for _ in range(2):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            command = [sys.executable, str(ROOT / "wakeup.py"), "--home", str(tmp_path), *words]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=120)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            costs.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        assert min(costs) < (3.0 if words[0] == "report" else 1.0), words
