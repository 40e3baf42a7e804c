"""Nobody else on the machine can read what is kept of a life, also not what an earlier version left open."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from school.office.privacy import close, close_home, in_words

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows keeps its own rights")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def lay_out(home: Path) -> list[Path]:
    """A home as an earlier version left it; returns all that is ours in it."""
    files = ["soul/step-1/facts.json", "soul/tokens/a.bin", "statistics/baby.db", "statistics/baby.db-wal",
             "statistics/baby.log", "statistics/letters/2026-01-04.md", "secrets/twitch.json", ".env"]  # fmt: skip
    for name in files:
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text("private")
        (home / name).chmod(0o644)
    for folder in [path for path in home.rglob("*") if path.is_dir()]:
        folder.chmod(0o755)
    return list(home.rglob("*"))


def test_what_others_could_read_is_closed_and_told_once(tmp_path):
    """Folders 0700, files 0600, counted in one line; the second time there is nothing to tell."""
    ours = lay_out(tmp_path)
    tmp_path.chmod(0o755)
    closed = close_home(tmp_path)
    assert {mode(path) for path in [tmp_path, *ours] if path.is_dir()} == {0o700}
    assert {mode(path) for path in ours if path.is_file()} == {0o600}
    assert (closed.count, closed.open) == (len(ours) + 1, [])
    (line,) = in_words(tmp_path, closed)
    assert f"{len(ours) + 1} folders and files of {tmp_path}" in line
    assert in_words(tmp_path, close_home(tmp_path)) == []


def test_rooms_as_they_came_are_closed_without_a_word(tmp_path):
    """Who has just unpacked the program has nothing that anybody could have read; who has a page of a diary has."""
    for room in ("soul", "statistics"):
        (tmp_path / room).mkdir(mode=0o755)
        (tmp_path / room / "README.md").touch(0o644)
    (tmp_path / "soul" / "lock").touch(0o600)  # the wake's own
    (tmp_path / "wakeup.py").touch()
    assert in_words(tmp_path, close_home(tmp_path)) == []
    assert {mode(path) for room in ("soul", "statistics") for path in (tmp_path / room).rglob("*")} == {0o600}
    assert mode(tmp_path / "soul") == mode(tmp_path / "statistics") == 0o700
    for name in ("statistics/diary.md", "soul/README.md"):
        (tmp_path / name).touch()
        (tmp_path / name).chmod(0o644)
    assert "one folder or file" in in_words(tmp_path, close_home(tmp_path))[0]


def test_what_is_not_ours_stays_as_it_is(tmp_path):
    """The program's own folder, the person's library, and whatever links lead to, keep their rights."""
    ours = lay_out(tmp_path / "home")
    home = tmp_path / "home"
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    others = [
        elsewhere,
        elsewhere / "notes.txt",
        home,
        home / "wakeup.py",
        home / "library",
        home / "library" / "a.txt",
    ]
    (home / "library").mkdir()
    for path in others:
        path.is_dir() or path.write_text("mine")
        path.chmod(0o755 if path.is_dir() else 0o644)
    (home / "soul" / "link.txt").symlink_to(elsewhere / "notes.txt")
    (home / "soul" / "folder").symlink_to(elsewhere)
    os.mkfifo(home / "soul" / "pipe", 0o644)
    before = {path: mode(path) for path in others}
    assert close_home(home).count == len(ours)
    assert {path: mode(path) for path in others} == before


def test_a_room_on_another_disk_and_backups_are_closed_too(tmp_path):
    """A room that is a link is ours, and so are the copies of souls, wherever they are."""
    lay_out(tmp_path / "disk")
    home, copy = tmp_path / "home", tmp_path / "backups" / "step-1"
    home.mkdir()
    copy.mkdir(parents=True)
    (copy / "facts.json").touch(0o644)
    (copy / "facts.json").chmod(0o644)
    (home / "soul").symlink_to(tmp_path / "disk" / "soul")
    close_home(home, [copy])
    assert mode(tmp_path / "disk" / "soul" / "step-1" / "facts.json") == 0o600
    assert mode(tmp_path / "disk" / "soul") == mode(copy) == 0o700
    assert mode(copy / "facts.json") == 0o600


def test_what_cannot_be_closed_is_told(tmp_path, monkeypatch):
    """Somebody else's file, or a disk that keeps no rights: a line names it, and goes on with the rest."""
    lay_out(tmp_path)
    real = Path.chmod

    def chmod(path: Path, rights: int) -> None:
        if path.name == "facts.json":
            raise PermissionError(1, "Operation not permitted")
        if path.name != "a.bin":  # a disk that keeps no rights
            real(path, rights)

    monkeypatch.setattr(Path, "chmod", chmod)
    closed = close_home(tmp_path)
    assert {path.name for path in closed.open} == {"facts.json", "a.bin"}
    assert mode(tmp_path / "statistics" / "baby.db") == 0o600
    assert "and 1 more" in in_words(tmp_path, closed)[-1]
    assert not close(tmp_path / "soul" / "step-1" / "facts.json")
    assert close(tmp_path / "nothing here")
