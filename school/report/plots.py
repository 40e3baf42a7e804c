"""Curves in a terminal, one statistic below the other, each on a scale of its own."""

from __future__ import annotations

from school.report.tables import Table

HIGH = 12  # lines of one


def plotted(table: Table, width: int) -> str:
    """The points of ``views.show_curve`` as plots of at most ``width`` characters."""
    import plotext

    drawn = []
    for name in dict.fromkeys(row[0] for row in table.rows):
        points = [(step, value) for which, step, _, value in table.rows if which == name]
        first, last = points[0], points[-1]
        plotext.clear_figure()
        plotext.theme("clear")
        plotext.plot_size(width, HIGH)
        plotext.title(f"{name}: {first[1]:.4g} at step {first[0]:,}, {last[1]:.4g} at step {last[0]:,}")
        plotext.plot(*zip(*points, strict=True), marker="braille")
        drawn.append(plotext.uncolorize(plotext.build()))
    lines = [line.rstrip() for line in "\n".join(drawn).splitlines()]
    return "\n".join(lines) or "Nothing of this is in the record yet."
