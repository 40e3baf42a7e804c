"""Backups: checked copies of souls, few, elsewhere; and whoever is forgotten is forgotten there too."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch

from school.classroom import Limits
from school.door.control import Control
from school.door.journal import Journal
from school.door.mailbox import Mailbox
from school.door.school import School
from school.office.files import open_plain
from school.office.mistakes import Mistake
from school.record.registrar import Registrar
from school.record.settings import RecordSettings
from school.souls.backups import DAY
from school.souls.caretaker import Caretaker, Soul, SoulSettings
from school.souls.checksums import SoulDamaged, check
from school.texts.librarian import Librarian
from tests.conftest import make_classroom, make_receptionist, make_tutor

ANN, BOB = "twitch:1", "twitch:2"


@pytest.fixture(autouse=True)
def unsynced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare the disk."""
    monkeypatch.setattr(os, "fsync", lambda handle: None)


@pytest.fixture
def home(tmp_path: Path) -> Caretaker:
    """Souls here, backups on what stands for another disk."""
    (tmp_path / "disk").mkdir()
    keeper = Caretaker(tmp_path / "soul", SoulSettings(backup_folder=str(tmp_path / "disk" / "baby"), keep_last=100))
    return keeper


def soul_of(step: int, *people: str) -> Soul:
    """A soul that remembers a conversation with each of these people."""
    talks = {f"{i:04d}/state": torch.full((3,), float(i)) for i in range(len(people))}
    facts = {"conversations": {f"{i:04d}": [f"talk{i}", person] for i, person in enumerate(people)}}
    return Soul(step, facts, {"brain": {"weight": torch.arange(4.0) + step}, "conversations": talks}, "{}")


def people_in(keeper: Caretaker, place: Path) -> list[str]:
    return [person for _, person in keeper.load(place).facts["conversations"].values()]


def test_a_backup_is_the_newest_soul_and_whole(home):
    """The copy holds the same bytes; the same soul is not copied twice; with nothing saved there is nothing to copy."""
    with pytest.raises(OSError, match="nothing has been saved yet"):
        home.back_up()
    home.save(soul_of(1))
    place = home.save(soul_of(2))
    copy = home.back_up()
    assert copy == home.backups.folder / place.name
    assert {f.name: f.read_bytes() for f in copy.iterdir()} == {f.name: f.read_bytes() for f in place.iterdir()}
    before = (copy / "SHA256SUMS").stat().st_ino
    assert home.back_up() == copy
    assert (copy / "SHA256SUMS").stat().st_ino == before
    assert home.backups.newest() == [copy]


def test_copies_are_few(home):
    """After a month of days there are the last two days, and the last of each of four weeks, the newest among them."""
    for day in range(30):
        place = home.save(soul_of(day))
        os.utime(place, (day * DAY + 9e8, day * DAY + 9e8))
        home.back_up()
    steps = [int(copy.name.removeprefix("step-")) for copy in home.backups.newest()]
    assert steps[:2] == [29, 28]
    assert len(steps) in (4, 5)  # a day that is kept may be the last of its week
    assert len({(day * DAY + 9e8) // (7 * DAY) for day in steps}) == 4


def test_a_copy_that_is_not_what_was_copied_is_no_backup(home, monkeypatch):
    """A disk that swallows a byte is noticed; so is a soul that was damaged before. What was there before stays."""
    home.save(soul_of(1))
    first = home.back_up()
    place = home.save(soul_of(2))
    whole = (place / "brain.safetensors").read_bytes()

    def swallow(source: Path, target: Path) -> None:
        copytree(source, target)
        (target / "brain.safetensors").write_bytes(whole[:-1])

    copytree = shutil.copytree
    monkeypatch.setattr(shutil, "copytree", swallow)
    with pytest.raises(SoulDamaged, match=r"brain\.safetensors has changed"):
        home.back_up()
    monkeypatch.undo()
    (place / "brain.safetensors").write_bytes(whole[:-1])
    with pytest.raises(SoulDamaged, match=r"brain\.safetensors has changed"):
        home.back_up()
    assert [path.name for path in home.backups.folder.iterdir()] == [first.name]
    check(first)


def test_forgetting_reaches_the_backups(home):
    """The conversation goes from souls and copies, also from those in a folder that is used no more; others stay."""
    home.save(soul_of(1, ANN, BOB))
    old = home.back_up()
    settings = home.settings.model_copy(update={"backup_folder": ""})
    moved = Caretaker(home.folder, settings)
    copy = moved.back_up()
    assert copy.parent == home.folder / "backups"
    assert moved.forget({ANN}) == 3
    for place in (old, copy, *moved.souls()):
        check(place)
        assert people_in(moved, place) == [BOB]
    assert moved.souls() == home.souls()


@contextmanager
def awake(caretaker: Caretaker, librarian: Librarian, folder: Path) -> Iterator[tuple[School, Control]]:
    """A classroom that only talks, with its record, and what an earlier life still owed under way."""
    tutor, mailbox = make_tutor(librarian), Mailbox()
    registrar = Registrar(
        folder / "baby.db", RecordSettings(), run_config={}, from_step=0,
        journal=Journal(folder / "owed.json", older=[caretaker.folder / "owed.json"]),
    )  # fmt: skip
    school = School(mailbox, registrar)
    room = make_classroom(
        tutor, make_receptionist(tutor, folder), mailbox, school, caretaker, limits=Limits(learning=False)
    )
    school.forgetting.go_on({}, registrar.inherited)
    room.start()
    try:
        yield school, Control(mailbox)
    finally:
        room.stop()
        room.done.result(timeout=60)
        registrar.close(step=0, ending="asleep")


def test_a_disk_that_is_away_is_waited_for(home, tmp_path, librarian):
    """Then nothing is copied, and nothing made where it should be; whoever wanted to be forgotten is owed it, over a
    waking, until the disk is there again."""
    home.save(soul_of(1, ANN, BOB))
    home.back_up()
    (tmp_path / "disk").rename(tmp_path / "away")
    (tmp_path / "disk").mkdir()  # where it is mounted
    home.save(soul_of(2, ANN))
    with pytest.raises(OSError, match=r"the backups in .*baby can't be reached"):
        home.back_up()
    with pytest.raises(OSError, match=r"the backups in .*baby can't be reached"):
        home.forget({ANN})
    with awake(home, librarian, tmp_path) as (school, _):
        told = school.forget(person=ANN).result(timeout=60)
        assert (told.owed, told.noted) == (("saved souls",), True)
        assert ANN in (tmp_path / "owed.json").read_text()
    souls = [place for place in home.souls() if int(place.name[5:])]
    assert [people_in(home, place) for place in souls] == [[], [BOB]]
    assert not list((tmp_path / "disk").iterdir())

    again = Caretaker(home.folder, home.settings)
    (tmp_path / "disk").rmdir()
    (tmp_path / "away").rename(tmp_path / "disk")
    with awake(again, librarian, tmp_path):
        eventually(lambda: not (tmp_path / "owed.json").exists())
    assert people_in(again, again.backups.newest()[0]) == [BOB]


def eventually(holds: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it never came to pass"
        time.sleep(0.01)


def test_a_damaged_backup_that_names_somebody_goes(home):
    home.save(soul_of(1, ANN))
    copy = home.back_up()
    (copy / "brain.safetensors").write_bytes(b"rust")
    home.forget({BOB})
    assert copy.exists()
    home.forget({ANN})
    assert not copy.exists()


def test_when_all_souls_are_damaged_a_backup_wakes(home):
    """The newest copy that is whole is woken, and told of, until there is a soul again; where there never was a damaged
    one, a new baby is wanted."""
    place = home.save(soul_of(7))
    home.back_up()
    assert Caretaker(home.folder.with_name("other"), home.settings).newest(print, set_aside=True) is None
    (place / "facts.json").write_text("{")
    lines = []
    assert home.newest(lines.append, set_aside=True).step == 7
    assert home.newest(lines.append, set_aside=True).step == 7
    assert lines == [
        f"{place.name} is damaged (facts.json has changed); going back to the one before.",
        *[f"waking it from the backup {home.backups.folder / place.name}."] * 2,
    ]


def test_what_a_crash_left_is_cleared_up(home):
    """A copy that was being replaced is there again; half a copy is gone."""
    home.save(soul_of(1))
    copy = home.back_up()
    copy.rename(copy.with_name(f".replaced-{copy.name}"))
    copy.with_name(".unfinished-step-000000000002-1").mkdir()
    home.lock()
    home.unlock()
    assert [path.name for path in home.backups.folder.iterdir()] == [copy.name]
    check(copy)


def test_the_bell_gets_an_answer_and_a_failure_is_one_line(librarian, home, tmp_path, caplog):
    """In a classroom: a place for what was copied, None and one line where it could not be; and what was still owed
    when it woke, by an earlier version's file, is done."""
    home.save(soul_of(1, ANN))
    home.back_up()
    (home.folder / "owed.json").write_text(json.dumps([ANN]))
    with awake(home, librarian, tmp_path) as (_, control):
        assert control.back_up().result(timeout=60) == str(home.backups.folder / "step-000000000001")
        shutil.rmtree(home.backups.folder)
        assert control.back_up().result(timeout=60) is None
        home.backups.folder.mkdir()
        assert control.save().result(timeout=60)
        eventually(lambda: not (tmp_path / "owed.json").exists())
    assert [line.message for line in caplog.records] == [
        f"the soul could not be backed up: the backups in {home.backups.folder} can't be reached"
    ]
    assert not (home.folder / "owed.json").exists()
    assert not any(ANN in people_in(home, place) for place in home.souls())


@pytest.mark.parametrize("raw", [b"", b"3", b"{", b"\xff", b'["a", 3]', b"[" * 100_000])
def test_a_note_that_cannot_be_understood_is_begun_anew(home, raw, caplog):
    """It is set aside in one line; then backups are made, and whoever is forgotten is forgotten in the folders where
    copies are made."""
    home.save(soul_of(1, ANN, BOB))
    home.back_up()
    home.backups.note.write_bytes(raw)
    home.save(soul_of(2, ANN, BOB))
    copy = home.back_up()
    assert copy.name == "step-000000000002"
    assert home.forget({ANN}) == 3
    assert people_in(home, copy) == [BOB]
    (told,) = (one.getMessage() for one in caplog.records if one.name == "school.office.files")
    assert "backups.json can't be understood" in told  # (somebody of an earlier test may still be forgetting)


def test_a_full_disk_does_not_empty_the_note(home, tmp_path, monkeypatch):
    """Where the note of the folders can't be written, it is what it was, and forgetting goes on."""
    home.save(soul_of(1, ANN, BOB))
    copy = home.back_up()
    other = Caretaker(home.folder, home.settings.model_copy(update={"backup_folder": str(tmp_path / "other")}))

    def refuse(handle: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(os, "fsync", refuse)
        with pytest.raises(OSError, match="No space"):
            other.back_up()
    assert home.forget({ANN}) == 2
    assert people_in(home, copy) == [BOB]
    assert other.back_up().parent == tmp_path / "other"


@pytest.mark.parametrize("raw", [b"", b"3", b"{", b"\xff", b'["a", 3]', b"[" * 100_000])
def test_what_is_owed_may_be_rubbish(home, raw, caplog):
    """A file of debts that can't be understood is set aside, in one line, and harms nobody."""
    home.save(soul_of(1, ANN))
    (home.folder / "owed.json").write_bytes(raw)
    journal = Journal(home.folder.parent / "owed.json", older=[home.folder / "owed.json"])
    assert journal.open() == []
    assert home.forget({ANN}) == 1
    told = [line.getMessage() for line in caplog.records if "owed.json was set aside as" in line.getMessage()]
    assert len(told) == len(list(home.folder.glob("owed.json.damaged-*"))) == bool(raw)


def test_a_backup_that_cannot_be_read_is_no_reason_for_a_newborn(home):
    """With all souls damaged and the only copy unreadable it ends in a line; with an older copy that can be read, that
    one wakes."""

    def opener(path: Path):
        if unreadable in str(path) and home.backups.folder in path.parents:
            raise OSError(5, "Input/output error", str(path))
        return open_plain(path)

    for step in (1, 2):
        place = home.save(soul_of(step))
        os.utime(place, (step * DAY, step * DAY))
        home.back_up()
    for place in home.souls():
        (place / "facts.json").write_text("{")
    blind = Caretaker(home.folder, home.settings, opener=opener)
    unreadable = "step-000000000002"
    assert blind.newest(lambda line: None, set_aside=True).step == 1
    unreadable = "step-"
    with pytest.raises(Mistake, match="can't be read just now .Input/output error"):
        blind.newest(lambda line: None, set_aside=True)
