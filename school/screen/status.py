"""How it is doing just now, as text: for the toolbar, and for /status."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len

from brain.gauges import by_name
from school.screen.calligraphist import count, figure, number_of

if TYPE_CHECKING:
    from school.door.values import Snapshot


def facts(now: Snapshot) -> list[str]:
    """The figures of the toolbar, the most telling first."""
    speed = "-" if now.tokens_per_second is None else count(now.tokens_per_second)
    learning = " (rests)" if now.rests else ""
    state = learning if now.learning else " (paused)" if now.paused else " (not learning)"
    return [
        f"step {now.step:,}{state}",
        f"loss {figure(now.loss)}",
        f"held-out {figure(now.held_out_bits_per_byte)} bits/byte",
        f"{speed} tokens/s",
        *([now.mood] if now.mood else []),
    ]


def fitting_facts(now: Snapshot, width: int) -> list[str]:
    """As ``facts``, without those that tell least where they would not fit: the speed, the loss, the mood."""
    shown = facts(now)
    for dispensable in ("tokens/s", "loss ", now.mood, "held-out "):
        if cell_len(" · ".join(shown)) > width and dispensable:
            shown = [fact for fact in shown if dispensable not in fact or fact.startswith("step ")]
    return shown


def status_lines(now: Snapshot) -> list[str]:
    """The whole state, for /status."""
    best = "" if now.best_bits_per_byte is None else f" (best {figure(now.best_bits_per_byte)})"
    (red, green, blue), foreseen = ([f"{channel:.2f}" for channel in color] for color in (now.color, now.expected))
    windows = ", ".join(f"{gauge.value:.1f}" for gauge in now.gauges if gauge.kind == "window")
    penalty = by_name(now.gauges).get("repetition_penalty", 0.0)
    tuned = f"temperature {now.temperature:.2f}, repetition penalty {penalty:.2f}"
    lines = [
        " · ".join(fact + best if fact.startswith("held-out ") else fact for fact in facts(now)),
        f"self-state: red {red} (skill, energy), green {green} (stirred up), blue {blue} (calm)"
        + f"; it expected {', '.join(foreseen)}"
        + (f". Mood: {now.mood}" if now.mood else ""),
        f"brain: {count(now.parameters)} parameters, {count(now.tokens_seen)} tokens read in its life",
        f"library: {number_of(now.texts, 'text')}, {count(now.library_tokens)} tokens; "
        f"{number_of(now.pairs, 'taught pair')} coming back"
        + (f"; of {number_of(now.asked, 'answer')} that you taught it knows {now.known} by heart" if now.asked else ""),
        f"it tuned itself to: {tuned}" + (f", windows of {windows} tokens" if windows else ""),
        f"soul saved at step {now.saved_step:,}" if now.saved_step is not None else "soul not saved yet",
    ]
    if now.rests:
        lines.append(
            "it has learned what it can from its library, so it rests most of the time; "
            "what you teach it and new texts wake it"
        )
    elif now.rate_scale < 0.1:
        lines.append("it knows its library as well as it can; it learns little from it until something new is there")
    if now.skipped_steps:
        skipped = number_of(now.skipped_steps, "step")
        lines.append(f"{skipped} taught nothing, because the loss was not finite")
    if now.unwritten > 1000:
        lines.append(f"{now.unwritten:,} rows of the record wait for the disk")
    return lines
