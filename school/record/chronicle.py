"""The chronicle: the life so far, read from the record, as plain values or drawn in the terminal."""

from __future__ import annotations

import re
import sqlite3
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any

from school.office.advice import command
from school.office.foreign import one_line
from school.office.mistakes import Mistake
from school.record.pages import DAY, LETTER, pages
from school.record.read_only import EXAMINATIONS, Look, looking
from school.screen.calligraphist import count, figure, for_screen, number_of
from school.screen.glossary import WORDS
from school.screen.progress import Examination, is_it_learning

POINTS = 200  # of a curve
DAYS_SHOWN = 5  # that were remarkable
RUNNING = re.compile(  # scripts without spaces between words, or with endings on them
    "[\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3040-\u30ff\u3130-\u318f\u3400-\u9fff\uac00-\ud7af"
    "\uf900-\ufaff\U00020000-\U0003ffff]"
)

SUMMARY = """
    select (select coalesce(max(step), 0) from steps) as step,
           (select coalesce(sum(tokens * span), 0) from steps) as tokens_seen,
           (select bits_per_byte from evaluations order by step desc, id desc limit 1) as held_out_bits_per_byte,
           (select min(bits_per_byte) from evaluations) as best_bits_per_byte,
           (select count(*) from messages) as messages,
           (select count(*) from replies) as replies,
           (select count(*) from pairs where status = 'learning') as pairs,
           (select count(*) from runs) as wakings,
           (select min(started_at) from runs) as born_at,
           (select sum(seconds * span) from steps) as seconds_of_lessons"""
LOSSES = """
    select max(step) as step, sum(bits_per_byte * span) / sum(span) as bits_per_byte
    from steps where bits_per_byte is not null
    group by step * {points} / (select max(step) + 1 from steps) order by step"""
CHANNELS = ("red", "green", "blue")
COLORS = (*CHANNELS, *(f"expected_{channel}" for channel in CHANNELS))
WEATHER = """
    select max(step) as step, min(at) as at, {means}
    from steps group by step * {points} / (select max(step) + 1 from steps) order by step"""
DAYS = """
    select day_of(at) as day, sum(span) as steps, sum(seconds * span) as seconds, max(step) as last_step,
           sum(bits_per_byte * span) / sum(case when bits_per_byte is not null then span end) as bits_per_byte,
           best as held_out_bits_per_byte
    from steps left join (select day_of(at) as exam_day, min(bits_per_byte) as best from evaluations group by exam_day)
               on exam_day = day_of(at)
    group by day order by day"""
TALK = """
    select messages.at, messages.person, messages.text as question, replies.text as answer, replies.step,
           (select verdict from feedback where reply_id = replies.id order by rowid desc limit 1) as verdict
    from messages left join replies on replies.message_id = messages.id"""


def read_life(home: Path, *, search: str | None, last: int, zone: tzinfo = UTC) -> dict[str, Any]:
    """Summary, curves, the days of a time zone, and talk; moments are in UTC. Raises Mistake if nothing has been
    recorded, or the record can't be read."""
    path = home / "statistics" / "baby.db"
    if not path.exists():
        raise Mistake(f"nothing is recorded in {path} yet; wake the baby first: {command()}")
    try:
        with looking(path) as db:
            db.conn.create_function("day_of", 1, lambda at: _local(at, zone)[:10], deterministic=True)
            life = next(iter(db.query(SUMMARY)))
            life["tokens_seen"] = round(life["tokens_seen"])
            life["souls"] = sorted(place.name for place in (home / "soul").glob("step-*"))
            life["loss_curve"] = list(db.query(LOSSES.format(points=POINTS)))
            life["held_out_curve"] = list(db.query("select step, bits_per_byte from evaluations order by step, id"))
            means = ", ".join(
                f"sum({name} * span) / sum(case when {name} is not null then span end) as {name}" for name in COLORS
            )
            life["weather"] = list(db.query(WEATHER.format(points=POINTS, means=means)))
            life["days"] = flagged(list(db.query(DAYS)))
            where, values = _found(search) if search is not None else ("1", {})
            life["talk"] = list(
                db.query(f"{TALK} where {where} order by messages.at desc limit :last", values | {"last": last})
            )
            life["learning"] = _learning(db, zone)
    except sqlite3.Error as error:
        raise Mistake(f"{path}: the record can't be read ({error}).") from None
    return life


def _found(search: str) -> tuple[str, dict[str, str]]:
    """The condition under which a question or its answer has all the words, and its values. Raises Mistake.

    The index knows whole words, which stand between spaces. In scripts that write none, or hang endings on their words,
    a word is found wherever it stands.
    """
    words = search.split()
    if not words:
        raise Mistake("--search: write a word to look for.")
    values = {
        f"w{n}": word if _hidden(word) else f'"{word.replace(chr(34), chr(34) * 2)}"' for n, word in enumerate(words)
    }
    sides = []
    for table in ("messages", "replies"):
        indexed = f"{table}.rowid in (select rowid from {table}_fts where {table}_fts match :w"
        parts = [
            f"instr(lower({table}.text), lower(:w{n})) > 0" if _hidden(word) else f"{indexed}{n})"
            for n, word in enumerate(words)
        ]
        sides.append(f"({' and '.join(parts)})")
    return " or ".join(sides), values


def _hidden(word: str) -> bool:
    """Whether it may stand inside of what the index takes for one word; so also signs, of which it knows none."""
    return bool(RUNNING.search(word)) or not any(c.isalnum() for c in word)


def _learning(db: Look, zone: tzinfo) -> str:
    exams = [
        Examination(at=datetime.fromisoformat(at).astimezone(zone), bits_per_byte=bits, size=size)
        for at, bits, size in db.execute(EXAMINATIONS)
    ]
    own = db.execute("select count(*) from sources where name not like 'starter/%'").fetchone()[0]
    return is_it_learning(exams, datetime.now(zone), what="your writing" if own else "the starter shelf")


def read_diary(home: Path, *, last: int) -> list[dict[str, Any]]:
    """So many of the latest pages of the diary, the oldest first, each with the figures behind it, and the letters from
    the same days. Raises Mistake where the record can't be read."""
    path = home / "statistics" / "baby.db"
    if not path.exists():
        raise Mistake(f"nothing is recorded in {path} yet; wake the baby first: {command()}")
    try:
        with looking(path) as db:
            found = [*pages(db, DAY, last), *pages(db, LETTER, last)] if db.has("diary") else []
    except sqlite3.Error as error:
        raise Mistake(f"{path}: the record can't be read ({error}).") from None
    first = min(page.day for page in found if page.kind == DAY) if any(page.kind == DAY for page in found) else ""
    found = sorted((page for page in found if page.day >= first), key=lambda page: (page.day, page.kind))
    fields = ("kind", "day", "at", "text", "facts")
    return [{field: getattr(page, field) for field in fields} for page in found]


def flagged(days: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The days, each with how much it changed held-out bits per byte since the day before that had any (``gain``, more
    is better), and a ``flag``: "record" where it was the best of its life until then, and "worst" for the one day, if
    any, that undid the most."""
    known, before = [], None
    for day in days:
        held_out = day["held_out_bits_per_byte"]
        day["gain"] = None if held_out is None or before is None else before - held_out
        best = min(known, default=None)
        day["flag"] = "record" if held_out is not None and best is not None and held_out < best else ""
        if held_out is not None:
            known.append(held_out)
            before = held_out
    worst = min((day for day in days if day["gain"] is not None), key=lambda day: day["gain"], default=None)
    if worst and worst["gain"] < 0:
        worst["flag"] = "worst"
    return days


def _local(at: str, zone: tzinfo) -> str:
    """A moment of the record as a clock on the wall shows it: 2026-03-02 23:30."""
    return f"{datetime.fromisoformat(at).astimezone(zone):%Y-%m-%d %H:%M}"


def render(life: dict[str, Any], width: int, *, weather: bool = False, zone: tzinfo = UTC) -> str:
    """The life as lines: what is drawn is at most ``width`` characters wide, what is said is as long as it is."""
    summary = (
        ("born", _local(life["born_at"], zone) if life["born_at"] else "-"),
        ("wakings", f"{life['wakings']:,}"),
        ("steps", f"{life['step']:,}"),
        ("tokens read", count(life["tokens_seen"])),
        ("hours of lessons", figure((life["seconds_of_lessons"] or 0) / 3600, 2)),
        ("held-out bits/byte", f"{figure(life['held_out_bits_per_byte'])} (best {figure(life['best_bits_per_byte'])})"),
        ("questions, answers", f"{life['messages']:,}, {life['replies']:,}"),
        ("taught pairs", f"{life['pairs']:,}"),
        ("souls kept", f"{len(life['souls']):,}"),
    )
    drawn = [f"{name:18}  {value}" for name, value in summary]
    if len(life["loss_curve"]) > 1:
        drawn.append(_plot(life, min(width, 100)))
    if weather:
        drawn.append(draw_weather(life["weather"], min(width, 100)))
    for day in [day for day in life["days"] if day["flag"]][-DAYS_SHOWN:]:
        word = "best day so far" if day["flag"] == "record" else "worst day"
        drawn.append(f"{day['day']}  {word}: held-out {figure(day['held_out_bits_per_byte'])} bits/byte")
    if life["learning"]:
        drawn.append(f"Is it learning? {life['learning'][0].upper()}{life['learning'][1:]}.")
    drawn += [f"{word}: {WORDS[word]}" for word in ("bits per byte", "held-out")]
    lines = [line.rstrip() for line in "\n".join(drawn).splitlines()]
    return "\n".join([*lines, *talk_lines(life["talk"], zone)])


def render_search(life: dict[str, Any], search: str, *, zone: tzinfo = UTC) -> str:
    """What was found, or that nothing was."""
    if not life["talk"]:
        return f"Nothing that was said has {one_line(search)} in it."
    found = number_of(len(life["talk"]), "exchange")
    return "\n".join([*talk_lines(life["talk"], zone), f"({found}, the latest last; --last N shows more)"])


def talk_lines(talks: list[dict[str, Any]], zone: tzinfo) -> list[str]:
    lines = []
    for talk in reversed(talks):
        verdict = f"  [{one_line(talk['verdict'])}]" if talk["verdict"] else ""
        lines.append(f"{_local(talk['at'], zone)}  {one_line(talk['person'])}: {for_screen(talk['question'])}")
        lines.append(f"  baby (step {talk['step'] or 0:,}): {for_screen(talk['answer'] or '-')}{verdict}")
    return lines


def draw_weather(weather: list[dict[str, Any]], width: int) -> str:
    """The three channels of the self-state over steps, what it was and what it expected, one below the other."""
    import plotext

    drawn = []
    for channel in CHANNELS:
        plotext.clear_figure()
        plotext.theme("clear")
        plotext.plot_size(width, 10)
        plotext.title(f"{channel}: true (#) and expected (.)")
        for name, marker in ((f"expected_{channel}", "."), (channel, "#")):
            known = [(point["step"], point[name]) for point in weather if point[name] is not None]
            if known:
                plotext.plot(*zip(*known, strict=True), marker=marker)
        drawn.append(plotext.uncolorize(plotext.build()))
    return "\n".join(drawn)


def _plot(life: dict[str, Any], width: int) -> str:
    """Bits per byte over steps: what it is taught, and what it never was."""
    import plotext

    plotext.clear_figure()
    plotext.theme("clear")
    plotext.plot_size(width, 18)
    plotext.title("bits per byte: lessons (.) and held-out (o)")
    for points, marker in ((life["loss_curve"], "."), (life["held_out_curve"], "o")):
        known = [point for point in points if point["bits_per_byte"] is not None]
        plotext.plot([p["step"] for p in known], [p["bits_per_byte"] for p in known], marker=marker)
    return plotext.uncolorize(plotext.build())
