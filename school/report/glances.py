"""Glances at a life that is being lived: what a page shows of the record. Each opens it anew, only to read."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from school.office.mistakes import Mistake
from school.record.pages import LETTER
from school.report.chronicle import read_diary
from school.report.curves import curves
from school.report.life import opened
from school.schedule.noticeboard import look_up

if TYPE_CHECKING:
    from school.settings import SchoolSettings

UNITS = {
    "loss": "nats per token",
    "bits_per_byte": "bits per byte",
    "held_out": "bits per byte",
    "remembering": "bits per byte",
    "accuracy": "share of tokens guessed",
    "held_out_accuracy": "share of tokens guessed",
    "tokens_per_second": "tokens per second",
    "seconds": "seconds",
    "answer_seconds": "seconds",
    "answer_first_token_seconds": "seconds",
}
BIRTH = "select min(started_at) from runs where started_at >= :since"
ASKED = "select person, count(*) as questions from messages where at >= :since group by person"


class Glances:
    """All methods may take a while; where nothing is recorded yet, nothing is known."""

    def __init__(self, home: Path, settings: SchoolSettings):
        self._home, self._settings = home, settings

    @property
    def _begun(self) -> bool:
        return (self._home / "statistics" / "baby.db").exists()

    def curve(self, metric: str, points: int) -> tuple[str, list[tuple[int, float]]]:
        """The unit of a statistic ("" where it has none), and its value after so many steps. Raises Mistake."""
        if not self._begun:
            return UNITS.get(metric, ""), []
        with opened(self._home) as life:
            found = curves(life, [metric], points)[metric]
        return UNITS.get(metric, ""), [(step, value) for step, _, value in found]

    def diary(self, last: int) -> list[dict[str, Any]]:
        """So many of the last pages, and the letters of their days, the newest first."""
        try:
            pages = read_diary(self._home, last=last)
        except Mistake:  # a record that is just being made has no diary yet
            return []
        return [
            {"kind": page["kind"], "day": page["day"], "title": _title(page), "text": page["text"]}
            for page in reversed(pages)
        ]

    def questions(self) -> dict[str, int]:
        """How many each person asked."""
        try:
            with opened(self._home) as life:
                return {row["person"]: row["questions"] for row in life.query(ASKED)}
        except Mistake:
            return {}

    def born(self) -> float | None:
        """When it first woke, in seconds since 1970."""
        try:
            with opened(self._home) as life:
                at = life.one(BIRTH)
        except Mistake:
            return None
        return datetime.fromisoformat(at).timestamp() if at else None

    def timetable(self) -> list[dict[str, Any]]:
        """Its bells: ``name``, ``when``, ``help``, and ``next`` where that is a time of day."""
        bells = look_up(self._settings, self._home / "statistics" / "baby.db").bells
        return [
            {"name": one.bell, "when": one.when, "help": one.what, "next": one.next and one.next.isoformat()}
            for one in bells
        ]


def _title(page: dict[str, Any]) -> str:
    day = date.fromisoformat(page["day"])
    told = f"{day:%A}, {day.day} {day:%B %Y}"
    return f"Letter home, {told}" if page["kind"] == LETTER else told
