"""The figures of the lessons, each beside its own history: what the views colour and flag."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

from brain.gauges import by_name
from school.door.events import StepReport
from school.door.values import Snapshot
from school.screen.bands import NEUTRAL, Better, Figure, band_of
from school.screen.calligraphist import count, figure
from school.screen.history import FEWEST, History


class Statistic(NamedTuple):
    """Which end of it is good, how it is written, and whether its extremes are worth telling."""

    better: Better
    form: str = "{:.3f}"
    records: bool = False


STEPS = {
    "loss": Statistic("low", records=True),
    "bits/byte": Statistic("low", records=True),
    "right": Statistic("high", "{:.0%}", records=True),
    "misjudged": Statistic("low"),  # distance of the expected colour from the true one
    "norm": Statistic("", "{:.2f}"),
    "tokens/s": Statistic("high", "count"),
    "ms/step": Statistic("", "{:.0f}"),
    "reviews": Statistic("", "count"),
}
ALL = STEPS | {"held-out": Statistic("low", records=True)}


def measure(report: StepReport) -> dict[str, float]:
    """What is followed of a step; nothing of one that taught nothing."""
    if report.skipped:
        return {}
    return {
        "loss": report.loss,
        "bits/byte": report.bits_per_byte,
        "right": report.accuracy,
        "misjudged": math.dist(report.expected, report.color),
        "norm": report.gradient_norm,
        "tokens/s": report.tokens / max(report.seconds, 1e-9),
        "ms/step": 1000 * report.seconds,
        "reviews": report.review_tokens,
    }


class Figures:
    """Follows every step; costs a sorted insertion for each statistic of it."""

    def __init__(self, earlier: Iterable[StepReport] = (), exams: Iterable[float] = ()):
        """``earlier``: steps of the days before, the oldest first; ``exams``: bits per byte of all examinations."""
        self.histories = {name: History() for name in ALL}
        for report in earlier:
            self.follow(report)
        for bits_per_byte in exams:
            self.examined(bits_per_byte)
        self.turn_over()

    def follow(self, report: StepReport) -> None:
        for name, value in measure(report).items():
            self.histories[name].add(value)

    def examined(self, bits_per_byte: float) -> None:
        self.histories["held-out"].add(bits_per_byte)

    def turn_over(self) -> None:
        """What becomes the best or the worst from here on is news for the next turn."""
        self._told = {name: (history.lowest, history.highest) for name, history in self.histories.items()}
        self._tellable = {name for name, history in self.histories.items() if len(history) >= FEWEST}

    def of(self, report: StepReport, now: Snapshot) -> dict[str, Figure]:
        """All figures of a turn that ends with this step, by name."""
        values = measure(report)
        if now.held_out_bits_per_byte is not None:
            values["held-out"] = now.held_out_bits_per_byte
        tuned = {
            "best": figure(now.best_bits_per_byte),
            "temperature": figure(now.temperature, 2),
            "penalty": figure(by_name(now.gauges).get("repetition_penalty"), 2),
            "rate": f"{report.learning_rate:.1e}",
            "of full rate": f"{now.rate_scale:.1%}",  # what the examinations left of it
        }
        judged = {name: self._judged(name, value) for name, value in values.items()}
        return judged | {name: Figure(text, NEUTRAL) for name, text in tuned.items() if text != "-"}

    def _judged(self, name: str, value: float) -> Figure:
        history, (better, form, records) = self.histories[name], ALL[name]
        best = worst = ""
        if records and name in self._tellable:
            lowest, highest = self._told[name]
            low = _written(history.lowest, form) if history.lowest < lowest else ""
            high = _written(history.highest, form) if history.highest > highest else ""
            best, worst = (low, high) if better == "low" else (high, low)
        return Figure(_written(value, form), band_of(history.rank(value), better), best, worst)


def _written(value: float, form: str) -> str:
    return count(value) if form == "count" else form.format(value)
