"""All figures of the report, from the record alone, as one plain value: what the page draws, and what --json prints.

A part of which the record holds nothing is empty, or None. No names, no questions of anybody; of answers only those to
who lives here: it is a page to be posted, and guests agreed to being learned from, not to being read by everybody.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from school.door.mood import mood
from school.door.values import ME
from school.record.pages import DAY, LETTER, pages
from school.report import sources
from school.report.curves import SPOKEN, curve, examinations, lessons
from school.report.days import days
from school.report.life import Life
from school.report.people import teaching, told_of
from school.report.words import sentences, vocabulary

COLORS = ("red", "green", "blue")
OWN = [ME]  # whose conversations it tells words of
PAGES = 3  # of the diary
RECENT = 200  # steps that its mood comes from

_HEAD = """
    select (select min(started_at) from runs where started_at >= :birth) as born_at,
           (select count(*) from runs where started_at >= :birth) as wakings,
           (select coalesce(max(step), 0) from steps where at >= :birth) as step,
           (select max(at) from steps where at >= :birth) as last_at,
           (select coalesce(sum(tokens * span), 0) from steps where at >= :birth) as tokens_seen,
           (select coalesce(sum(seconds * span), 0) from steps where at >= :birth) as seconds_of_lessons"""
_NOW = """
    select bits_per_byte, at from evaluations where at >= :birth order by step desc, id desc limit 1"""
_BEST = """
    select bits_per_byte, at, step from evaluations where at >= :birth and bits_per_byte is not null
    order by bits_per_byte, id limit 1"""
_RECENT = """
    select red, green, blue, loss from steps
    where at >= :birth and span = 1 and loss is not null and red + green + blue is not null
    order by step desc limit :recent"""
_TALK = """
    select (select count(*) from messages where at >= :since) as questions,
           (select count(*) from replies where at >= :since) as answers,
           (select avg(seconds) from replies where at >= :since) as seconds,
           (select avg(first_token_seconds) from replies where at >= :since) as first_token_seconds,
           (select count(*) from replies where at >= :since and ending = 'end') as ended"""
_EVENTS = """
    select kind, {times} as times, max(at) as last_at from events where at >= :since group by kind
    order by times desc, kind"""
_LIBRARY = "select count(*) as texts, sum(tokens) as tokens, sum(bytes) as bytes from sources"
_OF_TEXTS = ("tokens", "lessons", "times", "bits_at_first", "bits_now")  # and never what it is called
_REVIEWED = "select sum(review_tokens * span) from steps where at >= :since"


def figures(life: Life, name: str, now: datetime, *, words: bool = True) -> dict[str, Any]:
    """The figures of a life, or of its part, as plain values; ``words``: also what it said and wrote."""
    taught, examined, people = lessons(life), examinations(life), told_of(life)
    return {
        "name": name,
        "made_at": now.isoformat(timespec="seconds"),
        "since": life.since,
        "head": _head(life, now),
        "lessons": [_some(row, "step", "at", "bits_per_byte", "tokens_per_second") for row in taught],
        "examinations": [_some(row, "step", "at", "held_out", "remembering") for row in examined],
        "heard": [_some(row, "step", "at", *SPOKEN) for row in examined if row.get(SPOKEN[0]) is not None],
        "colors": [_some(row, "step", "at", *COLORS) for row in taught if None not in (row[c] for c in COLORS)],
        "tuned": _tuned(examined),
        "hippocampus": _hippocampus(examined),
        "library": life.query(_LIBRARY)[0],
        "texts": [_some(row, *_OF_TEXTS) for row in sources.texts(life) if row["lessons"]],
        "reviewed_tokens": round(life.one(_REVIEWED) or 0),
        "teaching": teaching(life, people),
        "talk": life.query(_TALK)[0],
        "days": days(life),
        "events": life.query(_EVENTS.format(times="sum(times)" if life.has("events", "times") else "count(*)")),
        "vocabulary": vocabulary(life, OWN) if words else None,
        "sentences": sentences(life, OWN) if words else None,
        "diary": _diary(life, OWN) if words else None,
    }


def _some(row: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: row.get(name) for name in names}


def _head(life: Life, now: datetime) -> dict[str, Any]:
    """Of the whole life, whichever part of it is looked at."""
    head = life.query(_HEAD, birth=life.birth)[0]
    current, best = life.query(_NOW, birth=life.birth), life.query(_BEST, birth=life.birth)
    recent = life.query(_RECENT, birth=life.birth, recent=RECENT)[::-1]
    born = head["born_at"]
    return head | {
        "tokens_seen": round(head["tokens_seen"]),
        "age_days": max(0.0, (now - datetime.fromisoformat(born)).total_seconds() / 86_400) if born else None,
        "held_out": current[0]["bits_per_byte"] if current else None,
        "held_out_at": current[0]["at"] if current else None,
        "best": best[0]["bits_per_byte"] if best else None,
        "best_at": best[0]["at"] if best else None,
        "best_step": best[0]["step"] if best else None,
        "color": [recent[-1][channel] for channel in COLORS] if recent else None,
        "mood": mood([(r["red"], r["green"], r["blue"]) for r in recent], [r["loss"] for r in recent]).word
        if recent
        else None,
    }


def _tuned(examined: list[dict[str, Any]]) -> dict[str, list[tuple[int, str, float]]]:
    """The curve of everything that the brain tunes for itself, by the name of its gauge: what stands in rows of
    examinations besides what was examined."""
    names = dict.fromkeys(name for row in examined for name in row)
    kinds = ("window", "memory", "blend")
    return {name: curve(examined, name) for name in names if name.startswith(kinds)}


def _hippocampus(examined: list[dict[str, Any]]) -> dict[str, Any] | None:
    """What it takes off the bits per byte: now, at most, and on the average of the examinations that are told."""
    figures = [(row["held_out"], row.get("remembering")) for row in examined]
    gains = [held_out - remembering for held_out, remembering in figures if None not in (held_out, remembering)]
    if not gains:
        return None
    return {"now": gains[-1], "most": max(gains), "mean": sum(gains) / len(gains), "examinations": len(gains)}


def _diary(life: Life, people: list[str]) -> list[dict[str, Any]]:
    """The last pages, and the last letter, the latest first, without the lines about others than these people."""
    if not life.has("diary"):
        return []
    found = [*pages(life.db, DAY, PAGES), *pages(life.db, LETTER, 1)]
    quoted = {reply for page in found for line in page.lines for reply in line.replies}
    allowed = {reply for reply in quoted if _was_told(life, reply, people)}
    told = []
    for page in sorted(found, key=lambda page: (page.day, page.kind), reverse=True):
        kept = [
            line.text
            for line in page.lines
            if {*line.people} <= {*people} and {*line.replies} <= allowed and not line.texts
        ]
        told.append({"kind": page.kind, "day": page.day, "lines": kept})
    return told


def _was_told(life: Life, reply: str, people: list[str]) -> bool:
    query = "select person from messages join replies on messages.id = message_id where replies.id = :reply"
    return life.one(query, reply=reply) in people
