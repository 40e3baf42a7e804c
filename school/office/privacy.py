"""What is kept of a life is its owner's alone: folders and files that other users of the machine can't read.

What is made from now on is closed by the process's umask; what an earlier version, a copy or a restored backup left
open is closed at waking. Windows keeps its own rights, which a home inherits; there nothing is done here.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

OTHERS = 0o077  # the rights of a file's group and of everybody else
ROOMS = ("soul", "statistics", "secrets")  # all in them is ours; the library is the person's
SECRETS = (".env",)
README = "README.md"  # in each room of the program's own folder
OURS = frozenset({*ROOMS, *SECRETS, "library", "voice.toml", "words.txt", "names.txt", "cleaning.toml", "config.toml"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """How many folders and files others could read until now, and which they still can."""

    count: int
    open: list[Path]


def close_from_now_on() -> None:
    """What this process and its children make is for its owner alone."""
    if os.name != "nt":
        os.umask(OTHERS)


def close_home(home: Path, more: Iterable[Path] = ()) -> Closed:
    """Take everybody else's rights from what is ours in a home, and in ``more`` folders and files. The home itself is
    closed only if nothing else is in it: it may be the program's own folder, or one that is shared on purpose."""
    return _close([*([home] if _only_ours(home) else []), *_ours(home), *(part for one in more for part in _all(one))])


def closed_to_us(home: Path) -> Path | None:
    """The first of what is ours in a home that this user can't read and write, as after a wake by another. Raises
    OSError."""
    return next((path for path in _ours(home) if os.path.lexists(path) and not _usable(path)), None)


def _usable(path: Path) -> bool:
    search = os.X_OK if path.is_dir() else 0
    return path.is_symlink() or os.access(path, os.R_OK | os.W_OK | search)


def close(file: Path) -> bool:
    """Take everybody else's rights from a file that is there; False if they still have some afterwards."""
    return not _close([file]).open


def in_words(home: Path, closed: Closed) -> list[str]:
    """What a person is told about it; nothing where nothing was open."""
    lines = []
    if closed.count:
        one = closed.count == 1
        what, it = ("one folder or file", "it is") if one else (f"{closed.count:,} folders and files", "they are")
        lines.append(f"others on this machine could read {what} of {home}; now {it} yours alone.")
    if closed.open:
        more = f" and {len(closed.open) - 1:,} more" if len(closed.open) > 1 else ""
        lines.append(
            f"others on this machine can read {closed.open[0]}{more}, and that can't be changed from here: it is "
            "somebody else's, or on a disk that keeps no rights."
        )
    return lines


def _close(paths: Iterable[Path]) -> Closed:
    count, still = 0, []
    for path in paths:
        if not _is_open(path):
            continue
        try:
            path.chmod(stat.S_IMODE(path.stat().st_mode) & ~OTHERS)
        except FileNotFoundError:
            continue
        except OSError:
            pass  # somebody else's: it is seen below
        if _is_open(path):
            still.append(path)
        else:
            count += not _as_it_came(path)
    return Closed(count=count, open=still)


def _as_it_came(path: Path) -> bool:
    """Whether this is a room's own README, or a folder with nothing else in it that others could read (a wake's lock is
    closed as it is made): nobody who has just unpacked the program need be told of those."""
    try:
        if path.is_file():
            return path.name == README
        return all(entry.name == README or not _is_open(entry) for entry in path.iterdir())
    except OSError:  # closed to its owner as well
        return False


def _is_open(path: Path) -> bool:
    """Whether others have any right to what is there; links are judged by what they lead to, which is not ours."""
    try:
        found = path.lstat()
    except OSError:
        return False
    plain = stat.S_ISDIR(found.st_mode) or stat.S_ISREG(found.st_mode)
    return os.name != "nt" and plain and bool(found.st_mode & OTHERS)


def _only_ours(home: Path) -> bool:
    try:
        return {entry.name for entry in os.scandir(home)} <= OURS
    except OSError:
        return False


def _ours(home: Path) -> Iterator[Path]:
    for name in (*ROOMS, *SECRETS):
        yield from _all(home / name)


def _all(top: Path) -> Iterator[Path]:
    """A file, or a folder and all that is in it, each folder before what is in it, so that once it is closed nobody can
    put a link in the place of what follows. A room may be a link to another disk; nothing in it is followed."""
    top = Path(os.path.realpath(top)) if top.is_symlink() else top
    yield top
    for folder, folders, files in os.walk(top):
        yield from (Path(folder, name) for name in (*folders, *files))
