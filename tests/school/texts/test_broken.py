"""A library full of what is broken, by the real command: a line for each, the rest is learned, little memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from school.texts.places import Source
from school.texts.survey import look_at, survey
from tests.test_wakeup import ROOT

MESSAGE = {"type": "message", "from": "Ann", "from_id": "user1"}
TELEGRAM = {"name": "Ben", "messages": [MESSAGE | {"id": i, "text": f"number {i} is a fox"} for i in range(500)]}
MAIL = "From ann\nFrom: Ann <ann@a.example>\nMessage-ID: <{0}>\n\nHello Ben, fox {0} sat by the river.\n{1}"
GIGABYTE = 1_000_000_000


def line_of(path: Path, before: str, after: str) -> None:
    """One line of a gigabyte, which takes no room on the disk."""
    with path.open("wb") as file:
        file.write(before.encode())
        file.seek(GIGABYTE)
        file.write(after.encode())


def library(shelf: Path) -> dict[str, str]:
    """Each file with how what is told of it begins."""
    shelf.mkdir()
    (shelf / "cut.json").write_text(json.dumps(TELEGRAM)[:20_000])
    (shelf / "mixed.txt").write_bytes("Käthe läuft weit.\n".encode() * 60 + "Käthe läuft.\n".encode("cp1252") * 3)
    line_of(shelf / "line.txt", "the fox and ", " the moon\n")
    line_of(shelf / "line.mbox", MAIL.format(1, "\n") + MAIL.format(2, ""), "\n\n" + MAIL.format(3, ""))
    with zipfile.ZipFile(shelf / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a.txt", "w") as bomb:
        for _ in range(100):
            bomb.write(bytes(GIGABYTE // 100))
    (shelf / "round").symlink_to("..")
    (shelf / "x.txt").symlink_to("y.txt")
    (shelf / "y.txt").symlink_to("x.txt")
    os.mkfifo(shelf / "pipe.txt")
    (shelf / "picture.txt").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(90))
    (shelf / "diary.txt").write_text("".join(f"day {i}: the fox sat by the river.\n" for i in range(300)))
    return {
        "bomb.zip": "it unpacks to more than",
        "line.txt": "too large: 1.0 GB; texts have 0.5 GB at most",
        "pipe.txt": "not a file",
        "picture.txt": "it is a picture",
        "x.txt": "it can't be opened (",
        "y.txt": "it can't be opened (",
    }


# Runs a command and writes down what it took at most. What Linux tells of a process begins with what the one took that
# started it, which for tests may be more than a gigabyte.
MEASURED = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[2:])
_, status, used = os.wait4(process.pid, 0)
open(sys.argv[1], "w").write(str(used.ru_maxrss))
sys.exit(os.waitstatus_to_exitcode(status))
"""


@pytest.mark.trial
@pytest.mark.skipif(os.name == "nt", reason="it takes pipes, links and wait4")
def test_each_in_a_line_the_rest_is_learned(tmp_path: Path):
    """A gigabyte in one line, a bomb, a circle of links, a pipe, a picture, JSON that breaks off and two encodings in
    one file: within a gigabyte of memory."""
    left_out = library(tmp_path / "library")
    command = [
        sys.executable,
        str(ROOT / "wakeup.py"),
        "--home",
        str(tmp_path),
        "library",
        "list",
        "--set",
        'library.speaker=["Ann"]',
    ]
    with (tmp_path / "said").open("w") as said, (tmp_path / "told").open("w") as told:
        apart = [sys.executable, "-c", MEASURED, str(tmp_path / "most"), *command]
        status = subprocess.run(apart, stdout=said, stderr=told, cwd="/").returncode
    lines = (tmp_path / "said").read_text("utf-8").splitlines()
    assert status == 0, (tmp_path / "told").read_text("utf-8")
    for name, why in left_out.items():
        assert sum(line.startswith(f"skipped {name}: {why}") for line in lines) == 1, (name, lines)
    for name, what in {
        "cut.json": "it breaks off after",
        "mixed.txt": "read as UTF-8, 6 parts in Windows-1252",
        "line.mbox": "mail that is too large: 1",
        "diary.txt": "plain",
    }.items():
        assert sum(line.startswith(name) and what in line for line in lines) == 1, (name, lines)
    assert len(lines) == 1 + len(left_out) + 4
    assert int((tmp_path / "most").read_text()) * (1 if sys.platform == "darwin" else 1024) < GIGABYTE


@pytest.mark.skipif(os.name == "nt" or not os.getuid(), reason="to root nothing is closed")
def test_a_file_that_may_not_be_read(tmp_path: Path):
    """Why it is skipped, and the others are learned."""
    for name in ("closed.txt", "open.txt"):
        (tmp_path / name).write_text(f"the {name} fox and the moon\n" * 50)
    (tmp_path / "closed.txt").chmod(0)
    found = survey(look_at([Source(tmp_path / name, name) for name in ("closed.txt", "open.txt")]), 0.1)
    assert found.skipped == {"closed.txt": "it can't be opened (Permission denied)"}
    assert found.parts(1)[0]
