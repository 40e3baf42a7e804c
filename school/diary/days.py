"""The diary: what a day was, found in the record by queries alone, and said in the first person.

Days are local days of a time zone. Only people who agree now, or live here, are named or quoted; the
others are in the counts.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta, tzinfo
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from brain.gauges import Gauge, from_names
from school.diary.faces import bear
from school.diary.scoring import goodness, quotable
from school.diary.voice import Voices
from school.door.lesson_sources import NO_LESSONS, STAFF
from school.door.mood import mood
from school.door.values import ME
from school.office.foreign import one_line
from school.record.pages import DAY, LETTER, Line, Page
from school.record.welcome import welcome
from school.schedule.hours import start_of

if TYPE_CHECKING:
    from sqlite_utils import Database

NAMED, TITLES = 5, 5  # at most in one page
COURSE = 200  # parts of a day, by which its mood goes, at most

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    person: str
    times: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """``what``: "best" or "strangest"; ``person`` is who was answered."""

    what: str
    reply: str
    person: str
    text: str
    log_probability: float  # nats per token


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """Where one of the things that the brain tunes for itself went."""

    gauge: Gauge  # as it is after
    before: float

    @property
    def after(self) -> float:
        return self.gauge.value

    @property
    def ratio(self) -> float:
        return abs(self.after - self.before) / max(abs(self.before), 1e-9)


@dataclass(frozen=True, slots=True, kw_only=True)
class DayFacts:
    """What the record holds of some days in a row. Losses in nats per token: of the first and the last quarter of the
    lessons; held-out bits per byte: at the last examination before, or else the first one, and at the last one."""

    first: str
    last: str
    steps: int
    hours: float
    tokens: int
    loss_before: float | None
    loss_after: float | None
    color: tuple[float, float, float] | None
    mood: str
    texts: list[str]
    new_texts: list[str]
    held_out_before: float | None
    held_out_after: float | None
    questions: int
    answers: int
    good: int
    bad: int
    fixed: int
    taught: int  # lessons from people
    people: list[Visitor]  # who asked most first
    quotes: list[Quote]
    shifts: list[Shift]

    @property
    def lived(self) -> bool:
        return self.steps > 0 or self.answers > 0


# ---- finding -------------------------------------------------------------------------------------------------------


def facts_of_day(db: Database, day: date, zone: tzinfo) -> DayFacts:
    return facts_of_days(db, day, day, zone)


def facts_of_days(db: Database, first: date, last: date, zone: tzinfo) -> DayFacts:
    """What happened from the beginning of the first day to the end of the last."""
    start, end = start_of(first, zone), start_of(last + timedelta(days=1), zone)
    span = {"start": start, "end": end}
    steps = list(db.query(f"select * from steps where {_AT} order by step", span))
    known = [row for row in steps if row["loss"] is not None]
    quarters, course = _parts(known, 4), _course(known)
    colors = [_color(part) for part in course]
    counted = next(db.query(_COUNTS, span))
    spoken = list(db.query(_SPOKEN, span))
    hosts = welcome(db, {row["person"] for row in spoken})
    return DayFacts(
        first=first.isoformat(),
        last=last.isoformat(),
        steps=sum(row["span"] for row in steps),
        hours=sum(row["seconds"] * row["span"] for row in steps) / 3600,
        tokens=round(sum(row["tokens"] * row["span"] for row in steps)),
        loss_before=_mean(quarters[0], "loss") if quarters else None,
        loss_after=_mean(quarters[-1], "loss") if quarters else None,
        color=_color(known) if known else None,
        mood=mood(colors, [_mean(part, "loss") for part in course]).word,
        **_shelf(db, span),
        **counted,
        people=_visitors(db, span),
        quotes=_quotes([row for row in spoken if row["person"] in hosts]),
        **_examined(db, span),
    )


def days_with_life(db: Database, first: date, last: date, zone: tzinfo) -> list[date]:
    """The days on which there was a lesson or an answer."""
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [day for day in days if _lived(db, day, zone)]


def _lived(db: Database, day: date, zone: tzinfo) -> bool:
    span = {"start": start_of(day, zone), "end": start_of(day + timedelta(days=1), zone)}
    query = f"select exists(select 1 from steps where {_AT}) or exists(select 1 from replies where {_AT})"
    return bool(db.execute(query, span).fetchone()[0])


_AT = "at >= :start and at < :end"
_COUNTS = f"""
    select (select count(*) from messages where {_AT}) as questions,
           (select count(*) from replies where {_AT}) as answers,
           (select count(*) from feedback where {_AT} and verdict = 'good') as good,
           (select count(*) from feedback where {_AT} and verdict = 'bad') as bad,
           (select count(*) from feedback where {_AT} and verdict = 'fix') as fixed,
           (select count(*) from pairs where {_AT} and source not in {(*STAFF, *NO_LESSONS)}) as taught"""
_SPOKEN = f"""
    select replies.id as reply, person, replies.text as text, log_probability, repeats, ending
    from replies join messages on messages.id = message_id
    where replies.{_AT.replace("and ", "and replies.")} and log_probability is not null order by replies.id"""


def _parts(rows: Sequence[Row], count: int) -> list[list[Row]]:
    """The rows in so many parts of equally many steps, as nearly as rows allow; without the empty ones. Early rows of a
    long day stand for a hundred steps each, the latest for one."""
    parts: list[list[Row]] = [[] for _ in range(count)]
    total, before = sum(row["span"] for row in rows), 0
    for row in rows:
        parts[int(count * (before + row["span"] / 2) / total)].append(row)
        before += row["span"]
    return [part for part in parts if part]


def _course(rows: Sequence[Row]) -> list[list[Row]]:
    """As many parts of equally many steps as rows allow, at most COURSE, so that none is empty."""
    if not rows:
        return []
    spans = [row["span"] for row in rows]
    return _parts(rows, min(COURSE, sum(spans) // max(spans)))


def _mean(rows: Sequence[Row], name: str) -> float:
    """Weighted by the steps that each row stands for."""
    return sum(row[name] * row["span"] for row in rows) / sum(row["span"] for row in rows)


def _color(rows: Sequence[Row]) -> tuple[float, float, float]:
    return tuple(_mean(rows, channel) for channel in ("red", "green", "blue"))


def _shelf(db: Database, span: dict[str, str]) -> dict[str, list[str]]:
    """Titles of the texts that lay on the shelf in the days' lessons, and of those that were new."""
    query = f"""
        select name, first_seen_at >= :start as new from sources
        where first_seen_at < :end and last_seen_at >= (
            select min(started_at) from runs where id in (select distinct run_id from steps where {_AT}))
        order by bytes desc, name"""
    rows = list(db.query(query, span))
    return {"texts": [row["name"] for row in rows], "new_texts": [row["name"] for row in rows if row["new"]]}


def _visitors(db: Database, span: dict[str, str]) -> list[Visitor]:
    query = f"select person, count(*) as times from messages where {_AT} group by person order by times desc, person"
    rows = list(db.query(query, span))
    hosts = welcome(db, {row["person"] for row in rows})
    return [Visitor(**row) for row in rows if row["person"] in hosts]


def _quotes(spoken: Sequence[Row]) -> list[Quote]:
    """The sentence that was best, and the one that surprised itself most."""
    fit = [row | {"text": " ".join(row["text"].split())} for row in spoken]
    fit = [row for row in fit if quotable(row["text"])]
    if not fit:
        return []
    best = max(fit, key=lambda row: goodness(row["log_probability"], row["repeats"], row["ending"]))
    others = [row for row in fit if row["text"] != best["text"]]
    strangest = [min(others, key=lambda row: row["log_probability"])] if others else []
    fields = ("reply", "person", "text", "log_probability")
    named = [("best", best), *(("strangest", row) for row in strangest)]
    return [Quote(what=what, **{field: row[field] for field in fields}) for what, row in named]


def _examined(db: Database, span: dict[str, str]) -> dict[str, Any]:
    """Held-out figures and what moved in the brain, between the examination before and the last one."""
    exams = list(db.query(f"select * from evaluations where {_AT} order by id", span))
    if not exams:
        return {"held_out_before": None, "held_out_after": None, "shifts": []}
    earlier = db.query("select * from evaluations where at < :start order by id desc limit 1", span)
    before, after = next(earlier, exams[0]), exams[-1]
    old, new = json.loads(before["gauges"]), json.loads(after["gauges"])
    kept = [gauge for gauge in from_names(new) if gauge.name in old and gauge.kind in ("window", "memory")]
    shifts = [Shift(gauge=gauge, before=old[gauge.name]) for gauge in kept]
    shifts.sort(key=lambda shift: (-shift.ratio, shift.gauge.name))
    return {"held_out_before": before["bits_per_byte"], "held_out_after": after["bits_per_byte"], "shifts": shifts}


# ---- saying --------------------------------------------------------------------------------------------------------


def entry(facts: DayFacts, voices: Voices, at: str) -> Page:
    """The page of a day."""
    say = _Teller(voices["diary"], facts.last)
    lines = [
        say("began", day=facts.last),
        *_about_reading(facts, say),
        *_about_progress(facts, say),
        *_about_people(facts, say, voices),
        *_about_sentences(facts, say),
        *_about_head(facts, say),
        say("mood", mood=voices["moods"].say(facts.mood, seed=facts.last)),
        say("ended", face=bear(voices["faces"], facts.mood, facts.last)),
    ]
    return Page(kind=DAY, day=facts.last, at=at, lines=tuple(lines), facts=asdict(facts))


def letter(week: DayFacts, days: Sequence[DayFacts], voices: Voices, at: str) -> Page:
    """The letter home about the week, in Markdown; ``days`` are those of it on which there was life."""
    tell, say = _Teller(voices["diary"], week.last), _Teller(voices["letter"], week.last)
    face = bear(voices["faces"], week.mood, week.last)

    def section(occasion: str, lines: Sequence[Line]) -> list[Line]:
        return [Line(""), Line(f"## {say(occasion).text}"), Line(""), *lines] if lines else []

    lines = [
        Line(f"# {say('title', first=week.first, last=week.last).text}"),
        Line(""),
        say("dear"),
        Line(""),
        say("began" if len(days) > 1 else "began_once", days=f"{len(days)}"),
        *section("reading", _about_reading(week, tell)),
        *section("people", _about_people(week, tell, voices)),
        *section("days", [*_table(days, say, voices), Line(""), *_about_progress(week, tell)]),
        *section("sentences", [_quoted(line) for line in _about_sentences(week, tell)]),
        *section("inside", _about_head(week, tell)),
        Line(""),
        say("ended", face=face),
    ]
    return Page(kind=LETTER, day=week.last, at=at, lines=tuple(lines), facts={"week": asdict(week)})


@dataclass(frozen=True, slots=True)
class _Teller:
    """Makes lines in a voice, the same for the same day."""

    voice: Any
    seed: str

    def __call__(
        self,
        occasion: str,
        *,
        people: tuple[str, ...] = (),
        replies: tuple[str, ...] = (),
        named: Sequence[str] = (),
        **fields: object,
    ) -> Line:
        """``named``: texts whose ``titles`` it tells."""
        titles = {"titles": _titles(named)} if named else {}
        return Line(
            self.voice.say(occasion, seed=self.seed, **fields, **titles), people, replies, tuple(named[:TITLES])
        )


Say = Callable[..., Line]


def _about_reading(facts: DayFacts, say: Say) -> list[Line]:
    if not facts.steps:
        return [say("no_lessons")]
    read = {"steps": f"{facts.steps:,}", "tokens": f"{facts.tokens:,}"}
    long = facts.hours >= 1
    time = {"hours": f"{facts.hours:.1f}"} if long else {"minutes": f"{60 * facts.hours:.1f}"}
    lines = [say("lessons" if long else "lessons_short", **read, **time)]
    if facts.texts:
        occasion = "texts" if len(facts.texts) > 1 else "text"
        lines.append(say(occasion, count=f"{len(facts.texts):,}", named=facts.texts))
    if facts.new_texts and len(facts.new_texts) < len(facts.texts):
        lines.append(say("new_texts", named=facts.new_texts))
    return lines


def _titles(names: Sequence[str]) -> str:
    """As one would call them: without folders and endings."""
    titles = ", ".join(one_line(PurePath(name).stem) for name in names[:TITLES])
    return titles + (" ..." if len(names) > TITLES else "")


def _about_progress(facts: DayFacts, say: Say) -> list[Line]:
    lines = []
    if facts.loss_before is not None and facts.loss_after is not None:
        lines.append(say("loss", before=f"{facts.loss_before:.2f}", after=f"{facts.loss_after:.2f}"))
    if facts.held_out_after is not None and facts.held_out_before is not None:
        before, after = f"{facts.held_out_before:.3f}", f"{facts.held_out_after:.3f}"
        lines.append(
            say("held_out", after=after) if before == after else say("held_out_moved", before=before, after=after)
        )
    return lines


def _about_people(facts: DayFacts, say: Say, voices: Voices) -> list[Line]:
    if not facts.questions:
        lines = [say("no_talk")]
    else:
        lines = [say("talk", questions=f"{facts.questions:,}", answers=f"{facts.answers:,}")]
    met: set[str] = set()
    for visitor in facts.people[:NAMED]:
        name = name_of(visitor.person, voices)
        who = say("namesake", who=name).text if name in met else name
        met.add(name)
        occasion = "visitor_once" if visitor.times == 1 else "visitor"
        line = say(occasion, people=(visitor.person,), who=who, times=f"{visitor.times:,}")
        lines.append(replace(line, text=line.text[0].upper() + line.text[1:]))  # a name may stand first
    if len(facts.people) > NAMED:
        lines.append(say("visitors_more", count=f"{len(facts.people) - NAMED:,}"))
    if facts.good or facts.bad or facts.fixed:
        lines.append(say("marks", good=f"{facts.good:,}", bad=f"{facts.bad:,}", fix=f"{facts.fixed:,}"))
    if facts.taught:
        lines.append(say("taught", pairs=f"{facts.taught:,}"))
    return lines


def name_of(person: str, voices: Voices) -> str:
    """What it calls somebody: who lives here as the voice says, a guest, whose name nobody knows, by one of its own."""
    return voices["diary"].choose("visitors", seed=person) if person != ME else voices["names"].choose("owner")


def _about_sentences(facts: DayFacts, say: Say) -> list[Line]:
    return [say(q.what, text=q.text, people=(q.person,), replies=(q.reply,)) for q in facts.quotes]


def _about_head(facts: DayFacts, say: Say) -> list[Line]:
    """The window and the memory that moved most, if one can see it."""
    lines = []
    windows = [s for s in facts.shifts if s.gauge.kind == "window" and f"{s.before:.1f}" != f"{s.after:.1f}"]
    for shift in windows[:1]:
        lines.append(
            say("window", number=str(shift.gauge.index), before=f"{shift.before:.1f}", after=f"{shift.after:.1f}")
        )
    memories = [s for s in facts.shifts if s.gauge.kind == "memory" and f"{s.before:.3f}" != f"{s.after:.3f}"]
    for shift in memories[:1]:
        figures = {"number": str(shift.gauge.index), "before": f"{shift.before:.3f}", "after": f"{shift.after:.3f}"}
        lines.append(say("memory", which=say(f"{shift.gauge.part}_memory").text, **figures))
    return lines


def _quoted(line: Line) -> Line:
    return replace(line, text=f"> {line.text}\n")


def _table(days: Sequence[DayFacts], say: Say, voices: Voices) -> list[Line]:
    """A row for each day."""
    lines = [say("head"), Line("|---|---:|---:|---:|---|")]
    for day in days:
        loss = "-" if day.loss_after is None else f"{day.loss_after:.2f}"
        feeling = voices["moods"].say(day.mood, seed=day.last)
        lines.append(Line(f"| {day.last} | {day.steps:,} | {day.tokens:,} | {loss} | {feeling} |"))
    return lines
