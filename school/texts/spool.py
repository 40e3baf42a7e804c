"""Where the texts of a library wait until they are made into tokens: in memory the first of them, then in a file
without a name beside the tokens, which is gone when this is, whatever becomes of the process."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import BinaryIO

KEPT = 48 << 20  # bytes in memory, at most; all, where there is no folder or its disk is full

Place = tuple[int, int] | bytes  # in the file, or itself


class Spool:
    """Keeps bytes. ``folder``: where the file may be."""

    def __init__(self, folder: Path | None = None):
        self._folder, self._file, self._used = folder, None, 0

    def put(self, data: bytes) -> Place:
        if self._used + len(data) <= KEPT:
            self._used += len(data)
            return data
        with contextlib.suppress(OSError):
            file = self._open()
            if file:
                place = file.seek(0, 2)
                file.write(data)
                file.flush()
                return place, len(data)
        return data

    def get(self, place: Place) -> bytes:
        """Raises OSError."""
        if isinstance(place, bytes):
            return place
        self._file.seek(place[0])
        data = self._file.read(place[1])
        if len(data) < place[1]:
            raise OSError("the disk lost what was written a moment ago")
        return data

    def _open(self) -> BinaryIO | None:
        if self._file is None and self._folder and self._folder.is_dir():
            self._file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115 (it is closed with this)
        return self._file

    def __del__(self) -> None:
        if self._file:
            self._file.close()
