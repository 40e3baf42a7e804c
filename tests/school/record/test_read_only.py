"""A record is looked into where nothing can be written: in a backup, on a medium, in somebody else's folder, on a full
disk."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from school.record.read_only import looking
from school.record.schema import connect

ROOT = Path(__file__).resolve().parents[3]
READ_ONLY = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"'
KILLED, ASLEEP = "killed", "asleep"


@pytest.fixture(params=[KILLED, ASLEEP])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """With a message in its record: of a life that was killed, it is still in the write-ahead log."""
    home = tmp_path / "home"
    for folder in ("statistics", "library", "alive"):
        (home / folder).mkdir(parents=True)
    alive = home / "alive" / "baby.db"
    db = connect(alive)
    db["runs"].insert({"id": "r", "started_at": "2026-01-01T00:00:00Z", "from_step": 0})
    message = {"id": "m", "run_id": "r", "at": "2026-01-01T00:00:01Z", "person": "ann", "text": "hi, baby"}
    db["messages"].insert(message)
    if request.param == ASLEEP:
        db.close()
    for name in ("baby.db", "baby.db-wal"):
        if (alive.with_name(name)).exists():
            shutil.copyfile(alive.with_name(name), home / "statistics" / name)
    db.close()
    shutil.rmtree(alive.parent)
    assert (home / "statistics" / "baby.db-wal").exists() == (request.param == KILLED)
    return home


def contents(home: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in home.rglob("*") if file.is_file()}


@pytest.fixture
def inside(home: Path) -> Iterator[list[str]]:
    """How to run something to which the home is read-only, whoever runs it: root may write in any folder."""
    if os.geteuid():
        for folder in (home / "statistics", home):
            folder.chmod(0o555)
        yield []
        for folder in (home, home / "statistics"):
            folder.chmod(0o755)
        return
    mounted = ["unshare", "-m", "sh", "-c", READ_ONLY, str(home)]
    if not shutil.which("unshare") or subprocess.run([*mounted, "true"], capture_output=True, timeout=20).returncode:
        pytest.skip("root may not mount anything here")
    yield mounted


@pytest.mark.skipif(os.name == "nt", reason="folders are never read-only there")
def test_stats_of_a_home_that_is_read_only(home: Path, inside: list[str]):
    before = contents(home)
    stats = [sys.executable, "-B", "wakeup.py", "--home", str(home), "stats", "--json"]
    told = subprocess.run([*inside, *stats], capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert told.returncode == 0, told.stderr
    assert [line["question"] for line in json.loads(told.stdout)["talk"]] == ["hi, baby"]
    report = [*stats[:-2], "report", "--json"]
    told = subprocess.run([*inside, *report], capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert json.loads(told.stdout)["talk"]["questions"] == 1
    assert contents(home) == before


SMALL_DISK = 'mount -t tmpfs -o size=1m tmpfs "$0" && cp -r "$1" "$0/home"'
FULL_DISK = f'{SMALL_DISK} && (cat /dev/zero > "$0/ballast"; shift; "$@")'


@pytest.mark.skipif(not shutil.which("unshare"), reason="makes a small disk of its own")
def test_stats_on_a_full_disk(home: Path, tmp_path: Path):
    disk = tmp_path / "disk"
    disk.mkdir()
    stats = [sys.executable, "-B", ROOT / "wakeup.py", "--home", disk / "home", "stats", "--json"]
    command = ["unshare", "-Urm", "sh", "-c", FULL_DISK, disk, home, *stats]
    told = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60)
    if "unshare:" in told.stderr or "mount:" in told.stderr:
        pytest.skip("this machine lets nobody make a small disk")
    assert told.returncode == 0, told.stderr
    assert [line["question"] for line in json.loads(told.stdout)["talk"]] == ["hi, baby"]


def test_a_look_changes_nothing(home: Path):
    with looking(home / "statistics" / "baby.db") as db, pytest.raises(sqlite3.OperationalError):
        db.execute("delete from messages")
