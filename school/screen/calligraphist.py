"""The calligraphist: everything that is shown in a terminal, as text. Showing is apart from knowing."""

from __future__ import annotations

import os
import shutil
import textwrap
import unicodedata
from typing import TextIO

from rich.cells import cell_len

from brain.gauges import by_name
from school.door.values import Snapshot
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


def facts(now: Snapshot) -> list[str]:
    """The figures of the toolbar, the most telling first."""
    speed = "-" if now.tokens_per_second is None else count(now.tokens_per_second)
    state = "" if now.learning else " (paused)" if now.paused else " (not learning)"
    return [
        f"step {now.step:,}{state}",
        f"loss {figure(now.loss)}",
        f"held-out {figure(now.held_out_bits_per_byte)} bits/byte",
        f"{speed} tokens/s",
        *([now.mood] if now.mood else []),
    ]


def fitting_facts(now: Snapshot, width: int) -> list[str]:
    """As ``facts``, without those that tell least where they would not fit: the speed, the loss, the mood."""
    shown = facts(now)
    for dispensable in ("tokens/s", "loss ", now.mood, "held-out "):
        if cell_len(" · ".join(shown)) > width and dispensable:
            shown = [fact for fact in shown if dispensable not in fact or fact.startswith("step ")]
    return shown


def status_lines(now: Snapshot) -> list[str]:
    """The whole state, for /status."""
    best = "" if now.best_bits_per_byte is None else f" (best {figure(now.best_bits_per_byte)})"
    (red, green, blue), foreseen = ([f"{channel:.2f}" for channel in color] for color in (now.color, now.expected))
    windows = ", ".join(f"{gauge.value:.1f}" for gauge in now.gauges if gauge.kind == "window")
    penalty = by_name(now.gauges).get("repetition_penalty", 0.0)
    tuned = f"temperature {now.temperature:.2f}, repetition penalty {penalty:.2f}"
    lines = [
        " · ".join(fact + best if fact.startswith("held-out ") else fact for fact in facts(now)),
        f"self-state: red {red} (skill, energy), green {green} (stirred up), blue {blue} (calm)"
        + f"; it expected {', '.join(foreseen)}"
        + (f". Mood: {now.mood}" if now.mood else ""),
        f"brain: {count(now.parameters)} parameters, {count(now.tokens_seen)} tokens read in its life",
        f"library: {number_of(now.texts, 'text')}, {count(now.library_tokens)} tokens; "
        f"{number_of(now.pairs, 'taught pair')} coming back",
        f"it tuned itself to: {tuned}" + (f", windows of {windows} tokens" if windows else ""),
        f"soul saved at step {now.saved_step:,}" if now.saved_step is not None else "soul not saved yet",
    ]
    if now.rate_scale < 0.1:
        lines.append("it knows its library as well as it can; it learns little from it until something new is there")
    if now.skipped_steps:
        skipped = number_of(now.skipped_steps, "step")
        lines.append(f"{skipped} taught nothing, because the loss was not finite")
    if now.unwritten > 1000:
        lines.append(f"{now.unwritten:,} rows of the record wait for the disk")
    return lines
