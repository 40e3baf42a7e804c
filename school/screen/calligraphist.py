"""The calligraphist: how text and figures are written for a terminal. Showing is apart from knowing."""

from __future__ import annotations

import os
import shutil
import textwrap
import unicodedata
from typing import TextIO

from rich.cells import cell_len

from school.office.foreign import Painted, emit, visible


def for_screen(text: str) -> str:
    """Text that can't command the terminal: control characters out, tabs and line ends kept."""
    return "".join(
        c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
    )


def show(text: str, stream: TextIO) -> None:
    """Print it, in a terminal with long lines broken. Whoever looked may be gone; whoever has something to say goes
    on."""
    try:
        if stream and stream.isatty() and not isinstance(text, Painted):
            text = wrapped(visible(text), shutil.get_terminal_size().columns)
        emit(text, stream)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def wrapped(text: str, width: int) -> str:
    """Text with its long lines broken between words, each further piece under the first one's indent."""
    return "\n".join(_wrapped(line, width) for line in text.split("\n"))


def _wrapped(line: str, width: int) -> str:
    if cell_len(line) <= width:
        return line
    indent = " " * (len(line) - len(line.lstrip(" ")))
    pieces = textwrap.wrap(
        line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False, expand_tabs=False
    )
    return "\n".join(pieces)


def figure(value: float | None, digits: int = 3) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def count(value: float) -> str:
    """A large number in a few characters: 950, 5.2k, 31k, 4.5M."""
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if value >= size:
            scaled = value / size
            return f"{scaled:.0f}{unit}" if scaled >= 10 else f"{scaled:.1f}{unit}"
    return f"{value:.0f}"


def number_of(value: int, thing: str) -> str:
    """1 text, 2 texts."""
    return f"{value:,} {thing}" if value == 1 else f"{value:,} {thing}s"


def hex_color(color: tuple[float, float, float]) -> str:
    return "#" + "".join(f"{round(255 * min(1, max(0, channel))):02x}" for channel in color)
