"""State files: written whole or not at all, read with suspicion, and an error in reading is never taken for damage."""

from __future__ import annotations

import contextlib
import errno
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from school.office import files
from school.office.files import (
    DAMAGED,
    Unfit,
    clear_unfinished,
    make_folder,
    make_way,
    open_plain,
    parse_json,
    parse_toml,
    read_state,
    read_whole,
    replacing,
    write_state,
    write_whole,
)

DEEP = "[" * 100_000
LONG = "9" * 5_000
BROKEN = [
    b"", b"3", b"null", b"{", b"\xff\xfe", b'["a", 5]', b'{"a": 1}', b'["\xed\xa0\x80"]',
    DEEP.encode(), LONG.encode(), f"[{LONG}]".encode(), b'["a"', b"\0" * 64,
]  # fmt: skip


def test_what_is_written_is_read(tmp_path: Path):
    """The value comes back; the file is its owner's alone, and nothing else is left beside it."""
    file = tmp_path / "people.json"
    assert read_state(file, set[str], set()) == set()
    for people in (["a", "ü"], []):
        write_state(file, people)
        assert read_state(file, set[str], None) == set(people)
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [file]


def test_it_is_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The file is synced under its unfinished name, and then the folder, in which it has its own."""
    synced = []
    monkeypatch.setattr(os, "fsync", lambda handle: synced.append(os.fstat(handle).st_ino))
    write_whole(tmp_path / "x", b"abc")
    assert synced == [(tmp_path / "x").stat().st_ino, tmp_path.stat().st_ino]


@pytest.mark.parametrize("raw", BROKEN, ids=range(len(BROKEN)))
def test_what_cannot_be_understood_is_set_aside(tmp_path: Path, raw: bytes, caplog: pytest.LogCaptureFixture):
    """It counts as missing, is told in one line that names both files, and is kept as it was; the next read is quiet
    and the next write works."""
    file = tmp_path / "people.json"
    file.write_bytes(raw)
    assert read_state(file, list[str], ["missing"]) == ["missing"]
    (aside,) = tmp_path.iterdir()
    assert aside.name.startswith(f"{file.name}{DAMAGED}")
    assert aside.read_bytes() == raw
    (line,) = [record.getMessage() for record in caplog.records]
    assert str(file) in line
    assert aside.name in line
    assert len(line.splitlines()) == 1
    assert read_state(file, list[str], []) == []
    assert len(caplog.records) == 1
    write_state(file, ["a"])
    assert read_state(file, list[str], []) == ["a"]


def test_a_file_that_is_too_long_is_none(tmp_path: Path):
    (tmp_path / "x").write_bytes(b"12345")
    assert read_whole(tmp_path / "x", 5) == b"12345"
    with pytest.raises(Unfit, match="longer than 4 bytes"):
        read_whole(tmp_path / "x", 4)


@pytest.mark.parametrize("kind", ["pipe", "device", "folder", "link to a device", "loop", "link to nowhere"])
def test_what_is_no_file_does_not_hang(tmp_path: Path, kind: str, caplog: pytest.LogCaptureFixture):
    """A pipe, a device, a folder or a loop of links under a state file's name is set aside; a link to nowhere is no
    file. The next write puts a file there, and not where a link led."""
    file = tmp_path / "people.json"
    match kind:
        case "pipe":
            os.mkfifo(file)
        case "device" | "link to a device":
            file.symlink_to("/dev/zero")
        case "folder":
            file.mkdir()
        case "loop":
            file.symlink_to(file)
        case "link to nowhere":
            file.symlink_to(tmp_path / "nowhere")
    assert read_state(file, list[str], []) == []
    assert len(caplog.records) == (kind != "link to nowhere")
    write_state(file, ["a"])
    assert read_state(file, list[str], []) == ["a"]
    assert not file.is_symlink()
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("number", [errno.EIO, errno.EACCES, errno.EPERM, errno.ESTALE, errno.ENOMEM, errno.ENFILE])
def test_an_error_in_reading_moves_nothing(tmp_path: Path, number: int):
    """It is raised, and the file stays under its name."""
    file = tmp_path / "people.json"
    write_state(file, ["a"])

    def fail(path: Path):
        raise OSError(number, os.strerror(number), str(path))

    with pytest.raises(OSError, match=r"people\.json"):
        read_state(file, list[str], [], opener=fail)
    assert list(tmp_path.iterdir()) == [file]


def test_too_many_open_files_move_nothing(tmp_path: Path):
    """The real thing: where no file can be opened any more, the state file is not taken for damaged."""
    file = tmp_path / "people.json"
    write_state(file, ["a"])
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    handles = []
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))
    try:
        with contextlib.suppress(OSError):
            while True:
                handles.append(os.open(file, os.O_RDONLY))
        with pytest.raises(OSError, match="Too many open files"):
            read_state(file, list[str], [])
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for handle in handles:
            os.close(handle)
    assert read_state(file, list[str], []) == ["a"]


@pytest.mark.parametrize("broken", ["write", "fsync", "replace"])
def test_a_full_disk_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str):
    """Wherever writing fails, the old content stays whole and nothing is left beside it."""
    file = tmp_path / "people.json"
    write_state(file, ["a"])

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as full:
        if broken == "fsync":
            full.setattr(os, "fsync", refuse)
        elif broken == "replace":
            full.setattr(Path, "replace", refuse)
        with pytest.raises(OSError, match="No space left"), replacing(file) as stream:  # noqa: PT012
            stream.write(b"[")
            if broken == "write":
                refuse()
    assert list(tmp_path.iterdir()) == [file]
    assert read_state(file, list[str], []) == ["a"]


def test_what_a_kill_left_is_cleared(tmp_path: Path):
    """Only what was unfinished goes."""
    (tmp_path / ".unfinished-x-abc").write_text("half")
    (tmp_path / ".unfinished-soul").mkdir()
    (tmp_path / ".unfinished-soul" / "part").write_text("half")
    (tmp_path / ".unfinished-link").symlink_to(tmp_path / "whole")
    (tmp_path / "whole").mkdir()
    (tmp_path / "whole" / "file").write_text("whole")
    clear_unfinished(tmp_path)
    assert [path.name for path in tmp_path.rglob("*")] == ["whole", "file"]
    clear_unfinished(tmp_path / "nowhere")


def test_a_file_in_a_folders_way_is_set_aside(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    for way in ("file", "link"):
        folder = tmp_path / way
        folder.write_text("mine") if way == "file" else folder.symlink_to(tmp_path / "nowhere")
        make_folder(folder)
        make_folder(folder)
        assert folder.is_dir()
    assert len(caplog.records) == 2
    assert [path.read_text() for path in tmp_path.glob(f"file{DAMAGED}*")] == ["mine"]


def test_what_is_in_a_files_way_is_set_aside(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    """A folder, a pipe, a link to nowhere; a file, a link to one and /dev/null stay."""
    for name in ("folder", "pipe", "nowhere", "file", "link", "null"):
        way = tmp_path / name
        match name:
            case "folder":
                way.mkdir()
            case "pipe":
                os.mkfifo(way)
            case "file":
                way.write_text("mine")
            case _:
                way.symlink_to({"link": tmp_path / "file", "null": "/dev/null"}.get(name, tmp_path / "away"))
        make_way(way)
        assert os.path.lexists(way) == (name in ("file", "link", "null"))
    assert len(caplog.records) == len(list(tmp_path.glob(f"*{DAMAGED}*"))) == 3
    make_way(tmp_path / "nothing at all")


@pytest.mark.parametrize("text", [DEEP, LONG, "{", '{"a": ' * 100_000])
def test_hostile_json_is_a_value_error(text: str):
    with pytest.raises(ValueError, match=r"."):
        parse_json(text)
    with pytest.raises(ValueError, match=r"."):
        parse_json(text.encode())


@pytest.mark.parametrize("text", [f"a = {DEEP}", f"a = {LONG}", "a =", "a = " + "{b = " * 5_000])
def test_hostile_toml_is_a_value_error(text: str):
    with pytest.raises(ValueError, match=r"."):
        parse_toml(text)


def test_a_plain_file_is_opened_without_waiting(tmp_path: Path):
    """A file is read as any; a pipe is refused at once, also one that took the file's place meanwhile."""
    (tmp_path / "x").write_bytes(b"abc")
    with open_plain(tmp_path / "x") as stream:
        assert stream.read() == b"abc"
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(Unfit, match="a pipe or a device"):
        open_plain(tmp_path / "pipe")


def test_nothing_here_loads_torch():
    code = "import sys, school.office.files; sys.exit('torch' in sys.modules)"
    root = Path(files.__file__).parent.parent.parent
    assert subprocess.run([sys.executable, "-c", code], cwd=root, timeout=60).returncode == 0
