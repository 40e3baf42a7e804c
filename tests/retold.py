"""Diary and letters read back: every sentence is traced to the voice it was said in, and every figure looked up in the
record with queries that have nothing to do with those that wrote it."""

from __future__ import annotations

import json
import re
import sqlite3
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from pathlib import Path

VOICE = tomllib.loads((Path(__file__).parent.parent / "school" / "voices" / "en.toml").read_text("utf-8"))
TOLD = {**VOICE["diary"], **{f"letter_{occasion}": lines for occasion, lines in VOICE["letter"].items()}}


def understood(line: str) -> tuple[str, dict[str, str]]:
    """Which occasion a line was said on, and what stands in its places."""
    line = line.removeprefix("> ").removeprefix("# ").strip()
    hits = []
    for occasion, templates in TOLD.items():
        for template in templates:
            parts = re.split(r"\{(\w+)\}", template)
            places = parts[1::2]
            pattern = "".join(re.escape(part) if i % 2 == 0 else "(.+?)" for i, part in enumerate(parts))
            if found := re.fullmatch(pattern, line):
                hits.append((len("".join(parts[::2])), occasion, dict(zip(places, found.groups(), strict=True))))
    literal, occasion, fields = max(hits, key=lambda hit: hit[0])
    return occasion, fields


@dataclass
class Record:
    """The record between the beginning of one local day and the end of another."""

    db: sqlite3.Connection
    first: date
    last: date
    zone: tzinfo

    def ask(self, query: str) -> list[tuple]:
        """``query`` with ``{then}`` where the moment is to be within the days."""
        begins, ends = (
            datetime.combine(day, time(), self.zone).astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"
            for day in (self.first, self.last + timedelta(days=1))
        )
        within = f"(at >= '{begins}' and at < '{ends}')"
        return self.db.execute(query.format(then=within, before=f"at < '{begins}'")).fetchall()

    def count(self, what: str) -> int:
        return self.ask(f"select count(*) from {what}")[0][0]

    def losses(self) -> tuple[str, str]:
        rows = self.ask("select loss, span from steps where {then} and loss is not null order by step")
        part = max(1, len(rows) // 4)
        first, last = (
            sum(loss * span for loss, span in some) / sum(span for _, span in some)
            for some in (rows[:part], rows[-part:])
        )
        return f"{first:.2f}", f"{last:.2f}"

    def examinations(self) -> tuple[tuple, tuple]:
        """(bits per byte, gauges) of the one it is compared with, and of the last one."""
        columns = "select bits_per_byte, gauges from evaluations where"
        here = self.ask(columns + " {then} order by id")
        earlier = self.ask(columns + " {before} order by id desc limit 1")
        return (earlier or here)[0], here[-1]

    def steps(self) -> tuple[str, float, str]:
        steps, seconds, tokens = self.ask(
            "select sum(span), sum(seconds * span), sum(tokens * span) from steps where {then}"
        )[0]
        return f"{steps:,}", seconds / 3600, f"{round(tokens):,}"


def check_line(line: str, record: Record) -> str:
    """Assert that all that a line claims is in the record; returns the occasion."""
    occasion, said = understood(line)
    if occasion in TRUE:
        assert said == TRUE[occasion](record, said), (occasion, line)
    else:  # a mood, a face, a greeting
        assert not any(re.search(r"\d", value) for name, value in said.items() if name != "face"), (occasion, line)
    return occasion


Said = dict[str, str]


def _lessons(record: Record, said: Said) -> Said:
    steps, hours, tokens = record.steps()
    digits = len(said["hours"].partition(".")[2])
    return {"steps": steps, "hours": f"{hours:.{digits}f}", "tokens": tokens}


def _shelf(record: Record, _: Said) -> Said:
    names = [name for (name,) in record.ask("select name from sources order by bytes desc, name")]
    return {"count": str(len(names)), "titles": ", ".join(names)}


def _held_out(record: Record, said: Said) -> Said:
    (before, _), (after, _) = record.examinations()
    figures = {"before": f"{before:.3f}", "after": f"{after:.3f}"}
    return {name: figures[name] for name in said}


def _talk(record: Record, _: Said) -> Said:
    return {
        "questions": str(record.count("messages where {then}")),
        "answers": str(record.count("replies where {then}")),
    }


def _visitor(record: Record, said: Said) -> Said:
    rows = record.ask("select count(*) from messages where {then} group by person")
    times = {str(times) for (times,) in rows} & {said.get("times", "1")}
    return said if times else {}


def _marks(record: Record, _: Said) -> Said:
    verdicts = dict(record.ask("select verdict, count(*) from feedback where {then} group by verdict"))
    return {verdict: str(verdicts.get(verdict, 0)) for verdict in ("good", "bad", "fix")}


def _taught(record: Record, _: Said) -> Said:
    return {"pairs": str(record.count("pairs where {then} and source in ('good', 'fix', 'teach', 'chat')"))}


def _sentence(record: Record, said: Said) -> Said:
    spoken = {" ".join(text.split()) for (text,) in record.ask("select text from replies where {then}")}
    return said if said["text"] in spoken else {}


def _window(record: Record, said: Said) -> Said:
    old, new = (json.loads(gauges)[f"window{said['number']}"] for _, gauges in record.examinations())
    figures = {"number": said["number"], "before": f"{old:.1f}", "after": f"{new:.1f}"}
    return {name: figures[name] for name in said}


def _memory(record: Record, said: Said) -> Said:
    old, new = (json.loads(gauges) for _, gauges in record.examinations())
    moved = [(f"{old[name]:.3f}", f"{new[name]:.3f}") for name in old if re.fullmatch(f"memory.*{said['which']}", name)]
    return said if (said["before"], said["after"]) in moved else {}


TRUE: dict[str, Callable[[Record, Said], Said]] = {  # what should have been said, of whatever has figures
    "began": lambda record, _: {"day": record.last.isoformat()},
    "lessons": _lessons,
    "texts": _shelf,
    "loss": lambda record, _: dict(zip(("before", "after"), record.losses(), strict=True)),
    "held_out": _held_out,
    "held_out_moved": _held_out,
    "talk": _talk,
    "visitor": _visitor,
    "visitor_once": _visitor,
    "marks": _marks,
    "taught": _taught,
    "best": _sentence,
    "strangest": _sentence,
    "window": _window,
    "memory": _memory,
    "letter_title": lambda record, _: {"first": record.first.isoformat(), "last": record.last.isoformat()},
    "letter_began": lambda record, _: {"days": str((record.last - record.first).days + 1)},
}


def check_row(row: str, db: sqlite3.Connection, zone: tzinfo) -> str:
    """Assert that a day's row of the letter's table is in the record; returns the day."""
    day, steps, tokens, loss, _ = (cell.strip() for cell in row.strip("|").split("|"))
    record = Record(db, date.fromisoformat(day), date.fromisoformat(day), zone)
    assert (steps, tokens, loss) == (record.steps()[0], record.steps()[2], record.losses()[1]), row
    return day
