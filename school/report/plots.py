"""Curves in a terminal: with marks at round values, and nothing between them that wasn't measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from school.report.scales import Scale, written
from school.report.tables import Table

HIGH = 12  # lines of one
DOTS = "braille"  # the finest marker there is
MARKS = 5  # on an axis, about


@dataclass(frozen=True, slots=True)
class Points:
    """Steps and values, and the character that marks them; ``joined`` by a line where every step has one."""

    points: Sequence[tuple[int, float]]
    marker: str = DOTS
    joined: bool = True


def plotted(table: Table, width: int) -> str:
    """The points of ``views.show_curve`` as plots of at most ``width`` characters, each on a scale of its own."""
    drawn = []
    for name in dict.fromkeys(row[0] for row in table.rows):
        points = [(step, value) for which, step, _, value in table.rows if which == name]
        first, last = points[0], points[-1]
        title = f"{name}: {first[1]:.4g} at step {first[0]:,}, {last[1]:.4g} at step {last[0]:,}"
        drawn.append(draw(title, [Points(points)], width, HIGH))
    lines = [line.rstrip() for line in "\n".join(drawn).splitlines()]
    return "\n".join(lines) or "Nothing of this is in the record yet."


def draw(title: str, curves: Sequence[Points], width: int, high: int) -> str:
    """A plot of so many characters and lines; a line with the title where there is nothing to draw."""
    import plotext  # here, for most of what is looked at has no plot

    curves = [curve for curve in curves if curve.points]
    if not curves:
        return title
    plotext.clear_figure()
    plotext.theme("clear")
    plotext.plot_size(width, high)
    plotext.title(title)
    for curve in curves:
        (plotext.plot if curve.joined else plotext.scatter)(*zip(*curve.points, strict=True), marker=curve.marker)
    steps, values = zip(*(point for curve in curves for point in curve.points), strict=True)
    ticks = [tick for tick in _round(steps) if tick == int(tick)]  # there is no half step
    plotext.xticks(ticks, [written(tick, "count", ticks) for tick in ticks])
    ticks = _round(values)
    plotext.yticks(ticks, [written(tick, "{:.2f}", ticks) for tick in ticks] if len(ticks) > 1 else [f"{ticks[0]:.4g}"])
    return plotext.uncolorize(plotext.build())


def _round(values: Sequence[float]) -> list[float]:
    """Round values among these; the one value itself where all are the same."""
    low, high = min(values), max(values)
    return Scale(low, high).ticks(MARKS) if high > low else [low]
