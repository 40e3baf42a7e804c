"""The chronicle: the life so far, read from the record, as plain values or drawn in the terminal."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any

from school.door.lesson_sources import NO_LESSONS, PLAYED
from school.record.pages import DAY, LETTER, pages
from school.record.read_only import Look
from school.report.curves import examinations, lessons
from school.report.days import days
from school.report.life import on_the_wall, opened
from school.report.plots import Points, draw
from school.report.talk import talk, talk_lines
from school.schedule.hours import start_of
from school.screen.calligraphist import count, figure
from school.screen.glossary import WORDS
from school.screen.progress import Examination, is_it_learning

DAYS_SHOWN = 5  # that were remarkable
SUMMARY = f"""
    select (select coalesce(max(step), 0) from steps) as step,
           (select coalesce(sum(tokens * span), 0) from steps) as tokens_seen,
           (select bits_per_byte from evaluations order by step desc, id desc limit 1) as held_out_bits_per_byte,
           (select min(bits_per_byte) from evaluations) as best_bits_per_byte,
           (select count(*) from messages) as messages,
           (select count(*) from replies) as replies,
           (select count(*) from pairs where status = 'learning' and source not in {NO_LESSONS}) as pairs,
           (select count(*) from runs) as wakings,
           (select min(started_at) from runs) as born_at,
           (select sum(seconds * span) from steps) as seconds_of_lessons"""
PLAYED_WITH = f"""
    select source, count(*) as pairs from pairs where status = 'learning' and source in {(*PLAYED,)}
    group by source order by source"""  # noqa: S608
EXAMINED = """
    select at, bits_per_byte, bytes, id from evaluations where run_id in (select id from runs where rowid >=
        (select coalesce(max(rowid), 0) from runs where from_step = 0))"""
CHANNELS = ("red", "green", "blue")
COLORS = (*CHANNELS, *(f"expected_{channel}" for channel in CHANNELS))


def read_life(
    home: Path, *, search: str | None = None, last: int, zone: tzinfo = UTC, since: str | None = None
) -> dict[str, Any]:
    """Summary, curves and days since a day, and talk; moments are in UTC. Raises Mistake if nothing has been recorded,
    or the record can't be read."""
    with opened(home, zone, since) as life:
        told = life.query(SUMMARY)[0]
        taught, examined = lessons(life), examinations(life)
        return told | {
            "tokens_seen": round(told["tokens_seen"]),
            "selfplay": {row["source"]: row["pairs"] for row in life.query(PLAYED_WITH)},
            "souls": sorted(place.name for place in (home / "soul").glob("step-*")),
            "loss_curve": _only(taught, "step", "bits_per_byte"),
            "held_out_curve": [{"step": row["step"], "bits_per_byte": row["held_out"]} for row in examined],
            "weather": _only(taught, "step", "at", *COLORS),
            "days": days(life),
            "talk": talk(life, search, last=last),
            "learning": _learning(life.db, zone),
        }


def _only(rows: list[dict[str, Any]], *names: str) -> list[dict[str, Any]]:
    """Some columns, of the rows of lessons that were not all in vain."""
    return [{name: row.get(name) for name in names} for row in rows if row["bits_per_byte"] is not None]


def _learning(db: Look, zone: tzinfo) -> str:
    """The last examination, the one before it with as many bytes, and the first one of that one's day: of more than a
    million in a year, these are all that ``is_it_learning`` looks at."""
    if not (last := db.execute(f"{EXAMINED} and id = (select max(id) from evaluations)").fetchone()):
        return ""
    alike = f"{EXAMINED} and bytes = :bytes and at >= :start and id < :last order by "
    values = {"bytes": last[2], "start": "", "last": last[3]}
    exams = [last]
    if before := db.execute(f"{alike} id desc limit 1", values).fetchone():
        day = datetime.fromisoformat(before[0]).astimezone(zone).date()
        first = db.execute(f"{alike} at, id limit 1", values | {"start": start_of(day, zone)}).fetchone()
        exams = [first, before, last]
    found = [
        Examination(at=datetime.fromisoformat(at).astimezone(zone), bits_per_byte=bits, size=size)
        for at, bits, size, _ in exams
    ]
    own = db.execute("select count(*) from sources where name not like 'starter/%'").fetchone()[0]
    return is_it_learning(found, datetime.now(zone), what="your writing" if own else "the starter shelf")


def read_diary(home: Path, *, last: int) -> list[dict[str, Any]]:
    """So many of the latest pages of the diary, the oldest first, each with the figures behind it, and the letters from
    the same days. Raises Mistake where the record can't be read."""
    with opened(home) as life:
        found = [*pages(life.db, DAY, last), *pages(life.db, LETTER, last)] if life.has("diary") else []
    first = min(page.day for page in found if page.kind == DAY) if any(page.kind == DAY for page in found) else ""
    found = sorted((page for page in found if page.day >= first), key=lambda page: (page.day, page.kind))
    fields = ("kind", "day", "at", "text", "facts")
    return [{field: getattr(page, field) for field in fields} for page in found]


def render(life: dict[str, Any], width: int, *, weather: bool = False, zone: tzinfo = UTC) -> str:
    """The life as lines: what is drawn is at most ``width`` characters wide, what is said is as long as it is."""
    summary = (
        ("born", on_the_wall(life["born_at"], zone) if life["born_at"] else "-"),
        ("wakings", f"{life['wakings']:,}"),
        ("steps", f"{life['step']:,}"),
        ("tokens read", count(life["tokens_seen"])),
        ("hours of lessons", figure((life["seconds_of_lessons"] or 0) / 3600, 2)),
        ("held-out bits/byte", f"{figure(life['held_out_bits_per_byte'])} (best {figure(life['best_bits_per_byte'])})"),
        ("questions, answers", f"{life['messages']:,}, {life['replies']:,}"),
        ("taught pairs", f"{life['pairs']:,}"),
        ("souls kept", f"{len(life['souls']):,}"),
    )
    if life["selfplay"]:
        summary += (("self-play", ", ".join(f"{pairs:,} {source}" for source, pairs in life["selfplay"].items())),)
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


def draw_weather(weather: list[dict[str, Any]], width: int) -> str:
    """The three channels of the self-state over steps, what it was and what it expected, one below the other."""
    return "\n".join(
        draw(
            f"{channel}: true (#) and expected (.)",
            [Points(_points(weather, f"expected_{channel}"), "."), Points(_points(weather, channel), "#")],
            width,
            10,
        )
        for channel in CHANNELS
    )


def _plot(life: dict[str, Any], width: int) -> str:
    """Bits per byte over steps: what it is taught, and what it never was."""
    taught = Points(_points(life["loss_curve"], "bits_per_byte"), ".")
    examined = Points(_points(life["held_out_curve"], "bits_per_byte"), "o", joined=False)
    return draw("bits per byte: lessons (.) and held-out (o)", [taught, examined], width, 18)


def _points(rows: list[dict[str, Any]], name: str) -> list[tuple[int, float]]:
    return [(row["step"], row[name]) for row in rows if row[name] is not None]
