"""What a brain tunes for itself, or how it weighs its inputs: typed values with readable names. No torch in here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Gauge:
    """``kind``: a word of letters, such as window or memory; ``index``: which of several, from 1, or None where
    there is but one; ``part``: what of it, if there is more than one thing to know."""

    kind: str
    index: int | None
    value: float
    part: str = ""

    @property
    def name(self) -> str:
        """As the record has it: window1, memory2_short, blend_token, repetition_penalty."""
        return f"{self.kind}{self.index or ''}" + (f"_{self.part}" if self.part else "")


def by_name(gauges: Iterable[Gauge]) -> dict[str, float]:
    """For the record."""
    return {gauge.name: gauge.value for gauge in gauges}


def from_names(values: Mapping[str, float]) -> tuple[Gauge, ...]:
    """Read what ``by_name`` wrote."""
    return tuple(_from_name(name, value) for name, value in values.items())


def _from_name(name: str, value: float) -> Gauge:
    numbered, _, part = name.partition("_")
    kind = numbered.rstrip("0123456789")
    return Gauge(kind, int(numbered[len(kind) :] or 0) or None, value, part)
