"""What is owed: told within bounded time, kept through a kill and a full disk, and done by itself."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import Future
from pathlib import Path

import pytest

from school.door import forgetting
from school.door.consent import Change
from school.door.journal import Journal
from school.door.mailbox import Mailbox
from school.door.school import School
from school.door.values import Forgotten, Removed, Scope
from tests.school.record.test_removal import ANN, BOB, HERE, Attended, asked, path, refusing, registrar
from tests.school.test_classroom import wait_for

__all__ = ["path"]  # a fixture

ROOT = Path(__file__).resolve().parents[3]


class Away:
    """Saved souls on a disk that is away."""

    keeps = "saved souls"

    def __init__(self) -> None:
        self.asked: list[Scope] = []
        self.back = False

    def forget(self, scope: Scope) -> Future[Removed]:
        self.asked.append(scope)
        done: Future[Removed] = Future()
        if self.back:
            done.set_result(Removed())
        else:
            done.set_exception(OSError(5, "Input/output error"))
        return done


def test_a_refusing_disk_is_told_and_not_waited_for(path, monkeypatch):
    """To forget is answered although the record takes nothing: what is gone, what is owed, and that it is noted. When
    the disk is there again it is done without anybody asking."""
    monkeypatch.setattr(forgetting, "PATIENCE_SECONDS", 0.2)
    with registrar(path) as keeper:
        school = School(Attended(), keeper)
        reply = asked(school)
        keeper.kept(ANN).result(60)
        with refusing(path):
            assert school.forget(person=ANN).result(60) == Forgotten(rows=0, owed=("the record",), noted=True)
            assert school.find(reply) is None
            noted = json.loads((path.parent / "owed.json").read_text())
            assert noted == {"owed": [{"goes": {"person": ANN}, "left": "everywhere"}]}
        wait_for(lambda: not (path.parent / "owed.json").exists())
        assert keeper.kept(ANN).result(60).messages == 0


def test_a_classroom_that_does_not_answer_is_not_waited_for(path, monkeypatch):
    """Nobody opens the mailbox, as while a step takes long: the answer comes all the same."""
    monkeypatch.setattr(forgetting, "PATIENCE_SECONDS", 0.2)
    with registrar(path) as keeper:
        school = School(Mailbox(), keeper)
        asked(school)
        told = school.forget(person=ANN).result(60)
        assert "lessons and conversations" in told.owed
        assert told.noted
        assert keeper.kept(ANN).result(60).messages == 0


def test_who_could_not_is_asked_again(path, monkeypatch):
    """A keeper that fails is named at once, asked again, sooner where something got better, and then all is done."""
    monkeypatch.setattr(forgetting, "PATIENCE_SECONDS", 600.0)
    with registrar(path) as keeper:
        school, souls = School(Attended(), keeper), Away()
        school.forgetting.join(souls)
        asked(school)
        assert school.forget(person=ANN).result(60) == Forgotten(rows=2, owed=("saved souls",), noted=True)
        souls.back = True
        school.forgetting.again()
        wait_for(lambda: not (path.parent / "owed.json").exists())
        assert [scope.conversations for scope in souls.asked] == [{ANN}] * 2


def test_what_is_said_afterwards_stays(path):
    """While souls still owe it, over a night, the record that is done is not asked again: whoever comes back and says
    something new does not lose that."""
    with registrar(path) as keeper:
        school = School(Attended(), keeper)
        school.forgetting.join(Away())
        asked(school)
        assert school.forget(person=ANN).result(60).owed == ("saved souls",)
        asked(school, message="new")
        assert keeper.kept(ANN).result(60).messages == 1
    with registrar(path) as keeper:
        assert not keeper.inherited
        school, souls = School(Mailbox(), keeper), Away()
        souls.back = True
        school.forgetting.go_on({}, keeper.inherited)
        assert not school._mailbox.hear()  # nor is their new conversation ended
        school.forgetting.join(souls)
        wait_for(lambda: not (path.parent / "owed.json").exists())
        assert [scope.conversations for scope in souls.asked] == [{ANN}]
        assert keeper.kept(ANN).result(60).messages == 1


# ---- the journal ---------------------------------------------------------------------------------------------------

OF_THE_RECORD = """\
{"changed": {"id": "1", "person": "twitch:1", "what": "out", "at": 2.5, "channel": "c", "wording": "2"}}
{"changed": {"id": "2", "person": "twitch:2", "what": "removed", "at": 3.5, "channel": "c", "wording": "2"}, \
"if_known": true}
{"forget": {"person": "twitch:1", "source": ""}}
{"withdraw": "twitch:2"}
{"remove": {"surface": "twitch", "channel": "c", "messages": ["m1", "m2"], "person": "", "since": "018f", \
"before": "", "answers": true}}
"""


def test_what_earlier_versions_owed_is_taken_over(tmp_path):
    """Both files of today are read once, in order, and then there is one, for its owner's eyes only."""
    for folder in ("statistics", "soul"):
        (tmp_path / folder).mkdir()
    old = [tmp_path / "statistics" / "baby.db.owed", tmp_path / "soul" / "owed.json"]
    old[0].write_text(OF_THE_RECORD)
    old[1].write_text('["twitch:1", "twitch:9"]')
    journal = Journal.of(tmp_path)
    wait_for(lambda: not any(file.exists() for file in old))
    assert journal.file.stat().st_mode & 0o777 == 0o600
    for known in (journal, Journal.of(tmp_path)):
        assert [(promise.what, promise.if_known, promise.left) for promise in known.open()] == [
            (Change(id="1", person=ANN, what="out", at=2.5, channel="c", wording="2"), False, "everywhere"),
            (Change(id="2", person=BOB, what="removed", at=3.5, channel="c", wording="2"), True, "everywhere"),
            (Scope(person=ANN), False, "everywhere"),
            (Scope(person=BOB, withdrawn=True), False, "everywhere"),
            (
                Scope(**HERE, messages=frozenset(["m1", "m2"]), since="018f", answers=True),
                False,
                "everywhere",
            ),
            (Scope(listeners=frozenset([ANN, "twitch:9"]), withdrawn=True), False, "souls"),
        ]


@pytest.mark.parametrize(
    "content",
    [b"3", b"\xff\xfe", b"[3]", b'{\n "owed": 3}', b'{\n "owed": [{"goes": {"person": 3}, "left": "souls"}]}'],
)
def test_a_strange_journal_harms_nobody(tmp_path, content):
    (tmp_path / "owed.json").write_bytes(content)
    journal = Journal(tmp_path / "owed.json")
    assert journal.open() == []
    assert journal.noted(journal.owe(Scope(person=ANN)), 10)
    assert [promise.what for promise in Journal(tmp_path / "owed.json").open()] == [Scope(person=ANN)]


def test_what_is_done_in_a_moment_is_never_written(tmp_path):
    journal = Journal(tmp_path / "owed.json")
    journal.settle(journal.owe(Scope(person=ANN)))
    journal.close()
    assert not (tmp_path / "owed.json").exists()


# ---- a disk that is really full ------------------------------------------------------------------------------------

FIRST_LIFE = """
import os, signal, sys
from pathlib import Path
from school.door.school import School
from tests.full_disk import fill
from tests.school.record.test_removal import Attended, asked, registrar
from tests.school.test_classroom import wait_for

home = Path(sys.argv[1])
with registrar(home / "baby.db") as keeper:
    school = School(Attended(), keeper)
    for _ in range(50):
        asked(school)
    print(keeper.kept("twitch:1").result(60).messages, flush=True)
    fill(home / "ballast")
    told = school.forget(person="twitch:1").result(60)
    print(told.owed, told.noted, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""
SECOND_LIFE = """
import sys
from pathlib import Path
from school.door.school import School
from tests.school.record.test_removal import Attended, registrar
from tests.school.test_classroom import wait_for

home = Path(sys.argv[1])
with registrar(home / "baby.db") as keeper:
    print(len(keeper.inherited), flush=True)
    school = School(Attended(), keeper)
    school.forgetting.go_on({}, keeper.inherited)
    (home / "ballast").unlink()
    wait_for(lambda: not (home / "owed.json").exists())
    print(keeper.kept("twitch:1").result(60).messages, flush=True)
"""


ONLY_THE_JOURNAL = """
import sys
from pathlib import Path
from school.door.journal import Journal
from school.door.values import Scope
from tests.full_disk import fill

journal = Journal(Path(sys.argv[1]) / "owed.json")
fill(journal.file.with_name("ballast"))
print(journal.noted(journal.owe(Scope(person="twitch:1")), 10), flush=True)
promises = Journal(journal.file).open()
print([promise.what.person for promise in promises], flush=True)
"""


def on_a_small_disk(folder: Path, *scripts: str) -> list[str]:
    """What the scripts print, one after the other, on a disk of a megabyte, which is their argument."""
    (folder / "disk").mkdir()
    files = [folder / f"life{number}.py" for number in range(len(scripts))]
    for file, script in zip(files, scripts, strict=True):
        file.write_text(script)
    runs = "; ".join(f'"{sys.executable}" "{file}" "$1"' for file in files)
    commands = f'mount -t tmpfs -o size=1m tmpfs "$1" || exit 77; {runs}'
    done = subprocess.run(
        ["unshare", "-Urm", "sh", "-c", commands, "sh", folder / "disk"],
        cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    if done.returncode == 77 or "unshare:" in done.stderr:
        pytest.skip("this machine lets nobody make a small disk")
    return done.stdout.splitlines()


@pytest.mark.trial
@pytest.mark.skipif(not shutil.which("unshare"), reason="makes a small disk of its own")
def test_a_full_disk_and_a_kill(tmp_path):
    """Where not a byte is left, to forget is answered and noted; killed right then, the next life does it as soon as
    there is room."""
    told = on_a_small_disk(tmp_path, FIRST_LIFE, SECOND_LIFE)
    assert told == ["50", "('the record',) True", "1", "0"]


@pytest.mark.skipif(not shutil.which("unshare"), reason="makes a small disk of its own")
def test_the_journal_has_room_where_nothing_has(tmp_path):
    """It keeps some of the disk for that day."""
    assert on_a_small_disk(tmp_path, ONLY_THE_JOURNAL) == ["True", "['twitch:1']"]
