"""The days of a life: lessons, the best examination, what was asked and answered on each.

A day is a local one of a time zone. What is examined is found by the edges of the days, through an index.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from school.report.life import Life
from school.schedule.hours import start_of

_LESSONS = """
    select day_of(at) as day, sum(span) as steps, sum(seconds * span) as seconds, sum(tokens * span) as tokens,
           max(step) as last_step,
           sum(bits_per_byte * span) / sum(case when bits_per_byte is not null then span end) as bits_per_byte
    from steps where at >= :since and at < :until group by day"""
_TALK = "select day_of(at) as day, count(*) as answers from replies where at >= :since and at < :until group by day"
_BEST = "select min(bits_per_byte) from evaluations where at >= max(:start, :since) and at < :end"


def days(life: Life) -> list[dict[str, Any]]:
    """The days with lessons or answers, in order: ``day``, ``steps``, ``seconds``, ``tokens``, ``last_step``, the
    lessons' ``bits_per_byte``, the best examination's ``held_out_bits_per_byte``, ``answers``, and what ``flagged``
    adds."""
    life.db.conn.create_function("day_of", 1, lambda at: f"{life.local(at):%Y-%m-%d}", deterministic=True)
    lessons = {row["day"]: row for row in life.query(_LESSONS)}
    answers = {row["day"]: row["answers"] for row in life.query(_TALK)}
    nothing = {"steps": 0, "seconds": 0.0, "tokens": 0.0, "last_step": None, "bits_per_byte": None}
    found = []
    for day in sorted(lessons.keys() | answers.keys()):
        row = lessons.get(day, {"day": day, **nothing})
        today = date.fromisoformat(day)
        edges = {"start": start_of(today, life.zone), "end": start_of(today + timedelta(days=1), life.zone)}
        row |= {"tokens": round(row["tokens"]), "answers": answers.get(day, 0)}
        found.append(row | {"held_out_bits_per_byte": life.one(_BEST, **edges)})
    return flagged(found)


def flagged(days: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The days, each with how much it changed held-out bits per byte since the day before that had any (``gain``, more
    is better), and a ``flag``: "record" where it was the best of its life until then, and "worst" for the one day, if
    any, that undid the most."""
    known, before = [], None
    for day in days:
        held_out = day["held_out_bits_per_byte"]
        day["gain"] = None if held_out is None or before is None else before - held_out
        best = min(known, default=None)
        day["flag"] = "record" if held_out is not None and best is not None and held_out < best else ""
        if held_out is not None:
            known.append(held_out)
            before = held_out
    worst = min((day for day in days if day["gain"] is not None), key=lambda day: day["gain"], default=None)
    if worst and worst["gain"] < 0:
        worst["flag"] = "worst"
    return days
