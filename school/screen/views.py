"""Views of the lessons: a turn of them as lines of text for a width. Pure: values in, lines out; nothing is printed.

A turn is what is shown at once: the figures of its last step, judged by their own history, and how it felt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from io import StringIO
from typing import TYPE_CHECKING, Literal

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from school.door.values import GREY
from school.office.foreign import Painted
from school.office.stopwatch import Minute
from school.screen.bands import Figure
from school.screen.calligraphist import for_screen, hex_color

if TYPE_CHECKING:
    from brain.gauges import Gauge
    from school.door.events import Glimpse

View = Literal["full", "compact", "plain", "off"]
VIEWS: tuple[View, ...] = ("full", "compact", "plain", "off")
CHANNELS = (("red", "#ff5f5f"), ("green", "#5fd75f"), ("blue", "#5f9fff"))
LABEL = 10  # cells of the names at the left
EIGHTHS = " ▏▎▍▌▋▊▉█"
HEIGHTS = "▁▂▃▄▅▆▇█"
RECORD, WORST = "bold #ffd700", "bold #ff3b30"
HIT, MISS, QUIET = "bold #5fd75f", "#e8a05b", "dim"
SILENT = "◆"  # a token that is a mark, not text


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """All that a view can show. ``figures`` by name; those that are missing are not shown."""

    step: int
    figures: dict[str, Figure] = field(default_factory=dict)
    losses: Sequence[float] = ()  # of the last steps
    color: tuple[float, float, float] = GREY
    expected: tuple[float, float, float] = GREY
    mood: str = ""
    gauges: tuple[Gauge, ...] = ()
    glimpse: Glimpse | None = None
    minute: Minute | None = None


def compact(turn: Turn, width: int) -> list[Text]:
    """The figures that tell most, as many as fit on a line, above the colour it expected and the one it had."""
    line = Text(f"step {turn.step:,}", style="bold")
    pieces = [
        _figure(turn, name) for name in ("loss", "held-out", "tokens/s", "right", "bits/byte") if name in turn.figures
    ]
    curve = Text(sparkline(turn.losses, 12), style=QUIET)
    if pieces and curve.plain:
        pieces[0].append_text(Text(" ")).append_text(curve)
    if turn.mood:
        pieces.insert(1, Text(for_screen(turn.mood), style="italic"))
    for piece in pieces:
        if line.cell_len + 3 + piece.cell_len <= width:
            line.append(" · ", style=QUIET).append_text(piece)
    return [line, *colour_bars(turn, width)]


def full(turn: Turn, width: int) -> list[Text]:
    """Everything, in groups."""
    head = Text(f"── step {turn.step:,} ", style="bold")
    tail = f" {for_screen(turn.mood)} ──" if turn.mood else "──"
    head.append("─" * max(0, width - head.cell_len - cell_len(tail)), style=QUIET).append(tail, style="italic")
    lines = [_cut(head, width)]
    curve = sparkline(turn.losses, max(0, min(60, width - LABEL)))
    lines += _row("lesson", [_figure(turn, name) for name in LESSON if name in turn.figures], width)
    if curve:
        lines += _row("course", [Text(curve)], width)
    lines += _row("exam", [_figure(turn, name) for name in EXAM if name in turn.figures], width)
    lines += _row("windows", _windows(turn), width)
    for index in sorted(_memories(turn)):
        lines += _row(f"memory{index}", _memory(turn, index), width)
    lines += _row("blend", _blend(turn), width)
    for kind in dict.fromkeys(gauge.kind for gauge in turn.gauges if gauge.index and gauge.kind not in KNOWN):
        lines += _row(f"{kind}s", _numbered(turn, kind), width)
    lines += _row("time", _time(turn.minute), width)
    lines += colour_bars(turn, width)
    if turn.glimpse:
        lines += glimpsed(turn.glimpse, width)
    return lines


KNOWN = ("window", "memory", "blend")  # gauges with a form of their own
LESSON = ("loss", "bits/byte", "right", "misjudged", "norm", "tokens/s", "ms/step", "reviews")
EXAM = ("held-out", "best", "temperature", "penalty", "rate", "of full rate")


def plain(turn: Turn) -> str:
    """One line for pipes and logs: words and figures only."""
    shown = [f"step {turn.step:,}"]
    for name in ("loss", "held-out", "tokens/s"):
        if name in turn.figures:
            shown.append(_in_words(name, turn.figures[name]))
    felt, foreseen = ("/".join(f"{channel:.2f}" for channel in color) for color in (turn.color, turn.expected))
    shown.append(f"colour {felt} (it expected {foreseen})")
    if turn.mood:
        shown.append(for_screen(turn.mood))
    return " · ".join(shown)


def _in_words(name: str, figure: Figure) -> str:
    remarks = [f"{name} ever {text}" for name, text in (("best", figure.best), ("worst", figure.worst)) if text]
    remark = f" ({', '.join(remarks)})" if remarks else ""
    return (f"{figure.text} tokens/s" if name == "tokens/s" else f"{name} {figure.text}") + remark


# ---- the parts of a view -------------------------------------------------------------------------------------------


def colour_bars(turn: Turn, width: int) -> list[Text]:
    """Two lines: the colour it expected, and the true one, each as a block of it and a bar for each channel."""
    return [_colour_bar("expected", turn.expected, width), _colour_bar("true", turn.color, width)]


def _colour_bar(name: str, color: tuple[float, float, float], width: int) -> Text:
    line = Text(f"{name:>{LABEL - 1}} ", style=QUIET)
    line.append("    ", style=f"on {hex_color(color)}")
    room = max(3, (width - LABEL - 4) // 3 - 7)
    for (channel, style), value in zip(CHANNELS, color, strict=True):
        line.append(f" {channel[0]} ", style=QUIET).append(bar(value, room), style=style).append(f"{value:4.2f}")
    return _cut(line, width)


def bar(value: float, cells: int) -> str:
    """A share in [0, 1] as a bar, in eighths of a cell, filled up with spaces."""
    value = value if value == value else 0.0  # not a number
    eighths = round(8 * cells * min(1.0, max(0.0, value)))
    whole, rest = divmod(eighths, 8)
    return ("█" * whole + (EIGHTHS[rest] if rest else "")).ljust(cells)


def sparkline(values: Sequence[float], cells: int) -> str:
    """The course of some values in at most so many cells, each the mean of its part; nothing for less than two."""
    cells = min(cells, len(values))
    if cells < 2:
        return ""
    edges = [i * len(values) // cells for i in range(cells + 1)]
    means = [sum(values[a:b]) / (b - a) for a, b in zip(edges, edges[1:], strict=False)]
    low, high = min(means), max(means)
    return "".join(HEIGHTS[int(7.999 * (mean - low) / (high - low)) if high > low else 3] for mean in means)


def glimpsed(glimpse: Glimpse, width: int) -> list[Text]:
    """The truth, token by token, above the best guesses; a hit is underlined, a miss says what was guessed."""
    lines, truth, guess = [], _label("truth"), _label("guess")
    for target, guessed, hit in zip(glimpse.targets, glimpse.guesses, glimpse.hits, strict=True):
        target, guessed = visible(target), visible(guessed)
        cells = max(cell_len(target), cell_len(guessed))
        if truth.cell_len + cells + 1 > width and truth.cell_len > LABEL:
            lines += [truth, guess]
            truth, guess = _label(""), _label("")
        truth.append(_padded(target, cells), style=HIT if hit else "").append("│", style=QUIET)
        guess.append("═" * cells if hit else _padded(guessed, cells), style=HIT if hit else MISS).append(
            "│", style=QUIET
        )
    caption = _label("").append(f"{sum(glimpse.hits)} of {len(glimpse.hits)} guessed", style=QUIET)
    return [_cut(line, width) for line in (*lines, truth, guess, caption)]


def visible(token: str) -> str:
    """A token on one line: line ends and tabs as signs, nothing that commands the terminal."""
    return for_screen(token.replace("\n", "⏎").replace("\t", "⇥")) or SILENT


def _padded(text: str, cells: int) -> str:
    return text + " " * (cells - cell_len(text))


def _label(name: str) -> Text:
    return Text(f"{name:>{LABEL - 1}} ", style=QUIET)


def _figure(turn: Turn, name: str) -> Text:
    figure = turn.figures[name]
    first, second = (figure.text, " " + name) if name in ("tokens/s", "ms/step") else (name + " ", figure.text)
    styles = (figure.band.style, QUIET) if name in ("tokens/s", "ms/step") else (QUIET, figure.band.style)
    shown = Text.assemble((first, styles[0]), (second, styles[1]))
    if figure.best:
        shown.append(f" ★{figure.best}", style=RECORD)
    if figure.worst:
        shown.append(f" ▼{figure.worst}", style=WORST)
    return shown


def _row(name: str, cells: list[Text], width: int) -> list[Text]:
    """Cells behind a name, on as many lines as they need; none without cells."""
    lines, line = [], _label(name)
    for cell in cells:
        if line.cell_len + cell.cell_len > width and line.cell_len > LABEL:
            lines.append(line)
            line = _label("")
        line.append_text(cell).append("  ")
    return [_cut(line, width) for line in (*lines, line) if line.cell_len > LABEL]


def _shares(turn: Turn) -> tuple[Gauge, ...]:
    return turn.glimpse.shares if turn.glimpse else ()


def _windows(turn: Turn) -> list[Text]:
    """Each window's size in tokens and its weight in the mix, where that was looked at."""
    weights = {gauge.index: gauge.value for gauge in _shares(turn) if gauge.kind == "window"}
    cells = []
    for gauge in turn.gauges:
        if gauge.kind == "window":
            cells.append(Text(f"{gauge.value:.1f}"))
            if gauge.index in weights:
                cells[-1].append(f" {_percent(weights[gauge.index])}", style=QUIET)
    return cells


def _memories(turn: Turn) -> set[int]:
    return {gauge.index for gauge in (*turn.gauges, *_shares(turn)) if gauge.kind == "memory" and gauge.index}


def _memory(turn: Turn, index: int) -> list[Text]:
    """The share of each of its sources in what it passes on, and what its averages keep of themselves per token."""
    kept, shares = (
        {gauge.part: gauge.value for gauge in gauges if (gauge.kind, gauge.index) == ("memory", index)}
        for gauges in (turn.gauges, _shares(turn))
    )
    cells = []
    for source in dict.fromkeys((*kept, *shares)):
        cell = Text(source, style=QUIET)
        if source in shares:
            cell.append(f" {_percent(shares[source])}", style="bold")
        if source in kept:
            cell.append(f" keeps {kept[source]:.3f}", style=QUIET)
        cells.append(cell)
    return cells


def _blend(turn: Turn) -> list[Text]:
    blended = [gauge for gauge in turn.gauges if gauge.kind == "blend"]
    return [Text.assemble((f"{gauge.part} ", QUIET), _percent(gauge.value)) for gauge in blended]


def _numbered(turn: Turn, kind: str) -> list[Text]:
    """What else a species tunes, by its number and name."""
    of_kind = [gauge for gauge in turn.gauges if gauge.kind == kind]
    labels = [f"{gauge.index} {gauge.part}".strip().replace("_", " ") for gauge in of_kind]
    return [Text.assemble((f"{label} ", QUIET), f"{g.value:.4f}") for label, g in zip(labels, of_kind, strict=True)]


def _time(minute: Minute | None) -> list[Text]:
    if minute is None or not minute.seconds:
        return []
    parts = sorted(minute.parts.items(), key=lambda part: -part[1])
    return [
        Text.assemble((name + " ", QUIET), _percent(seconds / minute.seconds))
        for name, seconds in parts
        if seconds >= 0.01 * minute.seconds
    ]


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _cut(line: Text, width: int) -> Text:
    line = line.copy()
    line.rstrip()
    line.truncate(width, overflow="ellipsis")
    return line


# ---- on paper ------------------------------------------------------------------------------------------------------


def painted(lines: Sequence[Text], width: int, *, colours: str | None) -> str:
    """The lines as one text; ``colours`` as rich calls them ("truecolor", "256", "standard"), or None for none."""
    if colours is None:
        return "\n".join(line.plain for line in lines)
    paper = StringIO()
    console = Console(
        file=paper, width=width, force_terminal=True, color_system=colours, no_color=False, highlight=False
    )
    for line in lines:
        console.print(line, soft_wrap=True)
    return Painted(paper.getvalue().rstrip("\n"))
