"""What ``stats`` can show besides the summary, a function each: of a life, a table."""

from __future__ import annotations

from collections.abc import Callable

from brain.gauges import from_names
from school.office.mistakes import Mistake
from school.report import sources
from school.report.curves import curve, curves, examinations, lessons, statistics
from school.report.days import days
from school.report.life import Life
from school.report.sql import ask
from school.report.tables import Table
from school.report.talk import talk

_EVENTS = """
    select at, kind, step, text{times} from events where at >= :since and at < :until and (:kind = '' or kind = :kind)
    order by at desc, id desc limit :last"""
_NOW = """
    select max(step) as step, max(at) as at, avg(loss) as loss, avg(bits_per_byte) as bits_per_byte,
           (select bits_per_byte from evaluations where at >= :since order by step desc, id desc limit 1) as held_out,
           (select min(bits_per_byte) from evaluations where at >= :since) as best,
           sum(tokens) / nullif(sum(seconds), 0) as tokens_per_second,
           avg(red) as red, avg(green) as green, avg(blue) as blue
    from (select * from steps where at >= :since order by step desc limit :lessons)"""
_LESSONS = 100  # that tell how it is doing now
_COLORS = ("red", "green", "blue")
Words = list[str]


def show_now(life: Life, words: Words, last: int | None) -> Table:
    """How it is doing: means of its last lessons, and its last and best examination."""
    return Table(*life.columns_and_rows(f"{_NOW} having max(step) is not null", lessons=_LESSONS))


def show_curve(life: Life, words: Words, last: int | None) -> Table:
    """Statistics over steps; without names, which there are."""
    if not words:
        names = [[name] for name in statistics(life)]
        return Table(["statistic"], names, "stats curve NAME... plots them; --csv and --json print their points.")
    found = curves(life, words).items()
    rows = [[name, step, at, value] for name, points in found for step, at, value in points]
    return Table(["statistic", "step", "at", "value"], rows[-last:] if last else rows)


def show_days(life: Life, words: Words, last: int | None) -> Table:
    rows = days(life)
    names = ["day", "steps", "seconds", "tokens", "bits_per_byte", "held_out_bits_per_byte", "answers", "gain", "flag"]
    return Table.of(rows[-last:] if last else rows, names)


def show_talk(life: Life, words: Words, last: int | None) -> Table:
    """The last that was said, or that has all these words."""
    found = talk(life, " ".join(words) if words else None, last=last or 20)[::-1]
    return Table.of(found, ["at", "person", "question", "answer", "step", "verdict"])


def show_words(life: Life, words: Words, last: int | None) -> Table:
    """What it says most, what belongs to each season, what was new in the last week."""
    from school.report.people import told_of
    from school.report.words import vocabulary

    found = vocabulary(life, told_of(life))
    rows = [["said most", "", word, times] for word, times in found["most"]]
    rows += [["of a season", season, word, times] for season, own in found["seasons"].items() for word, times in own]
    rows += [["new this week", "", word, None] for word in found["new"] or []]
    return Table(["which", "from", "word", "times"], rows)


def show_windows(life: Life, words: Words, last: int | None) -> Table:
    """How many tokens back each window looks: at first, now, and at least and at most meanwhile."""
    return _tuned(life, "window")


def show_memory(life: Life, words: Words, last: int | None) -> Table:
    """What each memory keeps of itself from token to token (k), and over how many it so averages now: 1 / (1 - k)."""
    found = _tuned(life, "memory")
    spans = [[*row, 1 / (1 - row[2]) if 0 <= row[2] < 1 else None] for row in found.rows]
    return Table([*found.columns, "tokens_now"], spans)


def _tuned(life: Life, kind: str) -> Table:
    examined, rows = examinations(life), []
    names = dict.fromkeys(name for row in examined for name in row)
    for gauge in from_names(dict.fromkeys(names, 0.0)):
        if gauge.kind == kind:
            values = [value for _, _, value in curve(examined, gauge.name)]
            rows.append([gauge.name, values[0], values[-1], min(values), max(values)])
    return Table([kind, "at_first", "now", "least", "most"], rows)


def show_mood(life: Life, words: Words, last: int | None) -> Table:
    """Its self-state: what it was and what it expected."""
    names = ["step", "at", *_COLORS, *(f"expected_{color}" for color in _COLORS)]
    rows = [row for row in lessons(life) if row["red"] is not None]
    return Table.of(rows[-last:] if last else rows, names)


def show_sources(life: Life, words: Words, last: int | None) -> Table:
    """The texts that it learned from: how often each was taught, and bits per byte in its lessons at first and now."""
    return Table.of(sources.texts(life), sources.COLUMNS)


def show_people(life: Life, words: Words, last: int | None) -> Table:
    """Who lives here, and guests who agree now."""
    from school.report.people import guests_and_house, told_of, trusted

    people = told_of(life)
    trust = trusted(life, people)
    rows = [
        row | dict(zip(("lessons", "trust"), trust[row["person"]], strict=True))
        for row in guests_and_house(life, people)
    ]
    columns = ["person", "questions", "lessons", "trust", "first_at", "last_at"]
    return Table.of(
        rows, columns, "Guests who don't agree now are left out. Trust: how much what they teach weighs, 0 to 1."
    )


def show_events(life: Life, words: Words, last: int | None) -> Table:
    """What happened, or what of one kind; of long ago the last in each hour, and how many ``times`` it was."""
    sql = _EVENTS.format(times=", times" if life.has("events", "times") else "")
    columns, rows = life.columns_and_rows(sql, kind=" ".join(words), last=last or 20)
    return Table(columns, rows[::-1])


def show_sql(life: Life, words: Words, last: int | None) -> Table:
    """The answer to one question in SQL."""
    if len(words) != 1:
        raise Mistake('stats sql: write one statement in quotes, like "select count(*) from replies".')
    return ask(life, words[0])


VIEWS: dict[str, Callable[[Life, Words, int | None], Table]] = {
    "now": show_now,
    "curve": show_curve,
    "days": show_days,
    "talk": show_talk,
    "words": show_words,
    "windows": show_windows,
    "memory": show_memory,
    "mood": show_mood,
    "sources": show_sources,
    "people": show_people,
    "events": show_events,
    "sql": show_sql,
}
