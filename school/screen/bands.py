"""Bands: how remarkable a figure is against its own history, and the colour that says so, the right end up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

Better = Literal["low", "high", ""]
"""Which end of a statistic is good; with "", neither is."""


class Band(NamedTuple):
    """Figures of which no more than ``upto`` of the history was worse."""

    upto: float
    word: str
    style: str  # of rich


BANDS = (
    Band(0.02, "awful", "bold #ff3b30"),
    Band(0.10, "bad", "#ff6f4f"),
    Band(0.35, "poor", "#e8a05b"),
    Band(0.65, "usual", "#d0d0d0"),
    Band(0.90, "fine", "#8fd18f"),
    Band(0.98, "good", "#4fc3f7"),
    Band(1.00, "superb", "bold #6f9bff"),
)
NEUTRAL = Band(1.00, "", "dim")
UNKNOWN = Band(1.00, "", "")


@dataclass(frozen=True, slots=True)
class Figure:
    """A number as it is shown and its band; and, where there were such since the last turn, the ``best`` and the
    ``worst`` ever."""

    text: str
    band: Band = UNKNOWN
    best: str = ""
    worst: str = ""


def band_of(share: float | None, better: Better) -> Band:
    """The band of a figure that is above this share of its history."""
    if not better:
        return NEUTRAL
    if share is None:
        return UNKNOWN
    goodness = share if better == "high" else 1 - share
    return next(band for band in BANDS if goodness <= band.upto)
