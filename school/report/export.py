"""The recorded statistics for other programs: as a file of TensorBoard's, and as CSV."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from school.office.files import replacing
from school.office.mistakes import Mistake
from school.report.curves import ANSWERS, EXAMS, LESSONS, SPEED, examinations
from school.report.life import Life
from school.report.tensorboard import first_event, record, scalars

Values = list[tuple[str, float]]

LINES = 5000  # printed at once
EXAMINATIONS = 5000  # at most, the last of each of so many equal parts: a year has more than a million


def every_value(life: Life) -> Iterator[tuple[int, str, Values]]:
    """Step, moment and values of each row of lessons, of examinations and of answers, by names like lessons/loss; what
    the brain tunes for itself is below tuned/. Values that are no numbers are left out."""
    for row in _rows(life, "steps", dict(zip(LESSONS, LESSONS, strict=True))):
        row[SPEED] = (row["tokens"] or 0) / row["seconds"] if row["seconds"] else None
        yield _values(row, dict.fromkeys((*LESSONS, SPEED), "lessons"))
    for row in examinations(life, EXAMINATIONS):
        yield _values(row, dict.fromkeys(row, "tuned") | dict.fromkeys(EXAMS, "examinations"))
    for row in _rows(life, "replies", ANSWERS):
        yield _values(row, dict.fromkeys(ANSWERS, "answers"))


def _rows(life: Life, table: str, names: dict[str, str]) -> Iterator[dict[str, Any]]:
    known = ", ".join(f"{column} as {name}" for name, column in names.items() if life.has(table, column))
    query = f"select step, at, {known} from {table} where at >= ? and step is not null order by step, at"
    return life.db.query(query, [life.since])


def _values(row: dict[str, Any], groups: dict[str, str]) -> tuple[int, str, Values]:
    """``groups``: what stands before the / in a statistic's name."""
    names = [name for name in groups if name not in ("step", "at") and _is_number(row.get(name))]
    return row["step"], row["at"], [(f"{groups[name]}/{name}", float(row[name])) for name in names]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def to_tensorboard(life: Life, folder: Path) -> tuple[Path, int]:
    """Write one file of events into the folder; returns it, and how many values are in it. Doing it again makes the
    same file anew. Raises Mistake."""
    born = life.one("select min(started_at) from runs") or life.one("select min(at) from steps")
    if not born:
        raise Mistake("stats export: nothing is in the record yet.")
    begin, written = datetime.fromisoformat(born).timestamp(), 0
    file = folder / f"events.out.tfevents.{begin:.0f}.babyllm"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with replacing(file) as stream:
            stream.write(record(first_event(begin)))
            for step, at, values in every_value(life):
                stream.write(record(scalars(datetime.fromisoformat(at).timestamp(), step, values)))
                written += len(values)
    except OSError as error:
        raise Mistake(f"{folder}: can't be written ({error.strerror}).") from None
    return file, written


def to_csv(life: Life) -> Iterator[str]:
    """Lines, many at once: one value each."""
    lines = ["statistic,step,at,value"]
    for step, at, values in every_value(life):
        lines += [f"{name},{step},{at},{value!r}" for name, value in values]
        if len(lines) > LINES:
            yield "\n".join(lines)
            lines = []
    if lines:
        yield "\n".join(lines)
