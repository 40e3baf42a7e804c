"""What pages are told, as plain JSON: how it is, a step, an examination. Values in, values out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from brain.gauges import Gauge
    from school.door.events import Examined, Glimpse, StepReport
    from school.door.values import Reply, Snapshot

Row = dict[str, Any]
PLACES = 4


def number(value: float | None) -> float | None:
    """For JSON, which knows no other numbers than finite ones."""
    return round(value, PLACES) if value is not None and math.isfinite(value) else None


def color(channels: Sequence[float]) -> list[float]:
    return [number(channel) or 0.0 for channel in channels]


def in_figures(now: Snapshot) -> Row:
    """How it is doing."""
    return {
        "step": now.step,
        "mood": now.mood,
        "colour": color(now.color),
        "expected": color(now.expected),
        "awake": now.awake,
        "paused": now.paused,
        "learning": now.learning,
        "rests": now.rests,
        "parameters": now.parameters,
        "loss": number(now.loss),
        "tokens_per_second": number(now.tokens_per_second),
        "held_out_bits": number(now.held_out_bits_per_byte),
        "best_bits": number(now.best_bits_per_byte),
        "tokens_seen": now.tokens_seen,
        "texts": now.texts,
        "taught": now.pairs,
        "asked": now.asked,
        "known": now.known,
        "saved_step": now.saved_step,
    }


def step_of(report: StepReport, now: Snapshot, pulse: float) -> Row:
    """One step; what it read, token by token, is there where somebody looked at it from near."""
    glimpse = report.glimpse
    return {
        "step": report.step,
        "loss": number(report.loss),
        "bits_per_byte": number(report.bits_per_byte),
        "tokens_per_second": number(now.tokens_per_second),
        "mood": now.mood,
        "colour": color(report.color),
        "pulse": number(pulse),
        "reading": glimpse and reading(glimpse),
        "windows": windows(now.gauges, glimpse.shares if glimpse else ()),
        "memory": memory(now.gauges, glimpse.shares if glimpse else ()),
    }


def reading(glimpse: Glimpse) -> list[Row]:
    """The tokens, whether it predicted each, and what it had guessed."""
    tokens = zip(glimpse.targets, glimpse.hits, glimpse.guesses, strict=True)
    return [{"text": text, "hit": hit, "guess": guess} for text, hit, guess in tokens]


def windows(gauges: Iterable[Gauge], shares: Iterable[Gauge]) -> list[Row]:
    """The size of each window in tokens, and what it weighs in the mix (null where nobody looked)."""
    weights = {gauge.index: gauge.value for gauge in shares if gauge.kind == "window"}
    sizes = [gauge for gauge in gauges if gauge.kind == "window"]
    return [{"size": number(gauge.value), "gate": number(weights.get(gauge.index))} for gauge in sizes]


def memory(gauges: Iterable[Gauge], shares: Iterable[Gauge]) -> Row:
    """Of each source of each memory: its name, its span in tokens (how long an average keeps what it hears; null for
    what is not kept), and its share in what is passed on (null where nobody looked)."""
    kept, weights = (
        {(one.index, one.part): one.value for one in some if one.kind == "memory"} for some in (gauges, shares)
    )
    sources = dict.fromkeys((*kept, *weights))
    spans = [number(1 / (1 - kept[source])) if kept.get(source, 1) < 1 else None for source in sources]
    names = [f"{part} {index or ''}".strip() for index, part in sources]
    return {"names": names, "spans": spans, "gates": [number(weights.get(source)) for source in sources]}


def examined(event: Examined, now: Snapshot) -> Row:
    bits = event.result.bits_per_byte
    best = bits if now.best_bits_per_byte is None else min(bits, now.best_bits_per_byte)
    return {"step": event.step, "held_out_bits": number(bits), "best": number(best)}


def answered(reply: Reply, mood: str) -> Row:
    """How an answer ended."""
    return {
        "id": reply.id,
        "mood": mood,
        "colour": color(reply.color),
        "step": reply.step,
        "told": reply.told is not None,
        "ending": reply.ending,
    }
