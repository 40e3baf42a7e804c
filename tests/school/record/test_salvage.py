"""Damage inside the record is found at waking and on writing; what can be read of it is in a new one. Its copy among
the backups is whole, and holds nothing that was deleted."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from school.door.values import Scope
from school.record.backup import COPY, Copies
from school.record.registrar import RecordSettings, Registrar
from school.souls.backups import Backups

TABLES = ("messages", "consents", "events", "runs")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A record with enough rows for several pages in each table."""
    path = tmp_path / "statistics" / "baby.db"
    keeper = open_record(path)
    for number in range(300):
        say(keeper, number)
        keeper.event("noted", f"event {number} " + "y" * 50, number)
    keeper.close(step=0, ending="asleep", patience=30)
    with closing(sqlite3.connect(path)) as db:
        db.execute("pragma wal_checkpoint(truncate)")
    return path


def open_record(path: Path, **more) -> Registrar:
    path.parent.mkdir(exist_ok=True)
    return Registrar(path, RecordSettings(), run_config={}, from_step=0, **more)


def say(keeper: Registrar, number: int, person: str = "ann") -> None:
    how = {"person": person, "surface": "terminal", "conversation": "c", "consent": "1"}
    keeper.heard(f"m{number}", text=f"message {number} " + "x" * 50, **how)


def rows(path: Path, query: str) -> list[tuple]:
    with closing(sqlite3.connect(path)) as db:
        return db.execute(query).fetchall()


def spoil(path: Path, page: int, at: int = 0) -> None:
    """Flip a byte of a page: the first says what kind of page it is."""
    with path.open("r+b") as file:
        (size,) = rows(path, "pragma page_size")[0]
        file.seek(size * (page - 1) + at)
        byte = file.read(1)[0]
        file.seek(-1, 1)
        file.write(bytes([byte ^ 0xFF]))


def root_of(path: Path, table: str) -> int:
    return rows(path, f"select rootpage from sqlite_master where name = '{table}' and type = 'table'")[0][0]


@pytest.mark.parametrize("table", ["steps", "events", "messages", "runs"])
def test_a_byte_in_a_root_page_costs_that_table_alone(path, table, caplog):
    """At waking the record is set aside with a line that counts what is back; rows of all tables are written again, and
    the other tables' old rows are there."""
    spoil(path, root_of(path, table))
    keeper = open_record(path)
    say(keeper, 1000)
    assert keeper.write(lambda db: db["steps"].insert({"step": 7, "loss": 1.0})).result(60)
    assert keeper.kept("ann").result(60).messages >= 1
    keeper.close(step=1, ending="asleep")
    assert rows(path, "pragma integrity_check") == [("ok",)]
    messages, events = rows(path, "select (select count(*) from messages), (select count(*) from events)")[0]
    assert messages == (1 if table == "messages" else 301)
    assert events == (0 if table == "events" else 300)
    found = [line for line in caplog.messages if "was damaged; it was set aside" in line]
    assert len(found) == 1
    assert ("300 of messages" in found[0]) == (table != "messages")
    assert len(list(path.parent.glob("baby.db.damaged-*"))) == 1
    assert rows(path, "select count(*) from messages_fts where messages_fts match 'message'") == [(messages,)]
    assert rows(path, "pragma foreign_key_check") == []
    again = open_record(path)  # and it is sound from now on
    again.close(step=1, ending="asleep")
    assert len(list(path.parent.glob("baby.db.damaged-*"))) == 1


def test_a_byte_in_a_leaf_costs_some_rows(path):
    """Rows before the damaged page and rows behind it are back."""
    leaves = (
        rows(path, "select pageno from dbstat where name = 'messages' and pagetype = 'leaf' order by pageno")
        if (("ENABLE_DBSTAT_VTAB",) in rows(path, "pragma compile_options"))
        else []
    )
    if not leaves:
        pytest.skip("this SQLite can't tell its pages")
    spoil(path, leaves[len(leaves) // 2][0])
    open_record(path).close(step=1, ending="asleep")
    ids = {row[0] for row in rows(path, "select id from messages")}
    assert {"m0", "m299"} <= ids
    assert 200 < len(ids) < 300


def test_damage_on_writing_is_damage_at_once(path, caplog):
    """A record that breaks while it is awake is set aside by the next row, which is written into the new one."""
    keeper = open_record(path)
    keeper.kept("ann").result(60)
    root = root_of(path, "messages")
    with closing(sqlite3.connect(path)) as db:
        db.execute("pragma wal_checkpoint(truncate)")
    spoil(path, root)
    keeper._writer._hang_up()  # what it had in memory is gone, as after an hour
    say(keeper, 1000)
    assert keeper.kept("ann").result(60).messages == 1
    keeper.close(step=1, ending="asleep")
    assert rows(path, "select count(*) from messages") == [(1,)]
    assert rows(path, "select count(*) from events") == [(300,)]
    assert "can't be written just now" not in caplog.text


def test_every_byte_of_the_first_pages(path):
    """Whichever byte is flipped, waking ends with a record that is sound and takes rows."""
    whole = path.read_bytes()
    for at in range(0, 4 * 4096, 397):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        keeper = open_record(path)
        say(keeper, 1000)
        keeper.write(lambda db: None).result(60)
        keeper.close(step=1, ending="asleep")
        assert rows(path, "select count(*) from messages where id = 'm1000'") == [(1,)], at
        for leftover in path.parent.glob("baby.db*"):
            leftover.unlink()


# ---- the copy among the backups ------------------------------------------------------------------------------------


@pytest.fixture
def backups(tmp_path: Path) -> Backups:
    return Backups(tmp_path / "backups", tmp_path / "backups.json", days=2, weeks=4)


def test_the_copy_is_whole_and_private(path, backups):
    """It holds all that was on its way, is for its owner alone, and is one file."""
    keeper = open_record(path, copies=Copies(path, backups))
    say(keeper, 1000)
    keeper.back_up().result(60)
    copy = backups.folder / COPY
    assert rows(copy, "select count(*) from messages") == [(301,)]
    assert rows(copy, "pragma integrity_check") == [("ok",)]
    assert copy.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in backups.folder.iterdir()] == [COPY]
    keeper.close(step=1, ending="asleep")


def test_removals_reach_the_copies(path, backups, tmp_path):
    """When a removal is done, no copy holds the words: not in the folder of today, and not in one of yesterday; one
    whose disk is away loses them when it is back."""
    before = Backups(tmp_path / "old", tmp_path / "backups.json", days=2, weeks=4)
    for places in (before, backups):
        keeper = open_record(path, copies=Copies(path, places))
        keeper.back_up().result(60)
        keeper.close(step=1, ending="asleep")
    (tmp_path / "old" / COPY).write_bytes((backups.folder / COPY).read_bytes())
    (tmp_path / "old").rename(tmp_path / "away")
    keeper = open_record(path, copies=Copies(path, backups))
    say(keeper, 1000, person="bob")
    assert keeper.forget(Scope(person="ann")).result(60).rows >= 300
    assert b"message 7 " not in (backups.folder / COPY).read_bytes()
    assert rows(backups.folder / COPY, "select person from messages") == [("bob",)]
    (tmp_path / "away").rename(tmp_path / "old")
    keeper.write(lambda db: None).result(60)
    assert not (tmp_path / "old" / COPY).exists()
    keeper.close(step=1, ending="asleep")


def test_a_copy_that_fails_leaves_the_one_before_unless_it_is_stale(path, backups, caplog):
    """A full disk: yesterday's copy stays; but where something was deleted, none is better than one that has it."""
    copies = Copies(path, backups)
    keeper = open_record(path, copies=copies)
    keeper.back_up().result(60)
    copy = backups.folder / COPY
    backups.folder.joinpath(f".unfinished-{COPY}").mkdir()  # in its way
    keeper.back_up().result(60)
    assert copy.exists()
    keeper.forget(Scope(person="ann")).result(60)
    assert not copy.exists()
    assert "could not be made anew" in caplog.text
    keeper.close(step=1, ending="asleep")
