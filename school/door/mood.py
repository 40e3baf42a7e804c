"""A word for the mood, from the self-state's colour and from where the loss is going. Words only; no feelings steer it.

Red is skill and energy, green is being stirred up by large changes, blue is calm: doing better than before (see
brain/selfstate.py). A word is only used for what it claims.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

Color = tuple[float, float, float]

WORDS = ("proud", "hopeful", "overwhelmed", "frustrated", "curious", "calm", "bored", "sleepy")
FEWEST = 8  # colours and losses that tell anything
CLEAR = 2.0  # standard errors by which a change is more than chance
TELLING = 0.005  # share of its level by which the loss must have moved to be worth a feeling
STIRRED, STIRRING = 0.5, 0.42  # green: tokens' losses are 1.9 and 1.5 nats off their recent average; 1.2 is usual
SKILLED, UNSKILLED = 0.5, 0.3  # red: about half, and a quarter, of its guesses are right
CALM = 0.45  # blue: hardly worse than it is used to


@dataclass(frozen=True, slots=True)
class Mood:
    """One of WORDS, and the figures that speak for it."""

    word: str
    why: str


class Course(NamedTuple):
    """Where a figure went: its mean over the older and the newer half, and the difference in standard errors."""

    before: float
    now: float
    trend: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Course:
        """At least four values, the oldest first."""
        half = len(values) // 2
        older, newer = values[:half], values[half:]
        before, now = math.fsum(older) / len(older), math.fsum(newer) / len(newer)
        error = math.sqrt(_variance(older, before) / len(older) + _variance(newer, now) / len(newer))
        return cls(before, now, (now - before) / max(error, 1e-9))


def mood(colors: Sequence[Color], losses: Sequence[float | None]) -> Mood:
    """The mood after these colours and losses in nats, one per step, the oldest first; their older half is what it is
    measured against. Losses that are missing or not finite tell nothing."""
    known = [loss for loss in losses if loss is not None and math.isfinite(loss)]
    if min(len(colors), len(known)) < FEWEST:
        return Mood("sleepy", "it has hardly begun")
    red, green, blue = (Course.of([color[channel] for color in colors]) for channel in range(3))
    loss = Course.of(known)
    word = _word(red, green, blue, loss)
    figures = f"loss {loss.before:.2f} -> {loss.now:.2f}, red {red.now:.2f}, green {green.now:.2f}, blue {blue.now:.2f}"
    return Mood(word, figures)


def _word(red: Course, green: Course, blue: Course, loss: Course) -> str:
    if green.now > STIRRED:
        return "overwhelmed"
    if abs(loss.now - loss.before) > TELLING * loss.before and abs(loss.trend) > CLEAR:
        better = red.trend > 0 and red.now > UNSKILLED and blue.now > CALM  # who guesses little is not proud
        return "frustrated" if loss.trend > 0 else "proud" if better else "hopeful"
    if green.now > STIRRING or blue.now < CALM:
        return "curious"
    return "sleepy" if red.now < UNSKILLED else "bored" if red.now > SKILLED else "calm"


def _variance(values: Sequence[float], mean: float) -> float:
    return math.fsum((value - mean) ** 2 for value in values) / max(1, len(values) - 1)
