"""Files that hold a state: the one way to write them, and the one way to read them. No torch here.

A file is written whole or not at all, for its owner's eyes only, and is on the disk when the call returns. What can't
be understood is set aside under a name that says so; what can't be read just now (a disk that fails, somebody else's
file) stays where it is, for an error in reading is not damage.
"""

from __future__ import annotations

import contextlib
import errno
import json
import logging
import os
import shutil
import stat
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

UNFINISHED = ".unfinished-"  # how the names of what is not whole yet begin
DAMAGED = ".damaged-"  # in the name of what was set aside; the time follows
STATE_BYTES = 64 << 20  # of the largest state file that is believed
NOT_AS_WRITTEN = {errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.ENAMETOOLONG}

Opener = Callable[[Path], BinaryIO]
T = TypeVar("T")

log = logging.getLogger(__name__)


class Unfit(ValueError):
    """What stands under a file's name is no file that could be one of ours; the message says why."""


# ---- writing -------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A stream whose content takes the place of ``path`` (and of a link there) once the block ends well. Mode 0600.
    Raises OSError; then what was there before stays."""
    handle, name = tempfile.mkstemp(prefix=f"{UNFINISHED}{path.name}-", dir=path.parent)  # made with mode 0600
    unfinished = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        unfinished.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            unfinished.unlink()
        raise
    sync(path.parent)


@contextlib.contextmanager
def making_folder(path: Path) -> Iterator[Path]:
    """A new folder, for its owner's eyes only, that is at ``path``, where nothing may be, once the block ends well.
    Raises OSError; then nothing is there."""
    unfinished = Path(tempfile.mkdtemp(prefix=f"{UNFINISHED}{path.name}-", dir=path.parent))
    try:
        yield unfinished
        for file in (*unfinished.iterdir(), unfinished):
            sync(file)
        unfinished.rename(path)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    sync(path.parent)


def write_whole(path: Path, data: bytes | str) -> None:
    """Raises OSError; then what was there before stays."""
    with replacing(path) as stream:
        stream.write(data.encode() if isinstance(data, str) else data)


def write_state(path: Path, value: Any) -> None:
    """A value as JSON. Raises OSError; then what was there before stays."""
    write_whole(path, json.dumps(value, indent=1) + "\n")


def make_folder(folder: Path) -> None:
    """Make a folder that the program keeps things in; what is in its way is set aside. Raises OSError."""
    if not folder.is_dir() and os.path.lexists(folder):
        log.warning("%s is no folder; it was set aside as %s.", folder, set_aside(folder).name)
    folder.mkdir(parents=True, exist_ok=True)


def make_way(path: Path) -> None:
    """Set aside what stands in the way of a file that the program writes: a folder, a pipe, a link to nowhere.
    Raises OSError."""
    if os.path.lexists(path) and not (path.is_file() or path.is_char_device()):  # /dev/null is somebody's wish
        log.warning("%s is no file; it was set aside as %s.", path, set_aside(path).name)


def sync(path: Path) -> None:
    """Wait until a file or folder is on the disk (Windows can't open folders)."""
    if path.is_dir() and os.name == "nt":
        return
    handle = os.open(path, os.O_RDONLY if path.is_dir() or os.name != "nt" else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def clear_unfinished(folder: Path) -> None:
    """Delete what was being written in a folder when a life ended. Only for whom the folder belongs to."""
    for leftover in folder.glob(f"{UNFINISHED}*"):
        if leftover.is_dir() and not leftover.is_symlink():
            shutil.rmtree(leftover, ignore_errors=True)
        else:
            with contextlib.suppress(OSError):
                leftover.unlink()


# ---- reading -------------------------------------------------------------------------------------------------------


def open_plain(path: Path) -> BinaryIO:
    """Open a file to read it; a device or a pipe would hang or worse. Raises Unfit for those, and OSError."""
    _check_plain(path.stat())
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    stream = os.fdopen(handle, "rb")
    try:
        _check_plain(os.fstat(handle))  # that there was another one a moment ago says nothing
    except Unfit:
        stream.close()
        raise
    return stream


def read_whole(path: Path, limit: int = STATE_BYTES, opener: Opener = open_plain) -> bytes:
    """All of a file of at most ``limit`` bytes. Raises Unfit for anything else, and OSError."""
    with opener(path) as stream:
        data = stream.read(limit + 1)
    if len(data) > limit:
        raise Unfit(f"it is longer than {limit:,} bytes")
    return data


def read_state(path: Path, kind: Any, missing: T, *, opener: Opener = open_plain) -> T:
    """The value in a state file, as the type ``kind``, or ``missing`` where there is none. One that can't be understood
    is set aside and told in one line, and counts as missing. Raises OSError where it can't be read just now."""
    from pydantic import TypeAdapter, ValidationError  # late: who only writes, or reads TOML, must not wait for it

    try:
        return TypeAdapter(kind).validate_json(read_whole(path, opener=opener), strict=True)
    except FileNotFoundError:
        return missing
    except OSError as error:
        if not is_damage(error):
            raise
        why = error.strerror
    except ValidationError as error:
        why = error.errors()[0]["msg"]
    except ValueError as error:
        why = str(error)
    log.warning("%s can't be understood (%s); it was set aside as %s.", path, why, set_aside(path).name)
    return missing


def parse_json(text: str | bytes) -> Any:
    """What JSON says. Raises ValueError, for anything that is none."""
    try:
        return json.loads(text.decode("utf-8") if isinstance(text, bytes) else text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except UnicodeDecodeError as error:
        raise ValueError(f"it is not UTF-8 at byte {error.start}") from None


def parse_toml(text: str) -> dict[str, Any]:
    """What TOML says. Raises ValueError, for anything that is none."""
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def set_aside(path: Path) -> Path:
    """Rename what is no use under its name, which is free then; returns where it is. Raises OSError."""
    aside = path.with_name(f"{path.name}{DAMAGED}{time.time_ns()}")
    path.rename(aside)
    return aside


def is_damage(error: OSError) -> bool:
    """Whether what was written is not there any more; else it only can't be read just now."""
    return error.errno in NOT_AS_WRITTEN


def _check_plain(found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise Unfit("it is no file" if stat.S_ISDIR(found.st_mode) else "it is a pipe or a device, no file")
