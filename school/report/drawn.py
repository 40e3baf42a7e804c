"""The parts of the page that are drawn: what it knows, how it felt, what it looks back at, how fast it learns.

Each takes the figures and returns HTML, or "" where there is nothing to draw.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from brain.gauges import from_names
from school.report.html import bits, few, folded, key, table, tokens, whole
from school.report.scales import Scale
from school.report.svg import Line, Widths, axis, plot, ribbon, river
from school.screen.calligraphist import count, hex_color

MARKS = 5  # of an axis
RIVER = 60  # points of a bank
CHANNELS = {"red": "skill and energy", "green": "being stirred up", "blue": "calm"}
Figures = dict[str, Any]


def steps(told: Figures) -> Scale:
    """The axis that all pictures share."""
    at = [row["step"] for name in ("lessons", "examinations") for row in told[name]]
    return Scale(min(at), max(at))


def moments(told: Figures, x: Scale) -> list[tuple[float, str, str]]:
    """Where the axis is marked: the step, and the day on which it was, or the time of it in a life of two days."""
    rows = told["lessons"] or told["examinations"]
    marks = MARKS if x.high > x.low else 1
    found, written = [], day if _days_apart(rows[0]["at"], rows[-1]["at"]) >= 2 else clock
    for n in range(marks):
        share = n / max(1, marks - 1)
        step = x.low + share * (x.high - x.low)
        nearest = min(rows, key=lambda row: abs(row["step"] - step))
        found.append((share, f"step {count(step)}", written(nearest["at"])))
    return found


def day(at: str) -> str:
    return f"{datetime.fromisoformat(at):%d %b %Y}".lstrip("0")


def clock(at: str) -> str:
    return f"{datetime.fromisoformat(at):%a %H:%M}"


def _days_apart(first: str, last: str) -> float:
    return (datetime.fromisoformat(last) - datetime.fromisoformat(first)).total_seconds() / 86_400


def points(rows: Sequence[dict[str, Any]], name: str) -> list[tuple[float, float]]:
    return [(row["step"], row[name]) for row in rows if row.get(name) is not None and math.isfinite(row[name])]


def knowing(told: Figures) -> str:
    taught, examined = points(told["lessons"], "bits_per_byte"), points(told["examinations"], "held_out")
    lines = [Line("lessons", "soft", taught), Line("never taught", "strong", examined)]
    lines = [line for line in lines if line.points]
    if not lines:
        return ""
    x = steps(told)
    said = " ".join(
        f"{line.name.capitalize()}: from {bits(line.points[0][1])} to {bits(line.points[-1][1])}." for line in lines
    )
    drawn = plot("Bits per byte over its life", said, lines, x, moments(told, x))
    rows = [(whole(r["step"]), day(r["at"]), bits(r["held_out"])) for r in few(told["examinations"])]
    entries = [("soft", "in its lessons"), ("strong", "on texts that it was never taught")]
    return (
        key(*entries) + f"<figure>{drawn}</figure>"
        + folded("as a table", table("Examinations", ("step", "day", "bits per byte"), rows, (1,)))
    )  # fmt: skip


def feeling(told: Figures) -> str:
    colors = [(row["step"], [row[channel] for channel in CHANNELS]) for row in told["colors"]]
    if len(colors) < 2:
        return ""
    x, rows = Scale(colors[0][0], colors[-1][0]), calmed(colors)
    first, last = rows[0][1], rows[-1][1]
    said = "; ".join(f"{c} from {a:.2f} to {b:.2f}" for c, a, b in zip(CHANNELS, first, last, strict=True))
    flow = river("Mood river", f"How wide red, green and blue were over its life: {said}.", rows, x, CHANNELS)
    band = ribbon("Its colour over its life", f"From {hex_color(first)} to {hex_color(last)}.", rows, x, "colours")
    cells = [(whole(r["step"]), day(r["at"]), *(f"{r[c]:.2f}" for c in CHANNELS)) for r in few(told["colors"])]
    entries = [(f"band {channel}", f"{channel}: {meaning}") for channel, meaning in CHANNELS.items()]
    return (
        f'{key(*entries)}<figure><div class="plot bare"><div class="frame">{flow}</div><div class="ribbon">{band}</div>'
        f"{axis(moments(told, x))}</div></figure>"
        + folded("as a table", table("Self-state", ("step", "day", *CHANNELS), cells, (1,)))
    )  # fmt: skip


def calmed(rows: Sequence[Widths]) -> list[Widths]:
    """At most RIVER of them, each the mean of some neighbours, so that what flickers from step to step flows; from the
    first step to the last."""
    size = math.ceil(len(rows) / RIVER)
    groups = [rows[n : n + size] for n in range(0, len(rows), size)]
    found = []
    for group in groups:
        bands = zip(*(widths for _, widths in group), strict=True)
        found.append((sum(at for at, _ in group) / len(group), [sum(band) / len(group) for band in bands]))
    return [(rows[0][0], found[0][1]), *found[1:-1], (rows[-1][0], found[-1][1])]


def looking_back(told: Figures) -> str:
    """Windows, and how far its memories reach: one that keeps the share k of itself from token to token averages over
    1 / (1 - k) tokens."""
    windows, memories = [], []
    for gauge in from_names(dict.fromkeys(told["tuned"], 0.0)):
        curve = [(step, value) for step, _, value in told["tuned"][gauge.name]]
        number = gauge.index or 1
        if gauge.kind == "window" and all(value > 0 for _, value in curve):
            windows.append(Line(f"window {number}", f"w{(number - 1) % 7 + 1}", curve))
        elif gauge.kind == "memory" and all(0 <= value < 1 for _, value in curve):
            kind = f"w{(3 * number if gauge.part == 'short' else 3 * number + 1) % 7 + 1}"
            memories.append(Line(f"{gauge.part} {number}", kind, [(step, 1 / (1 - value)) for step, value in curve]))
    return _reaching(
        told, windows, "Window sizes", "The windows: how many tokens back each part of its brain looks"
    ) + _reaching(
        told, memories, "Memory spans", "The memories: over how many tokens each one averages, in its two layers"
    )


def _reaching(told: Figures, lines: list[Line], title: str, heading: str) -> str:
    if not lines:
        return ""
    x = steps(told)
    rows = [(line.name, tokens(line.points[0][1]), tokens(line.points[-1][1])) for line in lines]
    said = " ".join(f"{name}: from {first} to {last} tokens." for name, first, last in rows)
    ends = [Line(f"{line.name}: {now}", line.kind, line.points) for line, (_, _, now) in zip(lines, rows, strict=True)]
    drawn = plot(title, said, ends, x, moments(told, x), logarithmic=True, form="count", labels=True)
    cells = folded("as a table", table(f"{title}, in tokens", ("which", "at first", "now"), rows))
    return f"<h3>{heading}</h3><figure>{drawn}</figure>{cells}"


def remembering(told: Figures) -> str:
    both = [row for row in told["examinations"] if row.get("remembering") is not None]
    if len(both) < 2:
        return ""
    lines = [Line("alone", "strong", points(both, "held_out")), Line("with it", "soft", points(both, "remembering"))]
    x = steps(told)
    said = f"At the last examination {bits(both[-1]['held_out'])} alone, {bits(both[-1]['remembering'])} with it."
    drawn = plot("What the hippocampus adds", said, lines, x, moments(told, x), between="glow")
    rows = [(whole(r["step"]), day(r["at"]), bits(r["held_out"]), bits(r["remembering"])) for r in few(both)]
    cells = table("Bits per byte", ("step", "day", "brain alone", "with the hippocampus"), rows, (1,))
    entries = [("strong", "the brain alone"), ("soft", "with the hippocampus")]
    return f"{key(*entries)}<figure>{drawn}</figure>{folded('as a table', cells)}"


def learning_speed(told: Figures) -> str:
    curve = points(told["lessons"], "tokens_per_second")
    if not curve:
        return ""
    x = steps(told)
    said = f"From {whole(curve[0][1])} to {whole(curve[-1][1])} tokens a second."
    drawn = plot("Tokens a second", said, [Line("tokens a second", "strong", curve)], x, moments(told, x), form="count")
    rows = [(whole(r["step"]), day(r["at"]), whole(r["tokens_per_second"] or 0)) for r in few(told["lessons"])]
    cells = table("Tokens a second", ("step", "day", "tokens/s"), rows, (1,))
    return f"<figure>{drawn}</figure>{folded('as a table', cells)}"
