"""Commands of wakeup.py, run in the process of the tests: that spares loading torch once more, which takes as long as
ten short lives. What is about processes themselves starts real ones (tests/test_wakeup.py)."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import TextIO

import pytest

from wakeup import BEDTIME, main

SMALL = [
    "--set", "brain.preset=newborn", "--set", "lessons.streams=2", "--set", "lessons.block_tokens=32",
    "--set", "lessons.micro_streams=2", "--set", "machine.threads=1", "--set", "speech.max_tokens=6",
    "--set", "lessons.evaluation_steps=5",
]  # fmt: skip


@contextmanager
def undone() -> Iterator[None]:
    """What a command does to its process ends with the block."""
    handlers = {number: signal.getsignal(number) for number in BEDTIME}
    hooks, mask, stdin = (sys.excepthook, threading.excepthook), os.umask(0o022), sys.stdin
    os.umask(mask)
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        sys.excepthook, threading.excepthook = hooks
        sys.stdin = stdin
        os.umask(mask)


@pytest.fixture
def here(capfd):
    """Run a command; returns what a process would."""

    def run(home: Path, *arguments: str, settings: Sequence[str] = SMALL, stdin: str = "") -> SimpleNamespace:
        capfd.readouterr()
        with undone(), lines_to_read(stdin) as sys.stdin:
            try:
                status = main(["--home", str(home), *settings, *arguments])
            except SystemExit as leaving:
                status = leaving.code
        out, err = capfd.readouterr()
        return SimpleNamespace(returncode=status, stdout=out, stderr=err)

    return run


@contextmanager
def lines_to_read(text: str) -> Iterator[TextIO]:
    """A pipe's end with a text in it, and nothing behind."""
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as pipe:
        pipe.write(text)
    with os.fdopen(reading) as stream:
        yield stream
