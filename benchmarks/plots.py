"""Curves on paper: every variant's mean as a line with its seeds faint behind it, and the yardsticks across."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from wakeup import whisper

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Curve = list[tuple[float, float]]
GREY = "0.45"
STYLES = ("--", ":", "-.", (0, (8, 3)))  # of the yardsticks
LABELS = {"mixer": "context mixer", "ppmd": "PPMd order 6", "xz": "xz -9e"}


def mean_curve(curves: list[Curve]) -> Curve:
    """Point by point, as far as all of them go."""
    middle = []
    for points in zip(*curves, strict=False):
        xs, ys = zip(*points, strict=True)
        middle.append((sum(xs) / len(xs), sum(ys) / len(ys)))
    return middle


def levels(references: dict[str, dict[str, Any]], key: str, what: str, *names: str) -> dict[str, float]:
    """The references' figures for horizontal lines, by label; absent instruments left out."""
    return {f"{LABELS[name]}, {what}": references[name][key] for name in names if key in references.get(name, {})}


def draw(
    file: Path, lines: dict[str, list[Curve]], across: dict[str, float], *, title: str, x: str, y: str
) -> str | None:
    """Draw ``lines`` (label -> one curve per seed) into a PNG file; returns its name, None where that can't be."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        whisper("no plot: matplotlib is not installed; run `make lab`.")
        return None
    figure = Figure(figsize=(9, 5.5), dpi=130, layout="constrained")
    axes = figure.add_subplot(title=title, xlabel=x, ylabel=y)
    for number, (label, curves) in enumerate(lines.items()):
        if len(curves) > 1:
            for curve in curves:
                axes.plot(*zip(*curve, strict=True), color=f"C{number}", alpha=0.25, linewidth=1)
        middle = mean_curve(curves)
        axes.plot(*zip(*middle, strict=True), color=f"C{number}", marker=".", label=f"{label}: {middle[-1][1]:.3f}")
    for number, (label, level) in enumerate(across.items()):
        style = STYLES[number % len(STYLES)]
        axes.axhline(level, color=GREY, linestyle=style, linewidth=1.2, label=f"{label}: {level:.3f}")
    ends = [curve[-1][1] for curves in lines.values() for curve in curves] + list(across.values())
    heights = [height for curves in lines.values() for curve in curves for _, height in curve]
    bottom, span = min(*heights, *ends), max(ends) - min(ends)
    # The first moments tower over all that follows and would flatten it.
    axes.set_ylim(bottom - 0.05, min(max(heights), max(ends) + max(1.5 * span, 0.6)) + 0.05)
    axes.grid(alpha=0.2)
    axes.legend(frameon=False)
    return save(figure, file)


def save(figure: Figure, file: Path) -> str | None:
    """Write a figure as PNG and say so; returns the file's name, None where it can't be written."""
    try:
        figure.savefig(file, format="png")
    except OSError as error:
        whisper(f"no plot: {file} can't be written ({error.strerror}).")
        return None
    whisper(f"plot: {file}")
    return str(file)
