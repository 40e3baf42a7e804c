"""What each file was like when it was read last, so that a wake reads only what has changed since.

The idea is that of git's index: a file with the size, the times and the number it had is the same, unless it was
written to in the very moment in which it was read; so a stamp counts only once its file was left alone for a while.
"""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

from school.office.files import read_state, write_state

NAME = "library.stamps"
SETTLED_NS = 2 * 10**9  # clocks of disks are coarser than ours

Stamp = tuple[int, int, int, int]  # bytes; when it was written and when anything of it was changed, in ns; its number
Stamps = dict[str, tuple[Stamp, str, str]]  # by a text's name: its stamp, its SHA-256, and its kind as ``Format.key``


def stamp_of(path: Path) -> Stamp | None:
    """None for what isn't there, or was changed a moment ago."""
    try:
        found = path.stat()
    except OSError:
        return None
    if max(found.st_mtime_ns, found.st_ctime_ns) > time.time_ns() - SETTLED_NS:
        return None
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino


def read_stamps(folder: Path) -> Stamps:
    """Those of the last wake; none where nobody knows."""
    try:
        found = read_state(folder / NAME, dict[str, tuple[Stamp, str, str] | tuple[Stamp, str]], {})
        return {name: one for name, one in found.items() if len(one) == 3}  # earlier versions noted no kind
    except OSError:
        return {}


def keep_stamps(folder: Path, stamps: Stamps) -> None:
    """For the next wake, which reads everything again where they can't be kept."""
    with contextlib.suppress(OSError):
        write_state(folder / NAME, stamps)
