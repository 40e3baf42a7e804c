"""What people did, as counts: of who lives here, and of those guests who agree now. Never a name, never their words."""

from __future__ import annotations

import json
from typing import Any

from school.door.consent import GUEST, Standing, trust_after
from school.door.lesson_sources import NO_LESSONS, STAFF
from school.door.values import id_at
from school.record.welcome import standings, welcome
from school.report.life import Life

_EACH = """
    select person, count(*) as questions, min(at) as first_at, max(at) as last_at
    from messages where at >= :since group by person order by questions desc, person"""
_MARKS = """
    select verdict, count(*) as marks from feedback
    where at >= :since and person in (select value from json_each(:people)) group by verdict"""
_TAUGHT = f"""
    select source, count(*) as pairs, sum(status = 'learning') as learning from pairs
    where at >= :since and person in (select value from json_each(:people))
        and source not in (select value from json_each(:staff)) and source not in {NO_LESSONS}
    group by source order by source"""
_LESSONS = f"""
    select person, id from pairs where status = 'learning' and person in (select value from json_each(:people))
        and source not in (select value from json_each(:staff)) and source not in {NO_LESSONS}"""
_EVERYBODY = "select person from messages union select person from pairs union select person from feedback"


def told_of(life: Life) -> list[str]:
    """The ids of everybody who may be spoken of, quoted in answers to them, and counted one by one."""
    everybody = {person for (person,) in life.db.execute(_EVERYBODY) if person}
    return (
        sorted(welcome(life.db, everybody)) if life.has("consents") else sorted(p for p in everybody if GUEST not in p)
    )


def guests_and_house(life: Life, people: list[str]) -> list[dict[str, Any]]:
    """Who asked, most first: ``person``, ``questions``, ``first_at``, ``last_at``."""
    return [row for row in life.query(_EACH) if row["person"] in set(people)]


def trusted(life: Life, people: list[str]) -> dict[str, tuple[int, float]]:
    """Of each: lessons of theirs that nobody took away, and how far their teaching is trusted, in [0, 1]."""
    known = standings(life.db) if life.has("consents") else {}
    lessons: dict[str, list[str]] = {person: [] for person in people}
    for row in life.query(_LESSONS, people=json.dumps(people), staff=json.dumps(STAFF)):
        lessons[row["person"]].append(row["id"])
    found = {}
    for person, ids in lessons.items():
        standing = known.get(person, Standing())
        since = id_at(standing.trusted_since)
        fully = GUEST not in person or standing.vouched
        found[person] = len(ids), 1.0 if fully else round(trust_after(sum(key >= since for key in ids)), 2)
    return found


def teaching(life: Life, people: list[str]) -> dict[str, Any]:
    """``guests`` who agree and asked something, ``questions`` of them and of the house, ``marks`` by verdict, pairs
    ``taught`` by how, and how many of those are ``learning`` still."""
    asked, who = guests_and_house(life, people), json.dumps(people)
    taught = life.query(_TAUGHT, people=who, staff=json.dumps(STAFF))
    return {
        "guests": sum(GUEST in row["person"] for row in asked),
        "questions": sum(row["questions"] for row in asked),
        "marks": {row["verdict"]: row["marks"] for row in life.query(_MARKS, people=who)},
        "taught": {row["source"]: row["pairs"] for row in taught},
        "learning": sum(row["learning"] for row in taught),
    }
