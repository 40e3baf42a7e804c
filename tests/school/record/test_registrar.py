"""The registrar: everything is written down, nobody waits for it, and what is to be forgotten is gone to the byte."""

from __future__ import annotations

import json
import logging
import math
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlite_utils import Database

from brain.gauges import Gauge
from school.door.events import Examined, ExamResult, Saved, StepReport
from school.door.values import Exchange, Origin, Pair, Reply, Scope, new_id
from school.record import removal, writer
from school.record.queries import Queries
from school.record.registrar import Registrar
from school.record.schema import connect, reading, utc_now
from school.record.settings import RecordSettings
from school.record.thinning import thin_steps
from school.report.chronicle import read_life
from school.texts.shelf import Text

SECRET = "Quetzalcoatlus"
TABLES = ["runs", "steps", "evaluations", "sources", "messages", "replies", "feedback", "pairs", "events"]


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Flush and retry quickly, and give up on a locked file quickly."""
    monkeypatch.setattr(writer, "FLUSH_SECONDS", 0.01)
    monkeypatch.setattr(writer, "RETRY_SECONDS", 0.02)
    plain = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *where, **how: plain(*where, **how | {"timeout": 0.02}))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "statistics").mkdir()
    return tmp_path / "statistics" / "baby.db"


@contextmanager
def registrar_at(path: Path, **how: Any) -> Iterator[Registrar]:
    keeper = Registrar(path, RecordSettings(**how), run_config={"brain": {"preset": "newborn"}}, from_step=7)
    try:
        yield keeper
    finally:
        keeper.close(step=9, ending="asleep", patience=60)


@pytest.fixture
def keeper(path: Path) -> Iterator[Registrar]:
    with registrar_at(path) as keeper:
        yield keeper


def eventually(holds: Callable[[], bool], seconds: float = 60) -> None:
    """Wait until something holds, at most so long."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it never came to pass"
        time.sleep(0.005)


def written(keeper: Registrar) -> None:
    eventually(lambda: keeper.unwritten == 0)


def rows(path: Path, table: str) -> list[dict[str, Any]]:
    with reading(path) as db:
        return list(db[table].rows)


def reply_of(reply_id: str, text: str = "hello, you", **more: Any) -> Reply:
    values = {
        "id": reply_id,
        "text": text,
        "tokens": (9, 10),
        "step": 8,
        "color": (0.1, 0.2, 0.3),
        "seconds": 0.5,
        "first_token_seconds": 0.2,
        "conversation": "c",
        "ending": "end",
    }
    return Reply(**values | more)


def step_of(step: int, **more: Any) -> StepReport:
    values = {
        "step": step,
        "loss": 3.5,
        "bits_per_byte": 2.5,
        "accuracy": 0.25,
        "gradient_norm": 1.5,
        "learning_rate": 1e-3,
        "tokens": 1024,
        "review_tokens": 0,
        "seconds": 0.1,
        "color": (0.1, 0.2, 0.3),
        "expected": (0.2, 0.4, 0.6),
    }
    return StepReport(**values | more)


def text_of(name: str, tokens: int, sha256: str = "abc") -> Text:
    return Text(name=name, sha256=sha256, size=99, learn=np.zeros(tokens, np.uint16), held_out=np.zeros(5, np.uint16))


EXAM = ExamResult(
    bits_per_byte=2.25, tokens=100, bytes=300, accuracy=0.5, temperature=0.9, self_state_error=0.8, repeats=0.4
)


def talk(
    keeper: Registrar, name: str, *, person: str = "ann", text: str = "hi, baby", answer: str = "hello, you"
) -> str:
    """A message m-<name> and its reply r-<name>."""
    how = {"surface": "terminal", "conversation": f"terminal/{person}", "consent": "owner"}
    keeper.heard(f"m-{name}", text=text, person=person, **how)
    keeper.said(reply_of(f"r-{name}", answer), f"m-{name}")
    return f"r-{name}"


def pair_of(name: str, **more: Any) -> Pair:
    return Pair(**{"id": name, "prompt": "hi, baby", "answer": "hello", "person": "ann", "source": "good"} | more)


@contextmanager
def locked(path: Path, how: str = "immediate") -> Iterator[None]:
    """Hold the database's write lock, or the whole of it, as another program would, as soon as it is free."""
    other = sqlite3.connect(path, isolation_level=None)
    try:
        other.execute("pragma busy_timeout = 60000")  # the registrar may be tidying up
        if how == "exclusive":
            other.execute("pragma locking_mode=exclusive")
        other.execute(f"begin {how}")
        yield
        other.execute("rollback")
    finally:
        other.close()


# ---- everything arrives --------------------------------------------------------------------------------------------


def test_everything_is_written_down(path: Path):
    """A row of every kind is in its table after close, with the values it was given."""
    with registrar_at(path) as keeper:
        keeper.note(step_of(8, loss=3.25))
        keeper.note(Examined(EXAM, 8, (Gauge("memory", 1, 0.5, "short"),)))
        keeper.note(Saved(8, "soul/step-8"))
        keeper.note(Saved(9, None, "the disk is full"))
        keeper.shelve([text_of("diary.txt", 50)])
        talk(keeper, "1", text="hi, fox 🦊", answer="hello\nyou")
        keeper.marked("r-1", person="ann", verdict="fix", correction="hello, fox")
        keeper.taught(pair_of("p1", prompt="hi", answer="hello, fox", weight=2.0, source="fix", reply="r-1"))
        keeper.event("woke", "good morning")
    (run,) = rows(path, "runs")
    assert (run["id"], run["from_step"], run["to_step"], run["ending"]) == (keeper.run_id, 7, 9, "asleep")
    assert json.loads(run["config"]) == {"brain": {"preset": "newborn"}}
    (step,) = rows(path, "steps")
    assert step["at"] >= run["started_at"]
    assert {key: step[key] for key in ("step", "run_id", "span", "loss", "bits_per_byte", "tokens")} == {
        "step": 8,
        "run_id": keeper.run_id,
        "span": 1,
        "loss": 3.25,
        "bits_per_byte": 2.5,
        "tokens": 1024,
    }
    assert (step["red"], step["green"], step["blue"]) == (0.1, 0.2, 0.3)
    (exam,) = rows(path, "evaluations")
    assert (exam["step"], exam["bits_per_byte"], exam["tokens"], exam["bytes"]) == (8, 2.25, 100, 300)
    assert json.loads(exam["gauges"]) == {"memory1_short": 0.5}
    (source,) = rows(path, "sources")
    assert (source["sha256"], source["name"], source["bytes"], source["held_out_tokens"]) == ("abc", "diary.txt", 99, 5)
    (message,) = rows(path, "messages")
    assert (message["id"], message["person"], message["text"], message["consent"]) == (
        "m-1",
        "ann",
        "hi, fox 🦊",
        "owner",
    )
    (reply,) = rows(path, "replies")
    assert (reply["id"], reply["message_id"], reply["text"], reply["step"], reply["blue"]) == (
        "r-1",
        "m-1",
        "hello\nyou",
        8,
        0.3,
    )
    (mark,) = rows(path, "feedback")
    assert (mark["reply_id"], mark["verdict"], mark["correction"]) == ("r-1", "fix", "hello, fox")
    (pair,) = rows(path, "pairs")
    assert (pair["reply_id"], pair["answer"], pair["weight"], pair["status"]) == ("r-1", "hello, fox", 2.0, "learning")
    assert [(event["kind"], event["text"], event["step"]) for event in rows(path, "events")] == [
        ("saved", "soul/step-8", 8),
        ("not saved", "the disk is full", 9),
        ("woke", "good morning", None),
    ]
    assert keeper.unwritten == 0


def test_a_run_without_an_event_is_written_down(path: Path):
    """Opening and closing alone leave the run's row with its beginning and end."""
    with registrar_at(path):
        pass
    (run,) = rows(path, "runs")
    assert run["started_at"] <= run["ended_at"]


def test_it_does_not_wait_for_the_end(keeper: Registrar, path: Path):
    """Rows are in the file soon after they were given, while the record is open."""
    keeper.event("woke", "good morning")
    written(keeper)
    assert [event["text"] for event in rows(path, "events")] == ["good morning"]


def test_the_next_run_goes_on_in_the_same_record(path: Path):
    """A second run adds to the first one's rows."""
    ids = []
    for i in range(2):
        with registrar_at(path) as keeper:
            keeper.event("woke", f"day {i}")
            ids.append(keeper.run_id)
    assert [run["id"] for run in rows(path, "runs")] == ids
    events = [(event["run_id"], event["text"]) for event in rows(path, "events")]
    assert events == [(ids[0], "day 0"), (ids[1], "day 1")]


def test_many_threads_may_write(keeper: Registrar, path: Path):
    """Rows given from several threads at once all arrive."""
    threads = [
        threading.Thread(target=lambda k=k: [keeper.event(f"kind{k}", str(i)) for i in range(50)]) for k in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    written(keeper)
    events = rows(path, "events")
    for k in range(4):
        assert [event["text"] for event in events if event["kind"] == f"kind{k}"] == [str(i) for i in range(50)]


def test_a_step_that_taught_nothing(keeper: Registrar, path: Path):
    """A skipped step leaves a row without the numbers that are none, and an event that tells of it."""
    keeper.note(step_of(8, loss=math.nan, bits_per_byte=math.inf, gradient_norm=math.inf, skipped=True, returned_to=5))
    written(keeper)
    (step,) = rows(path, "steps")
    assert (step["loss"], step["bits_per_byte"], step["gradient_norm"], step["accuracy"]) == (None, None, None, 0.25)
    (event,) = rows(path, "events")
    assert event["kind"] == "skipped"
    assert event["text"].endswith("went back to the weights of step 5")


def test_a_step_lived_twice(keeper: Registrar, path: Path):
    """A step that is taught again, after an older soul woke, replaces its first row."""
    for loss in (3.0, 2.0):
        keeper.note(step_of(8, loss=loss))
    written(keeper)
    assert [step["loss"] for step in rows(path, "steps")] == [2.0]


def test_a_text_seen_again(path: Path):
    """A source that is seen again keeps its first date and gets its new name and counts."""
    for name, tokens in (("old.txt", 50), ("new.txt", 60)):
        with registrar_at(path) as keeper:
            keeper.shelve([text_of(name, tokens), text_of("other.txt", 1, sha256="def")])
        time.sleep(0.002)
    source, _ = rows(path, "sources")
    assert (source["name"], source["tokens"], source["bytes"]) == ("new.txt", 60, 99)
    assert source["first_seen_at"] < source["last_seen_at"]


def test_after_the_end(path: Path):
    """After close, rows are dropped without an error, and a forget fails instead of waiting for ever."""
    with registrar_at(path) as keeper:
        pass
    keeper.event("late", "too late")
    with pytest.raises(RuntimeError, match="the record is closed"):
        keeper.forget(Scope(person="ann")).result(60)
    assert rows(path, "events") == []


# ---- the file ------------------------------------------------------------------------------------------------------


def test_the_file_is_well_kept(keeper: Registrar, path: Path):
    """The record is in WAL mode, checks foreign keys and overwrites what it deletes."""
    written(keeper)
    db = connect(path)
    try:
        assert db.journal_mode == "wal"
        assert db.execute("pragma foreign_keys").fetchone() == (1,)
        assert db.execute("pragma secure_delete").fetchone() == (1,)
        assert db.execute("pragma foreign_key_check").fetchall() == []
        assert set(TABLES) <= set(db.table_names())
    finally:
        db.close()


def test_readers_cannot_write(keeper: Registrar, path: Path):
    """A reading connection refuses every change."""
    written(keeper)
    with reading(path) as db, pytest.raises(sqlite3.OperationalError, match="readonly"):
        db.execute("delete from runs")


def test_times_are_utc(path: Path):
    """Every time in the record is UTC in ISO form and ends in Z, so that text order is time order."""
    with registrar_at(path) as keeper:
        keeper.note(step_of(8))
        keeper.note(Examined(EXAM, 8, {}))
        keeper.shelve([text_of("diary.txt", 50)])
        keeper.marked(talk(keeper, "1"), person="ann", verdict="good", correction="")
        keeper.taught(pair_of("p1"))
        keeper.event("woke", "good morning")
    times = [
        row[column]
        for table in TABLES
        for row in rows(path, table)
        for column in row
        if column == "at" or column.endswith("_at")
    ]
    assert len(times) == 11
    now = utc_now()
    for when in times:
        assert len(when) == len("2026-11-20T12:30:00.000Z")
        assert when.endswith("Z")
        assert "2026-01-01" < when <= now


def test_search_finds_what_was_said(keeper: Registrar, path: Path):
    """Words find messages, replies and pairs, whatever their case; a word nobody said finds nothing."""
    talk(keeper, "1", text="Where does the Fox sleep?", answer="under the bridge")
    keeper.taught(pair_of("p1", answer="beside the river"))
    written(keeper)
    with reading(path) as db:
        assert [row["id"] for row in db["messages"].search("fox", quote=True)] == ["m-1"]
        assert [row["id"] for row in db["replies"].search("bridge", quote=True)] == ["r-1"]
        assert [row["id"] for row in db["pairs"].search("river", quote=True)] == ["p1"]
        assert list(db["messages"].search("wolf", quote=True)) == []


@pytest.mark.parametrize("words", ['say "moon"', '"', "moon'", "moon -fox", "NEAR(moon", "moon*", "a:moon", "AND", "^"])
def test_search_survives_quotes(path: Path, words: str):
    """Quotes and the search engine's own signs in a search are taken as text: a result, never an error."""
    with registrar_at(path) as keeper:
        talk(keeper, "1", text='I say "moon" and you say moon\'s fox')
    life = read_life(path.parent.parent, search=words, last=5)
    assert len(life["talk"]) <= 1
    if words == 'say "moon"':
        assert life["talk"][0]["question"].startswith("I say")


# ---- forgetting ----------------------------------------------------------------------------------------------------


def bytes_of(path: Path) -> bytes:
    """All that the record has on disk."""
    return b"".join(file.read_bytes() for file in sorted(path.parent.iterdir()))


def test_to_be_forgotten_is_to_be_gone(keeper: Registrar, path: Path):
    """forget(person) deletes the person's messages, the replies to them, the marks on these and by the person, and
    the pairs; others' rows stay; the words are nowhere in the files, while the record goes on."""
    for i in range(30):
        talk(keeper, f"a{i}", text=f"I am {SECRET} number {i}", answer=f"you are {SECRET}")
        talk(keeper, f"b{i}", person="bob", text="nice weather", answer="is it?")
    keeper.marked("r-a1", person="bob", verdict="fix", correction=f"no, {SECRET}!")
    keeper.marked("r-b1", person="ann", verdict="fix", correction=f"say {SECRET}")
    keeper.marked("r-b2", person="bob", verdict="good", correction="")
    keeper.taught(pair_of("p1", prompt=f"who is {SECRET}?", reply="r-a2"))
    keeper.taught(pair_of("p2", person="bob", answer=f"{SECRET}", reply="r-a3"))
    keeper.taught(pair_of("p3", person="bob", answer="is it?", reply="r-b3"))
    written(keeper)
    assert SECRET.encode() in bytes_of(path)
    assert SECRET.lower().encode() in bytes_of(path)  # the search index
    deleted = keeper.forget(Scope(person="ann")).result(60).rows
    assert deleted == 30 + 30 + 2 + 2
    assert {row["person"] for row in rows(path, "messages")} == {"bob"}
    assert len(rows(path, "messages")) == len(rows(path, "replies")) == 30
    assert [row["verdict"] for row in rows(path, "feedback")] == ["good"]
    assert [row["id"] for row in rows(path, "pairs")] == ["p3"]
    assert SECRET.lower().encode() not in bytes_of(path).lower()
    with reading(path) as db:
        assert list(db["messages"].search(SECRET)) == []
        assert len(list(db["messages"].search("weather"))) == 30
    keeper.event("woke", "still here")
    written(keeper)
    assert rows(path, "events")


def test_forgetting_waits_for_a_reader(keeper: Registrar, path: Path):
    """Where somebody reads while a person is forgotten, the words are gone from the files soon after the reader is,
    without any further row."""
    talk(keeper, "1", text=f"I am {SECRET}")
    written(keeper)
    reader = sqlite3.connect(path, isolation_level=None)
    try:
        reader.execute("begin")
        reader.execute("select * from messages").fetchall()
        keeper.forget(Scope(person="ann")).result(60)
        assert SECRET.encode() in bytes_of(path)
        reader.execute("rollback")
    finally:
        reader.close()
    eventually(lambda: SECRET.lower().encode() not in bytes_of(path).lower())


def test_forgetting_a_source(keeper: Registrar, path: Path):
    """forget(source) deletes the pairs taught from it, and no others."""
    keeper.taught(pair_of("p1", source="notes", answer=SECRET))
    keeper.taught(pair_of("p2", source="good"))
    assert keeper.forget(Scope(source="notes")).result(60).rows == 1
    assert [row["id"] for row in rows(path, "pairs")] == ["p2"]
    assert SECRET.lower().encode() not in bytes_of(path).lower()


def test_forgetting_nobody(keeper: Registrar, path: Path):
    """forget of an unknown person, or of nobody, deletes nothing: not even rows without a person."""
    talk(keeper, "1", person="")
    keeper.taught(pair_of("p1", person="", source=""))
    assert keeper.forget(Scope()).result(60).rows == 0
    assert keeper.forget(Scope(person="zoe", source="zoo")).result(60).rows == 0
    assert len(rows(path, "messages")) == len(rows(path, "pairs")) == 1


def test_words_on_their_way_are_forgotten_too(path: Path):
    """Rows that waited in memory when their person was forgotten do not reach the file."""
    with registrar_at(path) as keeper:
        written(keeper)
        with locked(path):
            talk(keeper, "1", text=f"I am {SECRET}")
            gone = keeper.forget(Scope(person="ann"))
        assert gone.result(60).rows == 2
    assert SECRET.encode() not in bytes_of(path)


# ---- when the disk will not ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["immediate", "exclusive"])
def test_a_locked_record_delays_and_loses_nothing(path: Path, how: str, caplog: pytest.LogCaptureFixture):
    """While another program holds the file, rows wait and a warning is logged; then all are written, in order."""
    with registrar_at(path):
        pass
    with locked(path, how), caplog.at_level(logging.WARNING):
        keeper = Registrar(path, RecordSettings(), run_config={}, from_step=0)
        for i in range(500):
            keeper.event("waiting", str(i))
        eventually(lambda: "rows wait" in caplog.text)
        assert keeper.unwritten >= 500
    written(keeper)
    keeper.close(step=1, ending="asleep", patience=60)
    assert [event["text"] for event in rows(path, "events")] == [str(i) for i in range(500)]
    assert len(rows(path, "runs")) == 2


def test_a_disk_that_hangs_holds_nobody_up(path: Path, monkeypatch: pytest.MonkeyPatch):
    """While the disk does not answer at all, every call returns at once; when it does, everything is written."""
    disk = threading.Event()
    monkeypatch.setattr(writer, "connect", lambda where: disk.wait(60) and connect(where))
    with registrar_at(path) as keeper:
        talk(keeper, "1")
        keeper.note(step_of(8))
        keeper.thin()
        gone = keeper.forget(Scope(person="ann"))
        assert keeper.unwritten == 6
        assert not gone.done()
        disk.set()
        assert gone.result(60).rows == 2
    assert len(rows(path, "steps")) == 1


def test_a_lock_in_the_middle_of_the_day(keeper: Registrar, path: Path):
    """Rows given while the open record is locked are written once, when it is free again."""
    keeper.event("before", "")
    written(keeper)
    for _ in range(3):
        with locked(path):
            talk(keeper, new_id())
            keeper.event("during", "")
            time.sleep(0.1)
            assert keeper.unwritten == 3
        written(keeper)
    assert [event["kind"] for event in rows(path, "events")] == ["before", *["during"] * 3]
    assert len(rows(path, "messages")) == len(rows(path, "replies")) == 3


def test_a_record_that_stays_locked_holds_up_nobodys_sleep(path: Path, caplog: pytest.LogCaptureFixture):
    """close gives up on a locked file after its patience, says how many rows wait and where, and leaves no future
    open. What was said and taught is in the record when it wakes."""
    with registrar_at(path) as keeper:
        talk(keeper, "1")
    with locked(path):
        keeper = Registrar(path, RecordSettings(), run_config={}, from_step=0)
        talk(keeper, "2", text=SECRET)
        keeper.event("late", "")
        keeper.stepped(step_of(8))
        keeper.marked("r-1", person="ann", verdict="good", correction="")
        taught = Future()
        keeper.taught(pair_of("p-1", reply="r-1"), taught)
        forgetting = keeper.forget(Scope(person="bob"))
        keeper.close(step=1, ending="asleep", patience=0.2)
        with pytest.raises(RuntimeError, match="the record is closed"):
            forgetting.result(60)
        taught.result(60)  # it is on the disk
        waiting = path.with_name("baby.db.unwritten")
        assert waiting.stat().st_mode & 0o777 == 0o600
        assert SECRET in waiting.read_text()
        assert "rows could not be written" in caplog.text
        assert waiting.name in caplog.text
        assert [message["id"] for message in rows(path, "messages")] == ["m-1"]
    with registrar_at(path) as keeper:
        keeper.caught_up.result(60)
        assert not waiting.exists()
        assert [pair.id for pair in keeper.queries.pairs_learning()] == ["p-1"]
    assert [message["text"] for message in rows(path, "messages")] == ["hi, baby", SECRET]
    assert [reply["id"] for reply in rows(path, "replies")] == ["r-1", "r-2"]
    assert [(mark["reply_id"], mark["verdict"]) for mark in rows(path, "feedback")] == [("r-1", "good")]
    assert [event["kind"] for event in rows(path, "events")] == ["late"]
    assert [step["step"] for step in rows(path, "steps")] == [8]
    assert [run["ending"] for run in rows(path, "runs")] == ["asleep"] * 3


def test_closing_while_it_waits_to_try_again(path: Path, monkeypatch: pytest.MonkeyPatch):
    """A close that comes while the writer pauses after a failure does not wait out the pause."""
    with registrar_at(path):
        pass
    monkeypatch.setattr(writer, "RETRY_SECONDS", 600)
    with locked(path):
        keeper = Registrar(path, RecordSettings(), run_config={}, from_step=0)
        keeper.event("late", "but not lost")
        time.sleep(0.1)
    keeper.close(step=1, ending="asleep", patience=60)
    assert len(rows(path, "events")) == 1


def test_closing_in_the_middle_of_a_failure(path: Path, monkeypatch: pytest.MonkeyPatch):
    """A close that comes while an attempt is just about to fail is followed by one more attempt, at once."""
    monkeypatch.setattr(writer, "RETRY_SECONDS", 600)
    begun, attempts = threading.Event(), []

    def fail_first(where: Path) -> Database:
        attempts.append(where)
        if len(attempts) == 1:
            begun.set()
            eventually(lambda: keeper._writer._backlog.closing)
            raise sqlite3.OperationalError("database is locked")
        return connect(where)

    monkeypatch.setattr(writer, "connect", fail_first)
    keeper = Registrar(path, RecordSettings(), run_config={}, from_step=0)
    keeper.event("late", "but not lost")
    assert begun.wait(60)
    keeper.close(step=1, ending="asleep", patience=60)
    assert len(attempts) == 2
    assert len(rows(path, "events")) == 1


def test_a_folder_that_is_in_the_way(tmp_path: Path):
    """Where the file cannot be opened, rows wait; when the obstacle is gone, they are written."""
    path = tmp_path / "statistics" / "baby.db"
    path.mkdir(parents=True)
    with registrar_at(path) as keeper:
        keeper.event("woke", "good morning")
        time.sleep(0.05)
        assert keeper.unwritten
        path.rmdir()
        written(keeper)
    assert len(rows(path, "events")) == 1


@pytest.mark.parametrize("how", ["rubbish", "header", "schema"])
def test_a_damaged_record_is_set_aside(path: Path, how: str, caplog: pytest.LogCaptureFixture):
    """A file that is no database any more is renamed, not deleted, and a new record begun, with this run and all its
    rows."""
    with registrar_at(path) as keeper:
        keeper.event("woke", "long ago")
    raw = path.read_bytes()
    damaged = {
        "rubbish": b"this is no database at all, " * 400,
        "header": b"\0" * 100 + raw[100:],
        "schema": raw[:100] + b"\xff" * 3996 + raw[4096:],
    }[how]
    path.write_bytes(damaged)
    with registrar_at(path) as keeper:
        keeper.event("woke", "today")
    aside = list(path.parent.glob("baby.db.damaged-*"))
    assert [file.read_bytes() for file in aside] == [damaged]
    assert [event["text"] for event in rows(path, "events")] == ["today"]
    assert [run["id"] for run in rows(path, "runs")] == [keeper.run_id]
    assert "was damaged; it was set aside" in caplog.text


def test_an_empty_file_is_a_new_record(path: Path):
    """A file without a byte becomes a record; nothing is set aside."""
    path.touch()
    with registrar_at(path) as keeper:
        keeper.event("woke", "today")
    assert len(rows(path, "events")) == 1
    assert not list(path.parent.glob("*damaged*"))


@pytest.mark.parametrize(
    "bad",
    [
        lambda db: db["messages"].insert({"id": "m", "text": "lone \ud83e"}),
        lambda db: db["replies"].insert({"id": "r", "message_id": "nobody's"}),
        lambda db: db["runs"].insert({"id": "x", "from_step": 2**70}),
        lambda db: db["runs"].insert({"id": "x", "no_such_column": 1}),
        lambda db: db.execute("insert into nowhere values (1)"),
        lambda db: db["events"].insert({"text": object()}),
        lambda db: 1 / 0,
    ],
    ids=["surrogate", "foreign key", "overflow", "column", "table", "type", "zero"],
)
def test_a_bad_row_harms_no_other(path: Path, bad: Callable[[Database], Any], caplog: pytest.LogCaptureFixture):
    """A row that cannot be written is logged and left out, what it had half done too; the rows around it arrive."""

    def half(db: Database) -> None:
        db["events"].insert({"kind": "half"})
        bad(db)

    with registrar_at(path) as keeper:
        keeper.event("before", "")
        keeper._writer.submit(half)
        keeper.event("after", "")
        written(keeper)
    assert [event["kind"] for event in rows(path, "events")] == ["before", "after"]
    assert caplog.text.count("a row could not be recorded") == 1


def test_a_broken_question_gets_its_error(keeper: Registrar, monkeypatch: pytest.MonkeyPatch):
    """Where forgetting fails, its future carries the error."""
    monkeypatch.setattr(removal, "delete_person", lambda db, person: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        keeper.forget(Scope(person="ann")).result(60)


def test_too_many_to_remember(path: Path, monkeypatch: pytest.MonkeyPatch):
    """Beyond the backlog the oldest rows are dropped and counted; the newest are written when the file is free, and
    so are the run and whatever somebody waits for."""
    with registrar_at(path) as keeper:
        talk(keeper, "1", text=SECRET)
    monkeypatch.setattr(writer, "BACKLOG", 20)
    with locked(path):
        keeper = Registrar(path, RecordSettings(), run_config={}, from_step=0)
        forgetting = keeper.forget(Scope(person="ann"))
        for i in range(100):
            keeper.event("flood", str(i))
        assert len(keeper._writer._backlog.jobs) == 20
        assert keeper.unwritten == 102  # the run's own row, one to forget, a hundred events
    assert forgetting.result(60).rows == 2
    eventually(lambda: not keeper._writer._backlog.jobs)
    assert keeper.unwritten == 82
    keeper.event("later", "")
    keeper.close(step=1, ending="asleep", patience=60)
    assert [event["text"] for event in rows(path, "events")] == [*[str(i) for i in range(81, 100)], ""]
    assert rows(path, "runs")[-1]["ending"] == "asleep"
    assert SECRET.encode() not in bytes_of(path)


# ---- a year of steps -----------------------------------------------------------------------------------------------


@contextmanager
def record_of_steps(path: Path, count: int) -> Iterator[Database]:
    db = connect(path)
    try:
        db["runs"].insert({"id": "run"})
        db["steps"].insert_all(
            {"step": i, "run_id": "run", "at": utc_now(), "span": 1, "loss": 10 / i, "tokens": 100 + i, "seconds": 0.5}
            for i in range(1, count + 1)
        )
        yield db
    finally:
        db.close()


def totals(db: Database) -> dict[str, float]:
    names = ("loss", "tokens", "seconds")
    sums = ", ".join(f"sum({name} * span) as {name}" for name in names)
    return next(db.query(f"select sum(span) as span, max(step) as step, {sums} from steps"))


def test_old_steps_become_averages(path: Path):
    """Steps older than every_step become averages over 100, older than hundreds over 10,000; the newest stay as they
    are; spans and span-weighted sums of everything are what they were."""
    with record_of_steps(path, 25_350) as db:
        before = totals(db)
        newest = list(db.query("select * from steps where step > 25_300 order by step".replace("_", "")))
        with db.atomic():
            thin_steps(db, 50, 4000)
        assert totals(db) == pytest.approx(before)
        spans = [(row["step"], row["span"]) for row in db.query("select step, span from steps order by step")]
        hundreds = [(step, 100) for step in range(20_100, 25_301, 100)]
        assert spans == [(10_000, 10_000), (20_000, 10_000), *hundreds, *((i, 1) for i in range(25_301, 25_351))]
        assert newest == list(db.query("select * from steps where span = 1 order by step"))
        (first,) = db.query("select loss, tokens from steps where step = 10000")
        assert first["loss"] == pytest.approx(sum(10 / i for i in range(1, 10_001)) / 10_000)
        assert first["tokens"] == pytest.approx(100 + 5000.5)


def test_thinning_day_after_day(path: Path):
    """However often it is thinned as life goes on, the rows stay few, and totals stay true; thinning twice is
    thinning once."""
    with record_of_steps(path, 1) as db:
        first = 2
        for day in range(12):
            last = first + 1234 + day
            db["steps"].insert_all(
                {"step": i, "run_id": "run", "span": 1, "loss": 10 / i, "tokens": 100 + i, "seconds": 0.5}
                for i in range(first, last)
            )
            first = last
            with db.atomic():
                thin_steps(db, 200, 3000)
            assert db["steps"].count <= 200 + 100 + 30 + 100 + 1
        once = list(db["steps"].rows_where(order_by="step"))
        with db.atomic():
            thin_steps(db, 200, 3000)
        assert list(db["steps"].rows_where(order_by="step")) == once
        found = totals(db)
        assert found["span"] == last - 1 == found["step"]
        assert found["loss"] == pytest.approx(sum(10 / i for i in range(1, last)))
        assert found["tokens"] == pytest.approx(sum(100 + i for i in range(1, last)))


def test_what_is_unknown_does_not_count_as_zero(path: Path):
    """An average over steps of which some had no finite loss is the average of the others."""
    with record_of_steps(path, 300) as db:
        db.execute("update steps set loss = case when step % 2 then null else 4 end, seconds = null")
        thin_steps(db, 100, 1000)
        (row,) = db.query("select loss, seconds, span from steps where step = 100")
        assert row == {"loss": 4.0, "seconds": None, "span": 100}


def test_a_short_life_is_not_thinned(path: Path):
    """Where there are no steps, or none old enough, all stay as they are."""
    with record_of_steps(path, 99) as db:
        before = list(db["steps"].rows)
        thin_steps(db, 50, 100)
        assert list(db["steps"].rows) == before
        db["steps"].delete_where()
        thin_steps(db, 50, 100)
        assert db["steps"].count == 0


def test_thin_by_its_settings(path: Path):
    """The registrar thins by its own settings."""
    with registrar_at(path, every_step=100, hundreds=1000) as keeper:
        for i in range(1, 451):
            keeper.note(step_of(i))
        keeper.thin()
    assert [row["span"] for row in rows(path, "steps")] == [100, 100, 100, *[1] * 150]


# ---- exchanges and pairs -------------------------------------------------------------------------------------------


def test_pairs_are_taught_until_withdrawn(keeper: Registrar):
    """pairs_learning gives all pairs in the order of their ids as they were taught; a mark on the reply that a pair
    was made from withdraws it; what is taught after the mark stays."""
    reply, other = talk(keeper, "1"), talk(keeper, "2")
    pairs = [
        pair_of("p1", prompt="", answer="a text", person="", source="notes", weight=0.5),
        pair_of("p2", reply=reply, asker="ann"),
        pair_of("p3", reply=other, asker="ann"),
    ]
    for pair in reversed(pairs):
        keeper.taught(pair)
    written(keeper)
    assert keeper.queries.pairs_learning() == pairs
    keeper.marked(reply, person="ann", verdict="bad", correction="")
    written(keeper)
    assert keeper.queries.pairs_learning() == [pairs[0], pairs[2]]
    keeper.marked(other, person="ann", verdict="fix", correction="better")
    keeper.taught(pair_of("p4", answer="better", reply=other, source="fix"))
    written(keeper)
    assert [pair.id for pair in keeper.queries.pairs_learning()] == ["p1", "p4"]


def test_withdrawn_pairs_stay_on_record(keeper: Registrar, path: Path):
    """A withdrawn pair is still in its table, with that status."""
    keeper.taught(pair_of("p1", reply=talk(keeper, "1")))
    keeper.marked("r-1", person="ann", verdict="bad", correction="")
    written(keeper)
    assert [(row["id"], row["status"]) for row in rows(path, "pairs")] == [("p1", "withdrawn")]


def test_the_last_exchanges_are_known(keeper: Registrar):
    """exchanges gives the last questions with their answers, place and all marks in their order, however
    quickly these came."""
    talk(keeper, "0")
    talk(keeper, "1", person="ann", text="hi?", answer="hello!")
    how = {"surface": "twitch", "conversation": "c", "consent": "1", "channel": "c", "message": "m"}
    keeper.heard("m-2", text="what?", person="bob", **how)
    keeper.said(reply_of("r-2", "that"), "m-2")
    keeper.sent("r-2", "s")
    for person, verdict in (("ann", "good"), ("bob", "bad"), ("ann", "fix")):
        keeper.marked("r-1", person=person, verdict=verdict, correction="")
    written(keeper)
    marks = (("ann", "good"), ("bob", "bad"), ("ann", "fix"))
    origin = Origin(surface="twitch", channel="c", message="m")
    assert keeper.queries.exchanges(2) == [
        Exchange(reply_id="r-1", question="hi?", answer="hello!", person="ann", verdict="fix", trust=0, marks=marks),
        Exchange(reply_id="r-2", question="what?", answer="that", person="bob", origin=origin, sent="s"),
    ]


def test_nothing_is_known_where_no_record_is(tmp_path: Path):
    """Without a file, or with a damaged one, there are no pairs and no exchanges, and no error."""
    path = tmp_path / "nowhere" / "baby.db"
    queries = Queries(path)
    assert (queries.pairs_learning(), queries.exchanges(9)) == ([], [])
    path.parent.mkdir()
    path.write_text("no database")
    assert (queries.pairs_learning(), queries.exchanges(9)) == ([], [])
    assert sorted(file.name for file in path.parent.iterdir()) == ["baby.db"]
