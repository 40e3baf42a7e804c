"""What it said, in its own words: the ones it says most, those of a season, those that are new, and its sentences.

Only from answers to who lives here, and to guests who agree now. A word is letters between other signs, in small
letters; scripts without spaces have their words run together, and so tell nothing here.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from school.diary.scoring import BROKEN_OFF, REPEATING, quotable
from school.report.life import Life

WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
LONG = 4  # letters of a word that is worth telling; what is shorter holds sentences together
OFTEN = 3  # times that a season's own word was said in it, at least
MOST, OF_SEASON, NEW = 20, 5, 24  # words told
QUOTES = 3  # of each kind
WEEK = timedelta(days=7)

_SAID = """
    select replies.at as at, replies.text as text from replies join messages on messages.id = message_id
    where {since} person in (select value from json_each(:people)) order by replies.at"""
_QUOTED = """
    select replies.text as text, replies.at as at, log_probability
    from replies join messages on messages.id = message_id
    where replies.at >= :since and person in (select value from json_each(:people)) and log_probability is not null
    order by {order}, replies.id"""
_GOODNESS = f"log_probability - {REPEATING} * coalesce(repeats, 0) - {BROKEN_OFF} * (ending is not 'end') desc"


def words_of(text: str) -> list[str]:
    return [word for word in WORD.findall(text.casefold()) if len(word) >= LONG]


def season_of(at: datetime, days: float) -> str:
    """The month of a long life; the week, by its Monday, or the day of a shorter one."""
    if days > 70:
        return f"{at:%Y-%m}"
    return f"{at - timedelta(days=at.weekday() if days > 14 else 0):%Y-%m-%d}"


def vocabulary(life: Life, people: list[str]) -> dict[str, Any]:
    """``words`` said in all and how many ``different`` ones; the ``most`` said, as (word, times); of each season those
    that belong to it more than to the rest (``seasons``: by season, (word, times)); and what was ``new`` in the week
    before the last answer (words, most said first; None in the first week), with ``new_count`` in all.

    A season's words are ordered by how often they were said in it, times the log of how much larger their share of it
    is than of all that was said (the pointwise part of mutual information: Church and Hanks 1990).
    """
    said = [(life.local(row["at"]), words_of(row["text"])) for row in _said(life, people, "replies.at >= :since and")]
    if not said:
        return {"words": 0, "different": 0, "most": [], "seasons": {}, "new": None, "new_count": None}
    days = (said[-1][0] - said[0][0]).total_seconds() / 86_400
    everything: Counter[str] = Counter()
    seasons: dict[str, Counter[str]] = {}
    for at, words in said:
        everything.update(words)
        seasons.setdefault(season_of(at, days), Counter()).update(words)
    new = _new(life, people, said[-1][0])
    return {
        "words": everything.total(),
        "different": len(everything),
        "most": _ordered(everything)[:MOST],
        "seasons": {name: _own(season, everything) for name, season in seasons.items()} if len(seasons) > 1 else {},
        "new": new[:NEW] if new is not None else None,
        "new_count": len(new) if new is not None else None,
    }


def _said(life: Life, people: list[str], since: str = "") -> list[dict[str, Any]]:
    return life.query(_SAID.format(since=since), people=json.dumps(people))


def _ordered(counted: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))


def _own(season: Counter[str], everything: Counter[str]) -> list[tuple[str, int]]:
    rate = math.log(everything.total() / max(1, season.total()))
    told = {word: times * (math.log(times / everything[word]) + rate) for word, times in season.items()}
    best = sorted((word for word in told if season[word] >= OFTEN and told[word] > 0), key=lambda w: (-told[w], w))
    return [(word, season[word]) for word in best[:OF_SEASON]]


def _new(life: Life, people: list[str], last: datetime) -> list[str] | None:
    """Of the whole life, whichever part of it is looked at."""
    before, week = set(), Counter()
    for row in _said(life, people):
        if life.local(row["at"]) <= last - WEEK:
            before.update(words_of(row["text"]))
        else:
            week.update(words_of(row["text"]))
    return [word for word, _ in _ordered(week) if word not in before] if before else None


def sentences(life: Life, people: list[str]) -> dict[str, list[dict[str, Any]]]:
    """Its ``best`` answers, by the scribe's measure, and the ``strangest``, which surprised itself most: ``text``,
    ``at``, and ``log_probability`` in nats per token. None of them twice."""
    if not life.has("replies", "log_probability"):
        return {"best": [], "strangest": []}
    best = _quotes(life, people, _GOODNESS, set())
    return {"best": best, "strangest": _quotes(life, people, "log_probability", {row["text"] for row in best})}


def _quotes(life: Life, people: list[str], order: str, told: set[str]) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    values = {"since": life.since, "people": json.dumps(people)}
    for row in life.db.query(_QUOTED.format(order=order), values):
        text = " ".join(row["text"].split())
        if quotable(text) and text not in told and text not in found:
            found[text] = row | {"text": text}
        if len(found) == QUOTES:
            break
    return list(found.values())
