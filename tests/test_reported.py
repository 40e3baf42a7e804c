"""What people reported, made here and tried by the command: each wakes a baby as they did."""

from __future__ import annotations

import json
import os
import random
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.test_wakeup import wakeup

FEW = ("--steps", "1", "--no-terminal")
WORDS = "fox moon river soup boat letter rain window bread garden stone night lamp cat road tea sister harbour"


@pytest.fixture
def woken(here) -> Callable[..., str]:
    """What it says of a wake of one step."""

    def wake(home: Path, *more: str) -> str:
        done = here(home, *FEW, *more)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return wake


@pytest.fixture
def listed(here) -> Callable[[Path], list[dict]]:
    return lambda home: json.loads(here(home, "library", "list", "--json").stdout)["texts"]


@contextmanager
def may_open(most: int) -> Iterator[None]:
    """As `ulimit -n` lets a process open files."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.skipif(os.name == "nt", reason="POSIX limits open files this way")
@pytest.mark.parametrize(("notes", "most"), [(124, 256), pytest.param(1500, 1024, marks=pytest.mark.trial)])
def test_more_notes_than_a_shell_lets_it_open(tmp_path: Path, here, listed, notes: int, most: int):
    """All are learned, it saves, and it answers."""
    shelf, rng, words = tmp_path / "library", random.Random(1), WORDS.split()
    shelf.mkdir()
    for i in range(notes):
        (shelf / f"{i}.md").write_text(f"Note {i}: {' '.join(rng.choices(words, k=12))}.\n")
    for command in (FEW, ["ask", "how are you?", "--json"]):
        with may_open(most):
            done = here(tmp_path, *command)
        assert done.returncode == 0, done.stderr
    assert "text" in json.loads(done.stdout)
    assert len(listed(tmp_path)) == notes
    assert len(list((tmp_path / "soul").glob("step-*"))) == 1


@pytest.mark.trial
def test_a_megabyte_of_japanese_in_one_line(tmp_path: Path, woken, listed):
    """Without a space or a full stop; it is born of it, and all of it is there."""
    (tmp_path / "library").mkdir()
    rng = random.Random(1)
    line = "".join(chr(0x3041 + min(rng.randrange(84), rng.randrange(84))) for _ in range(330_000))
    (tmp_path / "library" / "line.txt").write_text(line)
    woken(tmp_path)
    (text,) = listed(tmp_path)
    assert text["name"] == "line.txt"
    assert json.loads(wakeup(tmp_path, "library", "preview", str(tmp_path / "library" / "line.txt"), "--json").stdout)[
        "text"
    ].startswith(line[:1000])


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names are Unicode")
def test_a_name_that_is_no_text(tmp_path: Path, woken, listed):
    """It is shown with its bytes escaped, and every row of the record is written."""
    shelf = tmp_path / "library"
    shelf.mkdir()
    odd = Path(os.fsdecode(os.fsencode(shelf) + b"/caf\xe9.txt"))
    odd.write_text("today it rained and the cat slept. i made soup.\n" * 200)
    woken(tmp_path)
    assert [text["name"] for text in listed(tmp_path)] == ["caf\\xe9.txt"]
    told = wakeup(tmp_path, "stats", "sources", "--json")
    assert told.returncode == 0, told.stderr
    assert "caf\\\\xe9.txt" in told.stdout
    odd.rename(shelf / "plain.txt")
    assert "caf\\xe9.txt" in woken(tmp_path)


def test_a_home_within_the_notes(tmp_path: Path, here, woken):
    """What a home writes about itself is never learned."""
    notes, home = tmp_path / "notes", tmp_path / "notes" / "baby"
    notes.mkdir()
    (notes / "diary.md").write_text("today it rained and the cat slept. i made soup.\n" * 200)
    for _ in range(2):
        woken(home, "--library", str(notes))
        (home / "statistics" / "letters").mkdir(exist_ok=True)
        (home / "statistics" / "letters" / "one.md").write_text("Dear you, I am awake.\n" * 9)
        done = here(home, "--library", str(notes), "library", "list", "--json")
        assert [text["name"] for text in json.loads(done.stdout)["texts"]] == ["notes/diary.md"]


@pytest.mark.parametrize(
    ("name", "data", "text", "told"),
    [
        (
            "crash.txt",
            b"Today it rained. The cat slept.\n" * 9 + bytes(4096),
            "Today it rained. The cat slept.\n" * 9,
            "4,096 zeros left out",
        ),
        (
            "picture.md",
            b"Before.\n\n![a](data:image/png;base64," + b"iVBOR" * 120_000 + b")\n\nBehind.\n",
            "Before.\n\n\n\nBehind.\n",
            "1 inlined picture (600 kB) left out",
        ),
        ("notes.txt", rb"{\rtf1\ansi Dear diary\par it rained.}", "Dear diary\nit rained.", ""),
    ],
    ids=["zeros", "picture", "rtf"],
)
def test_files_that_are_not_what_they_seem(tmp_path: Path, here, name: str, data: bytes, text: str, told: str):
    """The words are kept, and what is left out is told."""
    (tmp_path / name).write_bytes(data)
    command = ("library", "preview", str(tmp_path / name))
    assert json.loads(here(tmp_path / "home", *command, "--json").stdout)["text"].split() == text.split()
    assert told in here(tmp_path / "home", *command).stderr
