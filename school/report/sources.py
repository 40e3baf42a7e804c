"""How each text of the library was taught, from the record: how often, and how the cost of predicting it went."""

from __future__ import annotations

import math
from typing import Any

from school.record.sources import course_of
from school.report.life import Life

COLUMNS = (
    "name", "bytes", "tokens", "held_out_tokens", "lessons", "taught_tokens", "times", "bits_at_first", "bits_now",
    "first_seen_at", "last_seen_at",
)  # fmt: skip
_ROWS = "select {columns} from sources where last_seen_at >= :since order by bytes desc, name"
_KEPT = ("name", "bytes", "tokens", "held_out_tokens", "first_seen_at", "last_seen_at")
_TAUGHT = ("lessons", "taught_tokens", "course")


def texts(life: Life, name: str = "") -> list[dict[str, Any]]:
    """COLUMNS of each text, the largest first, or of the one of this ``name``; and its ``course``: (step, bits per
    byte) in its lessons. ``times``: how often all of it was taught. What a record of an earlier version does not
    know is None."""
    columns = [*_KEPT, *(_TAUGHT if life.has("sources", "course") else ())]
    rows = life.query(_ROWS.format(columns=", ".join(columns)))
    return [_told(row) for row in rows if not name or row["name"] == name]


def _told(row: dict[str, Any]) -> dict[str, Any]:
    points = course_of(row.pop("course", None))
    course = [(point.last, point.nats / math.log(2) / point.bytes) for point in points if point.bytes]
    taught = row.get("taught_tokens")
    return row | {
        "lessons": row.get("lessons"),
        "taught_tokens": taught,
        "times": taught / row["tokens"] if taught is not None and row["tokens"] else None,
        "bits_at_first": course[0][1] if course else None,
        "bits_now": course[-1][1] if course else None,
        "course": course,
    }
