"""Curves, rivers and a calendar as SVG, drawn here so that the page needs neither a library nor a script.

A plot's picture is stretched to the width there is, so what must not be stretched is not in it: strokes keep their
width (``non-scaling-stroke``), and all writing stands around the picture as HTML, as large as the rest of the page.
Colours are names of classes; the style gives them a light and a dark form.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from school.report.scales import Scale, written
from school.screen.calligraphist import hex_color

WIDE, HIGH = 1000, 300  # units of a picture
STOPS = 120  # colours of a ribbon, at most
CELL, GAP = 12, 3  # of a calendar
APART = 9.0  # percent of the height between two labels
Point = tuple[float, float]
Widths = tuple[float, Sequence[float]]  # where, and how wide each band is there


@dataclass(frozen=True, slots=True)
class Line:
    """A curve with a name; ``kind`` is the class that colours it."""

    name: str
    kind: str
    points: Sequence[Point]


def spot(point: Point, x: Scale, y: Scale) -> str:
    return f"{WIDE * x.share(point[0]):.1f} {HIGH * (1 - y.share(point[1])):.1f}"


def path(points: Sequence[Point], x: Scale, y: Scale) -> str:
    """What stands in the d of a path."""
    return "M" + "L".join(spot(point, x, y) for point in points)


def curve(line: Line, x: Scale, y: Scale) -> str:
    if len(line.points) == 1:
        return dot(line.points[0], line.kind, x, y)
    return f'<path class="line {line.kind}" d="{path(line.points, x, y)}"/>'


def dot(point: Point, kind: str, x: Scale, y: Scale) -> str:
    """A stroke without length and with a round end stays round however the picture is stretched."""
    return f'<path class="dot {kind}" d="M{spot(point, x, y)}h0"/>'


def area(kind: str, upper: Sequence[Point], lower: Sequence[Point], x: Scale, y: Scale) -> str:
    edge = path([*upper, *reversed(lower)], x, y)
    return f'<path class="area {kind}" d="{edge}Z"/>'


def grid(y: Scale, ticks: Sequence[float]) -> str:
    lines = "".join(f"M0 {HIGH * (1 - y.share(tick)):.1f}H{WIDE}" for tick in ticks)
    return f'<path class="grid" d="{lines}"/>' if lines else ""


def picture(title: str, description: str, *drawn: str) -> str:
    """A picture that is stretched to its frame, for those who see it and for those who hear it."""
    told = f"<title>{escape(title)}</title><desc>{escape(description)}</desc>"
    return (
        f'<svg role="img" aria-label="{escape(title)}" viewBox="0 0 {WIDE} {HIGH}" preserveAspectRatio="none">'
        f"{told}{''.join(drawn)}</svg>"
    )


def plot(
    title: str,
    description: str,
    lines: Sequence[Line],
    x: Scale,
    moments: Sequence[tuple[float, str, str]],
    *,
    logarithmic: bool = False,
    between: str = "",
    form: str = "{:.2f}",
    labels: bool = False,
) -> str:
    """Curves over steps. ``moments``: where the axis of steps is marked (a share of it, the step, the day);
    ``between``: the class of the area between the first two curves; ``labels``: each curve's name at its right end."""
    y = Scale.over([value for line in lines for _, value in line.points], logarithmic)
    ticks = y.ticks()
    drawn = [grid(y, ticks)]
    if between and len(lines[0].points) == len(lines[1].points):
        drawn.append(area(between, lines[0].points, lines[1].points, x, y))
    drawn += [curve(line, x, y) for line in lines]
    side = "".join(
        f'<span style="top:{100 * (1 - y.share(tick)):.1f}%">{escape(written(tick, form, ticks))}</span>'
        for tick in ticks
    )
    ends = _labels(lines, y) if labels else ""
    return (
        f'<div class="plot{" labelled" if labels else ""}"><div class="y" aria-hidden="true">{side}</div>'
        f'<div class="frame">{picture(title, description, *drawn)}</div>{ends}{axis(moments)}</div>'
    )


def _labels(lines: Sequence[Line], y: Scale) -> str:
    """Names at the ends of the curves, pushed apart where they would lie on one another."""
    ends = sorted(((100 * (1 - y.share(line.points[-1][1])), line) for line in lines), key=lambda end: end[0])
    placed, before = [], -math.inf
    for top, line in ends:
        before = max(top, before + APART)
        placed.append((before, line))
    over = max(0.0, placed[-1][0] - 100)
    return (
        '<div class="ends">'
        + "".join(
            f'<span class="{line.kind}" style="top:{top - over:.1f}%">{escape(line.name)}</span>'
            for top, line in placed
        )
        + "</div>"
    )


def axis(moments: Sequence[tuple[float, str, str]]) -> str:
    """The marks below a picture."""
    marks = "".join(
        f'<span style="left:{100 * share:.1f}%">{escape(step)}<small>{escape(day)}</small></span>'
        for share, step, day in moments
    )
    return f'<div class="x" aria-hidden="true">{marks}</div>'


def river(title: str, description: str, rows: Sequence[Widths], x: Scale, kinds: Iterable[str]) -> str:
    """Bands on top of one another around a middle line (a stream graph: Byron and Wattenberg 2008);  ``kinds``: the
    bands' classes, from below."""
    widest = max(sum(widths) for _, widths in rows)
    y = Scale(-widest / 2, widest / 2)
    drawn, lower = [], [(at, -sum(widths) / 2) for at, widths in rows]
    for n, kind in enumerate(kinds):
        upper = [(at, bottom + widths[n]) for (at, widths), (_, bottom) in zip(rows, lower, strict=True)]
        drawn.append(area(kind, upper, lower, x, y))
        lower = upper
    return picture(title, description, *drawn)


def ribbon(title: str, description: str, rows: Sequence[Widths], x: Scale, name: str) -> str:
    """Colours one after the other, as they were; ``name`` is one of a picture only."""
    every = math.ceil(len(rows) / STOPS)
    stops = "".join(
        f'<stop offset="{100 * x.share(at):.1f}%" stop-color="{hex_color(tuple(color))}"/>'
        for at, color in rows[::every]
    )
    gradient = f'<linearGradient id="{name}">{stops}</linearGradient>'
    return picture(title, description, gradient, f'<rect width="{WIDE}" height="{HIGH}" fill="url(#{name})"/>')


def calendar(title: str, description: str, levels: dict[tuple[int, int], int]) -> str:
    """A square for each day, a column for each week: ``levels``, from 0 to 4, by week and weekday."""
    weeks = 1 + max(week for week, _ in levels)
    wide, high = weeks * (CELL + GAP) - GAP, 7 * (CELL + GAP) - GAP
    cells = "".join(
        f'<rect class="level{level}" x="{week * (CELL + GAP)}" y="{day * (CELL + GAP)}" '
        f'width="{CELL}" height="{CELL}" rx="2.5"/>'
        for (week, day), level in sorted(levels.items())
    )
    told = f"<title>{escape(title)}</title><desc>{escape(description)}</desc>"
    return (
        f'<svg class="calendar" role="img" aria-label="{escape(title)}" viewBox="0 0 {wide} {high}" '
        f'style="max-width:{wide * 1.25:.0f}px">{told}{cells}</svg>'
    )
