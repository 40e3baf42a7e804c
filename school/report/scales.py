"""Axes: where a value lies on one, and which round values to mark."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from school.screen.calligraphist import count


@dataclass(frozen=True, slots=True)
class Scale:
    """Values from ``low`` to ``high`` along an axis; ``logarithmic`` where they are more than 0."""

    low: float
    high: float
    logarithmic: bool = False

    @classmethod
    def over(cls, values: Sequence[float], logarithmic: bool = False) -> Scale:
        """With a little room at both ends; values may be all the same."""
        low, high = min(values), max(values)
        if logarithmic:
            return cls(low / 1.25, high * 1.25, True)
        room = 0.06 * (high - low) or abs(high) * 0.05 or 1.0
        return cls(low - room, high + room)

    def share(self, value: float) -> float:
        """Where a value lies, from 0 to 1."""
        low, high = (math.log(self.low), math.log(self.high)) if self.logarithmic else (self.low, self.high)
        at = math.log(value) if self.logarithmic else value
        return (at - low) / ((high - low) or 1.0)

    def ticks(self, most: int = 5) -> list[float]:
        """Round values to mark, fewer than twice ``most``."""
        if self.logarithmic:
            first, last = math.ceil(math.log2(self.low) - 1e-9), math.floor(math.log2(self.high) + 1e-9)
            every = max(1, math.ceil((last - first + 1) / most))
            return [2.0**power for power in range(first, last + 1, every)]
        rough = (self.high - self.low) / most
        size = 10.0 ** math.floor(math.log10(rough))
        step = next(size * m for m in (1, 2, 5, 10) if size * m >= rough * 0.999)
        first = math.ceil(self.low / step - 1e-9)
        return [n * step for n in range(first, math.floor(self.high / step + 1e-9) + 1)]


def written(tick: float, form: str, ticks: Sequence[float]) -> str:
    """A mark of an axis, with the digits that tell it from the next one."""
    if form == "count":
        return count(tick)
    gap = min((b - a for a, b in zip(ticks, ticks[1:], strict=False)), default=1.0)
    digits = max(0, -math.floor(math.log10(gap) + 1e-9)) if gap > 0 else 2
    return f"{tick:.{digits}f}" if form == "{:.2f}" else form.format(tick)
