"""Every recorded statistic as a curve: points over the steps of a life, few enough to look at.

Three things are recorded over and over: lessons, examinations and answers. Of each the steps are cut into equal parts.
A part of the lessons, or of the answers, is told by its mean, and by the last step in it; a part of the examinations
by the last one in it, which is found through the index of steps without reading the others, of which a year has more
than a million. (The + in that query keeps SQLite from the index of moments, which would be no help.)
"""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Iterable
from typing import Any

from school.office.mistakes import Mistake
from school.report.life import Life

POINTS = 240
LESSONS = (
    "loss", "bits_per_byte", "accuracy", "gradient_norm", "learning_rate", "tokens", "review_tokens", "seconds",
    "red", "green", "blue", "expected_red", "expected_green", "expected_blue",
)  # fmt: skip
SPEED = "tokens_per_second"
EXAMS = {  # what it is called here: the column
    "held_out": "bits_per_byte", "remembering": "remembering", "held_out_accuracy": "accuracy",
    "held_out_repeats": "repeats", "temperature": "temperature", "self_state_error": "self_state_error",
    "said_known_words": "known_words", "said_ended": "ended", "said_distinct_2": "distinct_2",
}  # fmt: skip
SPOKEN = "said_known_words", "said_ended", "said_distinct_2"  # of them, how it spoke at those where it was heard
ANSWERS = {
    "answer_seconds": "seconds", "answer_first_token_seconds": "first_token_seconds",
    "answer_log_probability": "log_probability", "answer_repeats": "repeats",
}  # fmt: skip
Row = dict[str, Any]

_PART = "(step - :first) * :points / (:last - :first + 1)"
_MEANS = """
    select max(step) as step, max(at) as at, {means}
    from {table} where step between :first and :last and at >= :since and at < :until
    group by {part} order by step"""
_LAST = """
    with recursive part(n) as (select 1 union all select n + 1 from part where n < :points)
    select step, at, {columns}, gauges from part cross join evaluations on evaluations.id = (
        select id from evaluations
        where step >= :first + ((n - 1) * (:last - :first + 1) + :points - 1) / :points
          and step < :first + (n * (:last - :first + 1) + :points - 1) / :points and +at >= :since and +at < :until
        order by step desc, id desc limit 1)
    order by step"""


def lessons(life: Life, points: int = POINTS) -> list[Row]:
    """``step``, ``at``, each of LESSONS and SPEED."""
    if not life.span:
        return []
    known = [name for name in LESSONS if life.has("steps", name)]
    means = [f"sum({name} * span) / sum(case when {name} is not null then span end) as {name}" for name in known]
    means.append(f"sum(tokens * span) / nullif(sum(seconds * span), 0) as {SPEED}")
    return _of_parts(life, _MEANS.format(means=", ".join(means), table="steps", part=_PART), points)


def examinations(life: Life, points: int = POINTS) -> list[Row]:
    """``step``, ``at``, each of EXAMS, and what the brain tunes for itself, by the names of its gauges."""
    if not life.span:
        return []
    known = {name: column for name, column in EXAMS.items() if life.has("evaluations", column)}
    columns = ", ".join(f"{column} as {name}" for name, column in known.items())
    rows = _of_parts(life, _LAST.format(columns=columns), points)
    return [row | _gauges(row.pop("gauges")) for row in rows]


def answers(life: Life, points: int = POINTS) -> list[Row]:
    """``step``, ``at`` and each of ANSWERS, as means."""
    if not life.span:
        return []
    known = {name: column for name, column in ANSWERS.items() if life.has("replies", column)}
    means = ", ".join(f"avg({column}) as {name}" for name, column in known.items())
    return _of_parts(life, _MEANS.format(means=means, table="replies", part=_PART), points)


def _of_parts(life: Life, sql: str, points: int) -> list[Row]:
    steps = life.span.last - life.span.first + 1
    return life.query(sql, first=life.span.first, last=life.span.last, points=min(points, steps))


def _gauges(text: str | None) -> dict[str, float]:
    try:
        found = json.loads(text or "{}")
    except ValueError:  # a record may be damaged where nobody looks
        return {}
    numbers = found.items() if isinstance(found, dict) else ()
    return {name: value for name, value in numbers if isinstance(value, int | float)}


def curve(rows: Iterable[Row], name: str) -> list[tuple[int, str, float]]:
    """The step, the moment and the value of each row that has a finite one."""
    known = ((row["step"], row["at"], row.get(name)) for row in rows)
    return [point for point in known if point[2] is not None and math.isfinite(point[2])]


def statistics(life: Life) -> list[str]:
    """The names of all statistics that there are."""
    return [*LESSONS, SPEED, *EXAMS, *_tuned(life), *ANSWERS]


def _tuned(life: Life) -> list[str]:
    last = "select gauges from evaluations where at >= :since order by step desc, id desc limit 1"
    return list(_gauges(life.one(last)))


def curves(life: Life, names: Iterable[str], points: int = POINTS) -> dict[str, list[tuple[int, str, float]]]:
    """The curve of each statistic. Raises Mistake for one that there is not."""
    known, rows, found = statistics(life), {}, {}
    for name in names:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
            hint = f"did you mean {close[0]}?" if close else f"there are: {', '.join(known)}."
            raise Mistake(f"there is no statistic {name}; {hint}")
        source = lessons if name in (*LESSONS, SPEED) else answers if name in ANSWERS else examinations
        if source not in rows:
            rows[source] = source(life, points)
        found[name] = curve(rows[source], name)
    return found
