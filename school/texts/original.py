"""A file as a reader sees it, whether it lies on a disk or in an archive: its name, its bytes, its neighbours.

What is in an archive may be small and unpack to anything, so everything is counted against a budget as it is read.
"""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from school.office.files import Unfit, open_plain
from school.texts.encodings import Unreadable

LARGEST = 512 << 20  # bytes of a file that is read as a whole, and of all that is taken out of one archive
KEPT = 4  # files of an archive that stay unpacked
HEAD = 1 << 16  # bytes by which a kind is recognised

Opener = Callable[[], BinaryIO]


@dataclass(slots=True)
class Original:
    """``name``: its path, as far as it matters, with slashes. ``open`` gives a new stream of it, in which one can seek.
    ``neighbour`` finds a file by its path from the same folder."""

    name: str
    open: Opener
    neighbour: Callable[[str], Original | None] = field(default=lambda path: None, repr=False)
    column: str = ""  # of a table, the one that is to be read
    peek: Callable[[], bytes] | None = field(
        default=None, repr=False
    )  # a way to its first bytes, if there is a shorter
    _head: bytes | None = field(default=None, repr=False)

    @property
    def path(self) -> PurePosixPath:
        return PurePosixPath(self.name)

    @property
    def suffix(self) -> str:
        return self.path.suffix.lower()

    @property
    def head(self) -> bytes:
        """Its first bytes. Raises OSError, Unreadable."""
        if self._head is None and self.peek:
            self._head = self.peek()
        if self._head is None:
            with self.open() as stream:
                self._head = stream.read(HEAD)
        return self._head

    def raw(self) -> bytes:
        """All of it. Raises OSError, and Unreadable for what is larger than any text."""
        with self.open() as stream:
            data = stream.read(LARGEST + 1)
            if len(data) > LARGEST:
                raise too_large(stream.seek(0, io.SEEK_END))
        return data


def too_large(size: int) -> Unreadable:
    return Unreadable(f"too large: {size / 1e9:.1f} GB; texts have {LARGEST / 1e9:.1f} GB at most")


def of_bytes(name: str, raw: bytes) -> Original:
    return Original(name, lambda: io.BytesIO(raw))


def on_disk(path: Path, raw: bytes | None = None) -> Original:
    """A file in a folder; ``raw``: its bytes, if they are known."""

    def neighbour(other: str) -> Original | None:
        beside = Path(os.path.normpath(path.parent / other))
        return on_disk(beside) if beside.is_file() else None

    name = "/".join(path.parts[-4:])
    return Original(name, (lambda: io.BytesIO(raw)) if raw is not None else lambda: open_file(path), neighbour)


def open_file(path: Path) -> BinaryIO:
    """Raises OSError, or Unreadable for what is no file."""
    try:
        return open_plain(path)
    except Unfit:
        raise Unreadable("not a file") from None


class Archive:
    """What is in a zip. No more than LARGEST bytes are unpacked of all together."""

    def __init__(self, stream: BinaryIO, budget: list[int] | None = None):
        """``budget``: bytes that may still be unpacked, shared with the archive around. Raises Unreadable."""
        try:
            self._zip = zipfile.ZipFile(stream)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise Unreadable(f"it is damaged or cut short ({error})") from None
        self._budget = [LARGEST] if budget is None else budget
        self._last: dict[str, bytes] = {}  # what was unpacked last
        self._members = {member.filename: member for member in self._zip.infolist() if not member.is_dir()}

    @property
    def names(self) -> list[str]:
        return list(self._members)

    @property
    def spent(self) -> bool:
        """Whether more was to be unpacked than may be."""
        return self._budget[0] < 0

    def within(self, stream: BinaryIO) -> Archive:
        """An archive in this one."""
        return Archive(stream, self._budget)

    def member(self, name: str) -> Original | None:
        if name not in self._members:
            return None

        def neighbour(path: str) -> Original | None:
            return self.member(os.path.normpath(PurePosixPath(name).parent / path).replace(os.sep, "/"))

        return Original(name, lambda: io.BytesIO(self.read(name)), neighbour, peek=lambda: self._peek(name))

    def read(self, name: str) -> bytes:
        """Raises Unreadable, KeyError."""
        if name not in self._last:
            data = self._unpack(self._members[name])
            self._last = dict(list(self._last.items())[1 - KEPT :]) | {name: data}
        return self._last[name]

    def _peek(self, name: str) -> bytes:
        """Its beginning only: most of what lies in an export is of no use, and some of it is huge."""
        return self._last[name][:HEAD] if name in self._last else self._unpack(self._members[name], HEAD)

    def _unpack(self, member: zipfile.ZipInfo, most: int = LARGEST) -> bytes:
        name, left = PurePosixPath(member.filename).name, max(0, self._budget[0])
        if min(most, member.file_size) > left:  # no more is ever unpacked than it says that it has
            self._budget[0] = -1
            raise self._too_much()
        try:
            with self._zip.open(member) as stream:
                data = stream.read(min(most, left + 1))
        except (zipfile.BadZipFile, OSError, ValueError, EOFError, RuntimeError, NotImplementedError) as error:
            why = "it has a password" if member.flag_bits & 1 else f"{error}"
            raise Unreadable(f"{name} in it can't be unpacked ({why})") from None
        except Exception as error:  # zlib.error, lzma.LZMAError
            raise Unreadable(f"{name} in it can't be unpacked ({error})") from None
        self._budget[0] -= len(data)
        if self.spent:
            raise self._too_much()
        return data

    def _too_much(self) -> Unreadable:
        return Unreadable(f"it unpacks to more than {LARGEST / 1e9:.1f} GB")
