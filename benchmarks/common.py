"""What the measurements share: a home in a temporary folder with one text, and the machine's name in the result."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import torch

import wakeup
from school.assembly import Awake
from school.office.mistakes import Mistake
from school.screen.announcer import Screen

AS_IT_IS = ("cleaning.rules=[]", "cleaning.near_copies=false", "redaction.kinds=[]")


def run(main: Callable[[], None]) -> None:
    """Run a command's ``main``; a user's mistake is one line on standard error and exit status 2."""
    try:
        main()
    except Mistake as mistake:
        wakeup.whisper(f"babyLLM: {mistake}")
        sys.exit(2)


def parser(purpose: str) -> argparse.ArgumentParser:
    """The options that every measurement has."""
    options = wakeup.Parser(description=purpose)
    options.add_argument("--text", type=Path, help="the text to learn from (default: the starter shelf)")
    options.add_argument("--set", action="append", default=[], metavar="SECTION.KEY=VALUE", help="change a setting")
    options.add_argument("--json", action="store_true", help="print one JSON line")
    return options


@contextmanager
def home_with(text: Path | None) -> Iterator[Path]:
    """A new home whose library is ``text``, or the starter shelf."""
    with tempfile.TemporaryDirectory(prefix="baby-") as folder:
        library = Path(folder, "library")
        library.mkdir(mode=0o700)  # what others could read would be closed to them at the wake, and told
        if text:
            copy = library / f"{text.stem}.txt"
            try:
                copy.touch(mode=0o600)
                copy.write_bytes(text.read_bytes())
            except OSError as error:
                raise Mistake(f"--text {text}: can't be read ({error.strerror}).") from None
        yield Path(folder)


@contextmanager
def awake(
    options: argparse.Namespace,
    *more: str,
    prepare: Callable[[Path], object] = lambda home: None,
    screen: Screen | None = None,
) -> Iterator[tuple[Awake, Any]]:
    """A school put together just as ``wakeup.py`` does it, not yet started, and the settings. ``prepare`` is called
    with the home before; ``screen``, if any, is where lessons are shown. A text that was named is learned to the
    letter: bits per byte of a cleaned one could not be compared."""
    with home_with(options.text) as home, ExitStack() as closing:
        prepare(home)
        as_it_is = AS_IT_IS if options.text else ()
        arguments = [part for change in (*as_it_is, *options.set, *more) for part in ("--set", change)]
        given = wakeup.parse(["--home", str(home), *arguments])
        settings, _ = wakeup.read_options(given)
        yield wakeup.put_together(settings, home, given, closing, wakeup.whisper, screen=screen), settings


def report(result: dict[str, Any], as_json: bool) -> None:
    """Print a measurement with what it was measured on."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, cwd=wakeup.REPOSITORY
    )
    machine = {"commit": commit.stdout.strip(), "cores": os.cpu_count(), "processor": platform.machine()}
    machine |= {"torch": torch.__version__, "threads": torch.get_num_threads()}
    if as_json:
        print(json.dumps(result | machine))
        return
    for name, value in (result | machine).items():
        print(f"{name:>32}  {value}")
    sys.stdout.flush()


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least ``share`` of all do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-int(share * 1000) * len(ordered) // 1000) - 1))]
