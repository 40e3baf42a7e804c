"""Diary and letters read back: every figure, name and quotation that they were given to say is looked up in the record,
with queries that have nothing to do with those that wrote it.

In what words a diary says it is no matter of truth. So the life that is checked has a voice of its own
(``bare_voice``), which only lists what each line has to tell: the occasion, and every name with its value.
"""

from __future__ import annotations

import json
import re
import sqlite3
import string
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from pathlib import Path, PurePath
from typing import Any

VOICE = tomllib.loads((Path(__file__).parent.parent / "school" / "voices" / "en.toml").read_text("utf-8"))
WORDS = {  # parts of lines, and what is no line; these words are ours
    "diary": {"visitors": VOICE["diary"]["visitors"], "namesake": ["another {who}"], "short_memory": ["short"],
              "long_memory": ["long"]},
    "letter": {"head": ["| day | lessons | tokens | loss | mood |"]},
}  # fmt: skip
LINE, PLACE = re.compile(r"⟪(\w+)((?: \w+=⟦.*?⟧)*)⟫"), re.compile(r" (\w+)=⟦(.*?)⟧")
SHELF = 5  # titles that are told
OWNER = "owner"


class Untrue(AssertionError):
    """A sentence that the record does not bear out."""


Line = dict[str, Any]  # of a page, as the record holds it: text, people, replies
Said = dict[str, str]  # what stands in the places of a sentence


def bare_voice() -> str:
    """A voice.toml whose diary and letters only list their facts; for the home of a life that is to be checked."""
    text = ""
    for section, words in WORDS.items():
        text += f"[{section}]\n"
        for key, lines in VOICE[section].items():
            if key not in words:
                fields = {field for line in lines for _, field, *_ in string.Formatter().parse(line) if field}
                occasion = key if section == "diary" else f"{section}_{key}"
                lines = [f"⟪{occasion}{''.join(f' {field}=⟦{{{field}}}⟧' for field in sorted(fields))}⟫"]
            text += f"{key} = {json.dumps(words.get(key, lines), ensure_ascii=False)}\n"
    return text


def understood(line: str) -> tuple[str, Said]:
    """Which occasion a line was said on, and what stands in its places. Raises Untrue for what no bare voice says."""
    found = LINE.search(line)
    if not found:
        raise Untrue(f"nobody says: {line}")
    return found[1], dict(PLACE.findall(found[2]))


@dataclass
class Record:
    """The record between the beginning of one local day and the end of another."""

    db: sqlite3.Connection
    first: date
    last: date
    zone: tzinfo

    def ask(self, query: str, at: str = "at") -> list[tuple]:
        """``query`` with ``{then}`` where the moment ``at`` is to be within the days."""
        begins, ends = (
            datetime.combine(day, time(), self.zone).astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"
            for day in (self.first, self.last + timedelta(days=1))
        )
        within = f"({at} >= '{begins}' and {at} < '{ends}')"
        query = query.format(then=within, before=f"{at} < '{begins}'", soon=f"{at} < '{ends}'")
        return self.db.execute(query).fetchall()

    def count(self, what: str) -> int:
        return self.ask(f"select count(*) from {what}")[0][0]

    def losses(self) -> Said:
        """Means over the first and the last quarter of the steps; a row belongs where its middle is."""
        rows = self.ask(
            "select loss, span, sum(span) over (order by step) - span / 2.0, sum(span) over () from steps "
            "where {then} and loss is not null"
        )
        quarters = [
            [(loss, span) for loss, span, middle, total in rows if first <= 4 * middle / total < first + 1]
            for first in (0, 3)
        ]
        means = [sum(loss * span for loss, span in part) / sum(span for _, span in part) for part in quarters]
        return dict(zip(("before", "after"), (f"{mean:.2f}" for mean in means), strict=True))

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
        return f"{steps:,}", seconds, f"{round(tokens):,}"

    def sentences(self) -> list[tuple[str, str, float, float]]:
        """Of the answers worth telling: id, text, likelihood, and that less what spoils an answer."""
        rows = self.ask(
            "select replies.id, replies.text, log_probability, repeats, ending, person, "
            "(select what from consents where consents.person = messages.person order by rowid desc limit 1) "
            "from replies join messages on messages.id = message_id where {then} order by replies.id",
            at="replies.at",
        )
        found = []
        for reply, text, likely, repeats, ending, person, last_word in rows:
            text, agrees = " ".join(text.split()), person == OWNER or last_word == "in"
            if agrees and text.count(" ") >= 2 and len(text) <= 200 and "\ufffd" not in text:
                found.append((reply, text, likely, likely - 4 * repeats - 0.5 * (ending != "end")))
        return found


def check_page(lines: Sequence[Line], record: Record) -> tuple[list[str], int]:
    """The occasions of all that a page says, and how many figures, names and quotations of it were looked up. Raises
    Untrue."""
    occasions, looked_up = [], 0
    for line in lines:
        if line["text"].startswith("| 2"):
            check_row(line["text"], record)
            looked_up += 4
        elif line["text"] and not line["text"].startswith("|"):
            occasion, said = check_line(line, record)
            occasions.append(occasion)
            looked_up += len(said) if occasion in TRUE else 0
    return occasions, looked_up


def check_line(line: Line, record: Record) -> tuple[str, Said]:
    """The occasion, and what stands in its places. Raises Untrue where the record says something else."""
    occasion, said = understood(line["text"])
    if occasion in TRUE:
        true = TRUE[occasion](record, said, line)
        if said != {name: true.get(name) for name in said}:
            raise Untrue(f"{occasion}: {line['text']} The record says {true}.")
    elif any(re.search(r"\d", value) for name, value in said.items() if name != "face"):
        raise Untrue(f"{occasion}: nobody knows where the figure is from in: {line['text']}")
    return occasion, said  # others are moods, faces, greetings


def _lessons(record: Record, said: Said, _: Line) -> Said:
    steps, seconds, tokens = record.steps()
    time = {"hours": f"{seconds / 3600:.1f}"} if seconds >= 3600 else {"minutes": f"{seconds / 60:.1f}"}
    return {"steps": steps, "tokens": tokens} | time


def _shelf(record: Record, said: Said, _: Line) -> Said:
    names = [name for (name,) in record.ask("select name from sources where {soon} order by bytes desc, name", _SEEN)]
    titles = ", ".join(PurePath(name).stem for name in names[:SHELF]) + " ..." * (len(names) > SHELF)
    return {"count": str(len(names)), "titles": titles}


def _new(record: Record, said: Said, _: Line) -> Said:
    names = [name for (name,) in record.ask("select name from sources where {then} order by bytes desc, name", _SEEN)]
    return {"titles": ", ".join(PurePath(name).stem for name in names[:SHELF]) + " ..." * (len(names) > SHELF)}


_SEEN = "first_seen_at"


def _held_out(record: Record, said: Said, _: Line) -> Said:
    (before, _), (after, _) = record.examinations()
    return {"before": f"{before:.3f}", "after": f"{after:.3f}"}


def _talk(record: Record, said: Said, _: Line) -> Said:
    return {
        "questions": f"{record.count('messages where {then}'):,}",
        "answers": f"{record.count('replies where {then}'):,}",
    }


def _visitor(record: Record, said: Said, line: Line) -> Said:
    (person,) = line["people"]
    asked = record.count(f"messages where {{then}} and person = '{person}'")
    owner = VOICE["names"]["owner"]
    name = said["who"].removeprefix("another ")
    known = name == owner if person == OWNER else name in VOICE["diary"]["visitors"]
    return {"who": said["who"] if known else "", "times": f"{asked:,}"} if asked > 1 or "times" not in said else {}


def _marks(record: Record, said: Said, _: Line) -> Said:
    verdicts = dict(record.ask("select verdict, count(*) from feedback where {then} group by verdict"))
    return {verdict: f"{verdicts.get(verdict, 0):,}" for verdict in ("good", "bad", "fix")}


def _taught(record: Record, said: Said, _: Line) -> Said:
    return {"pairs": f"{record.count(_PAIRS):,}"}


_PAIRS = "pairs where {then} and source in ('good', 'fix', 'teach', 'chat')"


def _best(record: Record, said: Said, line: Line) -> Said:
    reply, text, _, _ = max(record.sentences(), key=lambda sentence: sentence[3])
    return {"text": text} if line["replies"] == [reply] else {}


def _strangest(record: Record, said: Said, line: Line) -> Said:
    best = max(record.sentences(), key=lambda sentence: sentence[3])
    others = [sentence for sentence in record.sentences() if sentence[1] != best[1]]
    reply, text, _, _ = min(others, key=lambda sentence: sentence[2])
    return {"text": text} if line["replies"] == [reply] else {}


def _window(record: Record, said: Said, _: Line) -> Said:
    old, new = (json.loads(gauges)[f"window{said['number']}"] for _, gauges in record.examinations())
    return {"number": said["number"], "before": f"{old:.1f}", "after": f"{new:.1f}"}


def _memory(record: Record, said: Said, _: Line) -> Said:
    gauge = f"memory{said['number']}_{said['which']}"
    old, new = (json.loads(gauges)[gauge] for _, gauges in record.examinations())
    return {"which": said["which"], "number": said["number"], "before": f"{old:.3f}", "after": f"{new:.3f}"}


def _days(record: Record, said: Said, _: Line) -> Said:
    ats = record.ask("select at from steps where {then} union select at from replies where {then}")
    return {"days": str(len({datetime.fromisoformat(at).astimezone(record.zone).date() for (at,) in ats}))}


TRUE: dict[str, Callable[[Record, Said, Line], Said]] = {  # what should have been said, of whatever has figures
    "began": lambda record, *_: {"day": record.last.isoformat()},
    "lessons": _lessons,
    "lessons_short": _lessons,
    "text": _shelf,
    "texts": _shelf,
    "new_texts": _new,
    "loss": lambda record, *_: record.losses(),
    "held_out": _held_out,
    "held_out_moved": _held_out,
    "talk": _talk,
    "visitor": _visitor,
    "visitor_once": _visitor,
    "marks": _marks,
    "taught": _taught,
    "best": _best,
    "strangest": _strangest,
    "window": _window,
    "memory": _memory,
    "letter_title": lambda record, *_: {"first": record.first.isoformat(), "last": record.last.isoformat()},
    "letter_began": _days,
}


def check_row(row: str, record: Record) -> None:
    """A day's row of the letter's table. Raises Untrue."""
    day, *said, _ = (cell.strip() for cell in row.strip("|").split("|"))
    of_day = Record(record.db, date.fromisoformat(day), date.fromisoformat(day), record.zone)
    true = [of_day.steps()[0], of_day.steps()[2], of_day.losses()["after"]]
    if said != true:
        raise Untrue(f"{row} The record says {true}.")


def check_diary(db: sqlite3.Connection, zone: tzinfo) -> list[tuple[str, str, list[str], int]]:
    """All pages of a record and its letters: kind, day, occasions, and how much was looked up. Raises Untrue."""
    checked = []
    for kind, day, lines in db.execute("select kind, day, lines from diary order by day, kind").fetchall():
        last = date.fromisoformat(day)
        first = last if kind == "day" else last - timedelta(days=6)
        checked.append((kind, day, *check_page(json.loads(lines), Record(db, first, last, zone))))
    return checked
