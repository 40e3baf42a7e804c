"""Whether it is learning, in a sentence: from its examinations on text that it is never taught."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

CLEAR = 0.005  # share of its bits per byte by which it must have moved to be worth telling


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """``at``: as a clock on the wall showed it; ``size``: bytes that were read, by which the same paper is known."""

    at: datetime
    bits_per_byte: float
    size: int


def is_it_learning(exams: Sequence[Examination], now: datetime, *, what: str = "your writing") -> str:
    """The last examination against the first one of its day, or else of the last day before; of those that read as much
    as it did, the oldest first. "" where there was none yet."""
    if not exams:
        return ""
    last = exams[-1]
    alike = [exam for exam in exams[:-1] if exam.size == last.size]
    if not alike:
        return (
            f"whether it learns can't be told yet: it has been examined once, {_figure(last)} bits per byte on {what}"
        )
    day = last.at.date() if alike[-1].at.date() == last.at.date() else alike[-1].at.date()
    first = next(exam for exam in alike if exam.at.date() == day)
    gain = 1 - last.bits_per_byte / first.bits_per_byte
    figures = f"({_figure(first)} bits per byte then, {_figure(last)} now)"
    if abs(gain) < CLEAR:
        return f"since {_moment(first.at, now)} it predicts {what} no better and no worse {figures}"
    return (
        f"since {_moment(first.at, now)} it predicts {what} {_percent(abs(gain))} {'better' if gain > 0 else 'worse'} "
        f"{figures}"
    )


def _figure(exam: Examination) -> str:
    return f"{exam.bits_per_byte:.2f}"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.015 else f"{100 * share:.1f} %"


def _moment(at: datetime, now: datetime) -> str:
    days = (now.date() - at.date()).days
    if days == 0:
        return "this morning" if 5 <= at.hour < 12 <= now.hour else f"{at:%H:%M}"
    if days == 1:
        return "yesterday"
    if timedelta(0) < now - at < timedelta(days=7) and days < 7:
        return f"{at:%A}"
    return f"{at.day} {at:%B %Y}" if at.year != now.year else f"{at.day} {at:%B}"
