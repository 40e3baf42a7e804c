"""What somebody was told it will learn, it knows when it wakes: after a kill, behind a lock, and unless they left."""

from __future__ import annotations

import asyncio
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bots import acknowledgement
from bots.typed import Commands, House
from school.door.mailbox import Mailbox
from school.door.school import School
from school.door.values import Scope
from school.record.queries import Queries
from school.record.registrar import Registrar
from school.record.settings import RecordSettings
from school.record.unwritten import Row, Rows, is_lasting
from tests.school.record.test_registrar import SECRET, locked, pair_of, registrar_at, rows, step_of, talk

ROOT = Path(__file__).resolve().parents[3]
TEACH = """
import asyncio, sys
from functools import partial
from pathlib import Path
from bots.terminal import chat_on_pipe
from bots.typed import Commands, House
from school.door.mailbox import Mailbox
from school.door.school import School
from school.record.registrar import Registrar
from school.record.settings import RecordSettings

registrar = Registrar(Path(sys.argv[1]), RecordSettings(), run_config={}, from_step=0)
school = School(Mailbox(), registrar)
asyncio.run(chat_on_pipe(Commands(school, partial(print, flush=True), House(quit=lambda: None)), print))
"""
LINES = 2000  # fit into a pipe
KEPT = "(it will learn that)"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "statistics").mkdir()
    return tmp_path / "statistics" / "baby.db"


# ---- kills ---------------------------------------------------------------------------------------------------------


def teach_until_killed(path: Path, name: str, acknowledged: int, wait: float) -> list[str]:
    """Teach through a pipe, and kill so long after so many lines were acknowledged; returns all that were."""
    child = subprocess.Popen(
        [sys.executable, "-c", TEACH, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    try:
        child.stdin.write("".join(f"/teach {name} {i}\n" for i in range(LINES)))
        child.stdin.flush()
        heard = [child.stdout.readline() for _ in range(acknowledged)]
        time.sleep(wait)  # the moment of the kill is what is tried
    finally:
        child.send_signal(getattr(signal, "SIGKILL", signal.SIGTERM))
        heard += child.stdout.readlines()
        child.stdout.close()
        child.stdin.close()
        child.wait(20)
    return [f"{name} {i}" for i, line in enumerate(heard) if line == f"{KEPT}\n"]


def check_kills(path: Path, seed: int, kills: int) -> None:
    moments = random.Random(seed)
    told = []
    for life in range(kills):
        told += teach_until_killed(path, f"life {life}", moments.randrange(1, 100), moments.uniform(0, 0.2))
        known = {row["answer"] for row in rows(path, "pairs")}
        assert not set(told) - known, f"lost in life {life}"
    assert len(told) >= kills


def test_what_was_acknowledged_survives_a_kill(path: Path):
    check_kills(path, seed=1, kills=2)


@pytest.mark.trial
@pytest.mark.timeout(600)
def test_what_was_acknowledged_survives_many_kills(path: Path):
    check_kills(path, seed=2, kills=60)


# ---- a lock --------------------------------------------------------------------------------------------------------


def test_it_says_what_is_not_on_the_disk_yet(path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(acknowledgement, "DISK_SECONDS", 0.1)
    said = []
    with registrar_at(path) as keeper:
        talk(keeper, "1")
        keeper.kept("ann").result(60)
        school = School(Mailbox(), keeper, exchanges=keeper.queries.exchanges(9))
        commands = Commands(school, said.append, House(quit=lambda: None))
        commands.last = "r-1"

        def say(*lines: str) -> None:
            async def visit() -> None:
                for line in lines:
                    await commands.handle(line)

            asyncio.run(visit())

        with locked(path):
            say("/teach a quokka", "/good", "/bad")
        assert len(said) == 3
        assert all("not on the disk yet" in line for line in said)
        monkeypatch.setattr(acknowledgement, "DISK_SECONDS", 20.0)
        say("/teach a second quokka", "/bad")
        assert said[3:] == [KEPT, "(it will never learn that, and tries to do less of it)"]
        assert {row["answer"] for row in rows(path, "pairs")} >= {"a quokka", "a second quokka"}


def test_what_can_not_be_written_down_is_no_lie(path: Path):
    said = []
    with registrar_at(path) as keeper:
        school = School(Mailbox(), keeper)
        keeper.write(
            lambda db: db.execute("create trigger no before insert on pairs begin select raise(abort, 'no'); end")
        )
        asyncio.run(Commands(school, said.append, House(quit=lambda: None)).handle("/teach a quokka"))
    assert said == ["(it will learn that; but it could not be written down, the log says why)"]


def test_who_left_behind_a_lock_is_forgotten_when_it_wakes(path: Path):
    """Their words lay in the file for what the record did not take; nothing of it stays anywhere."""
    with registrar_at(path):
        pass
    with locked(path):
        keeper = Registrar(path, RecordSettings(), run_config={}, from_step=0)
        school = School(Mailbox(), keeper)
        talk(keeper, "1", text=SECRET)
        keeper.taught(pair_of("p-1", answer=SECRET))
        school.forgetting.forget(Scope(person="ann"))
        keeper.close(step=0, ending="asleep", patience=0.1)
        assert SECRET in path.with_name("baby.db.unwritten").read_text()
    with registrar_at(path) as keeper:
        ((_, removing),) = keeper.inherited
        assert removing.result(60).rows == 3
        kept = [file.name for file in path.parent.iterdir() if SECRET.encode() in file.read_bytes()]
        assert kept == []


def test_a_lock_for_two_days(path: Path):
    """What an earlier life put by stays, in order, while a later one puts by more."""
    with registrar_at(path):
        pass
    with locked(path):
        for life in "12":
            keeper = Registrar(path, RecordSettings(), run_config={}, from_step=0)
            keeper.taught(pair_of(f"p-{life}"))
            keeper.close(step=0, ending="asleep", patience=0)
            assert f"p-{life}" in path.with_name("baby.db.unwritten").read_text()  # though it waits for the lock
    with registrar_at(path) as keeper:
        keeper.caught_up.result(60)
        assert [pair.id for pair in Queries(path).pairs_learning()] == ["p-1", "p-2"]


@pytest.mark.parametrize("what", ["{", '[{"rows": [{"table": "pairs; drop", "values": {"id": "x"}}]}]', "[1]"])
def test_a_file_that_is_not_ours_harms_nothing(path: Path, what: str):
    """It is set aside where a damaged record would be, or what does not fit the record is passed over."""
    with registrar_at(path) as keeper:
        keeper.taught(pair_of("p-1"))
    path.with_name("baby.db.unwritten").write_text(what)
    with registrar_at(path) as keeper:
        keeper.taught(pair_of("p-2"))
        keeper.kept("ann").result(60)
        assert not path.with_name("baby.db.unwritten").exists()
        keeper.forget(Scope(person="nobody")).result(60)
        assert {file.name for file in path.parent.glob("baby.db.*")} <= {"baby.db-wal", "baby.db-shm"}
    assert {row["id"] for row in rows(path, "pairs")} == {"p-1", "p-2"}


def test_twice_is_once(path: Path):
    """A life that ends between the commit and the end of the file leaves it for another time."""
    with registrar_at(path) as keeper:
        keeper.taught(pair_of("p-1"))
        keeper.stepped(step_of(1))
        keeper.event("woke", "good morning")
        keeper.kept("ann").result(60)
        event = next(iter(rows(path, "events")))
        event.pop("id")
        again = Rows.of(Row("pairs", rows(path, "pairs")[0]), Row("events", event))
        keeper.write(again.again).result(60)
    assert len(rows(path, "pairs")) == len(rows(path, "events")) == 1


# ---- the disk ------------------------------------------------------------------------------------------------------


def test_what_people_say_is_on_the_disk_and_figures_need_not_be(path: Path):
    with registrar_at(path) as keeper:
        asked = keeper.write(lambda db: db.execute("pragma synchronous").fetchone()[0])
        assert asked.result(60) == 2  # FULL
    assert not is_lasting(Rows.of(Row("steps", {"step": 1})))
    assert is_lasting(Rows.of(Row("pairs", {"status": "withdrawn"}, where={"reply_id": "r"})))
