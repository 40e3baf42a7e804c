"""A file from which much was deleted becomes as small as what is in it, and everything in it is found as before."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from school.record import shrinking
from school.record.schema import connect
from school.record.shrinking import shrink
from tests.school.record.test_registrar import pair_of, registrar_at, rows, talk

TABLES = ("messages", "replies", "pairs", "feedback", "consents", "runs")


@pytest.fixture
def mostly_free(tmp_path: Path) -> Path:
    """A record with gaps in what was said, and with more free room than it holds."""
    path = tmp_path / "baby.db"
    with registrar_at(path) as keeper:
        for n in range(30):
            talk(keeper, f"{n}", text=f"what is number{n}", answer=f"a word{n} that I know")
            keeper.taught(pair_of(f"p{n}", prompt=f"lesson{n}", reply=f"r-{n}"))
            keeper.marked(f"r-{n}", person="ann", verdict="good", correction="")
    db = connect(path)
    with db.atomic():
        db.execute("delete from pairs where rowid % 2")
        db.execute("delete from feedback where rowid % 2")
        db["events"].insert_all({"kind": "saved", "at": "1", "text": "x" * 900} for _ in range(3000))
    db["events"].delete_where()
    db.close()
    return path


def found(path: Path) -> list:
    """All rows in their order, and what a search brings."""
    db = sqlite3.connect(path)
    searched = []
    for table, word in (("messages", "number7"), ("replies", "word21"), ("pairs", "lesson15")):
        query = f"select id from {table} where rowid in (select rowid from {table}_fts where {table}_fts match ?)"
        searched.append(db.execute(query, [word]).fetchall())
        db.execute(f"insert into {table}_fts ({table}_fts) values ('integrity-check')")
    assert db.execute("pragma integrity_check").fetchone() == ("ok",)
    db.rollback()
    db.close()
    return [searched, *(rows(path, table) for table in TABLES)]


def test_it_is_as_small_as_what_is_in_it(mostly_free: Path):
    before, size = found(mostly_free), mostly_free.stat().st_size
    db = connect(mostly_free)
    shrink(db, least=1 << 20)
    db.close()
    assert mostly_free.stat().st_size < size / 5
    assert found(mostly_free) == before
    assert all(before[0])


def test_at_waking(mostly_free: Path, monkeypatch: pytest.MonkeyPatch):
    """And not where little would come of it."""
    size = mostly_free.stat().st_size
    with registrar_at(mostly_free) as keeper:
        keeper.write(lambda db: None).result(60)
    assert mostly_free.stat().st_size == size
    monkeypatch.setattr(shrinking, "LEAST", 1 << 20)
    with registrar_at(mostly_free) as keeper:
        keeper.write(lambda db: None).result(60)
    assert mostly_free.stat().st_size < size / 5


def test_where_it_is_refused_nothing_is_lost(mostly_free: Path, caplog: pytest.LogCaptureFixture):
    """As by another program that has the file."""
    before = found(mostly_free)
    other = sqlite3.connect(mostly_free, isolation_level=None)
    other.execute("begin immediate")
    db = connect(mostly_free)
    db.execute("pragma busy_timeout = 10")
    shrink(db, least=1 << 20)
    assert "could not be made smaller" in caplog.text
    other.execute("rollback")
    other.close()
    db.close()
    assert found(mostly_free) == before
