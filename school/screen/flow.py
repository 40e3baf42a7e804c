"""An answer as it grows: printed word by word, long lines broken between words."""

from __future__ import annotations

import re
import shutil
from typing import TextIO

from rich.cells import cell_len

from school.office.foreign import visible
from school.screen.calligraphist import for_screen


class Flow:
    """``begin`` it with what stands before the answer, ``feed`` it with pieces, ``end`` the line. Where no terminal is
    at the other end, nothing is broken."""

    def __init__(self, stream: TextIO, width: int | None = None):
        self._stream = stream
        self._width = width or (shutil.get_terminal_size().columns if stream.isatty() else None)
        self._column, self._waiting, self._began = 0, "", False

    def begin(self, before: str = "") -> None:
        self._put(before)
        self._began = False

    def feed(self, piece: str) -> None:
        """Raises OSError."""
        self._waiting += visible(for_screen(piece))
        *words, self._waiting = re.split(r"(?<=\S)(?=\s)", self._waiting)  # white space stays with the word behind it
        for word in words:
            self._word(word)

    def end(self) -> None:
        self._word(self._waiting.rstrip())
        self._waiting = ""
        self._stream.write("\n")
        self._stream.flush()
        self._column = 0

    def _word(self, word: str) -> None:
        if not self._began:
            word = word.lstrip()
            self._began = bool(word)
        last = word.rpartition("\n")[2] if "\n" in word else word
        if "\n" in word:
            self._put(word[: len(word) - len(last)])
            self._column = 0
        elif self._width and self._column and self._column + cell_len(last) > self._width:
            last = "\n" + last.lstrip()
            self._column = 0
            self._column = 0
        self._put(last)

    def _put(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
        self._column += cell_len(text.removeprefix("\n"))
