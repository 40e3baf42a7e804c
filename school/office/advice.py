"""Advice that works as it is written: commands as they can be typed here, in the same home and with the same settings.

What was given on the command line is remembered once, for the sentence that needs it may be far from there.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

PROGRAM = Path(__file__).resolve().parent.parent.parent / "wakeup.py"

_given: list[str] = []  # the options that say whose home and which settings


def go_on_with(home: Path | None, config: Path | None, libraries: Sequence[Path], settings: Sequence[str]) -> None:
    """Let all commands from now on name these, too: the home where it is not the program's own folder."""
    _given.clear()
    if home is not None and home.resolve() != PROGRAM.parent:
        _given.extend(["--home", str(home)])
    _given.extend(["--config", str(config)] if config else [])
    for folder in libraries:
        _given.extend(["--library", str(folder)])
    for setting in settings:
        _given.extend(["--set", setting])


def command(words: str = "", more: Iterable[str] = ()) -> str:
    """``words`` ("twitch login"; none: waking it) as a line for a shell, with ``more`` settings than were given. Its
    interpreter is the one that runs this."""
    here = [_short(Path(sys.executable or "python3")), _short(PROGRAM)]
    return shlex.join([*here, *words.split(), *_given, *(part for one in more for part in ("--set", one))])


def _short(path: Path) -> str:
    """From the folder in which it is typed, where it is below that."""
    try:
        return str(path.relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(path)
