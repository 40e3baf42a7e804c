"""A record as a year of life leaves it: thinned figures, talk, marks, lessons from people, pages and events.

It is what looking is measured on, and what its pages can be tried with. All words and people in it are made up of a
short list, by chance from a seed. Nothing is woken and no torch is loaded.

    python -m benchmarks.year --home FOLDER      # writes FOLDER/statistics/baby.db, and says how large it is
    python -m benchmarks.year --measure          # makes one in a temporary folder, and times each look at it
    python -m benchmarks.year --measure --whole  # of a life before examinations and events were thinned; then thins it
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import math
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from heapq import merge
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

from sqlite_utils import Database

import wakeup
from school.diary.days import days_with_life, entry, facts_of_day, facts_of_days, letter
from school.diary.voice import read_voices
from school.door.consent import WORDING
from school.door.values import id_at
from school.office.mistakes import Mistake
from school.record.pages import put
from school.record.schema import connect
from school.record.settings import RecordSettings
from school.record.shrinking import shrink
from school.record.sources import COURSE
from school.record.thinning import ROWS, Thinned, thin_hours

TOKENS = 1024  # a step
DIARY_DAYS = 7  # with a page
SUBJECTS = (
    "the cat", "my sister", "the soup", "a small boat", "the rain", "grandfather", "the postman",
    "our garden", "the moon", "nobody",
)  # fmt: skip
VERBS = (
    "sleeps", "sings", "waited", "is late", "was cold", "came home", "smells of bread", "knows a song",
    "fell asleep", "laughed",
)  # fmt: skip
PLACES = (
    "in the kitchen", "under the stairs", "by the sea", "on the roof", "near the mill", "again today",
    "as always", "in march",
)  # fmt: skip
ODDITIES = (
    "plum", "lantern", "thimble", "harbour", "whistle", "turnip", "accordion", "icicle", "marmalade",
    "ladder", "pebble", "comet",
)  # fmt: skip
LOOKS = (  # what is timed
    ["stats"], ["stats", "curve", "loss", "held_out"], ["stats", "days"], ["stats", "talk", "turnip"],
    ["stats", "words"], ["stats", "windows"], ["stats", "memory"], ["stats", "mood"], ["stats", "sources"],
    ["stats", "people"], ["stats", "events"],
    ["stats", "sql", "select count(*) from evaluations where at > '2026'"],
    ["report", "--json"],
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much of everything there is. ``steps_a_day``: 540,000 is a toddler on two cores that never sleeps;
    ``evaluation_steps``: the setting's default. ``whole``: with all examinations and events."""

    days: int = 365
    steps_a_day: int = 540_000
    evaluation_steps: int = 125
    questions_a_day: int = 150
    whole: bool = False
    seed: int = 1
    begin: datetime = datetime(2025, 12, 1, 6, tzinfo=UTC)

    @property
    def steps(self) -> int:
        return self.days * self.steps_a_day

    @property
    def thinned_before(self) -> str:
        return stamp(self.begin + timedelta(days=self.days - RecordSettings().whole_days))

    def at(self, step: float) -> str:
        """When a step was done, as the record writes it."""
        return stamp(self.begin + timedelta(days=step / self.steps_a_day))


def stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def write_year(path: Path, plan: Plan) -> None:
    """Write the record of such a life into a new file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    db = connect(path)
    chance = random.Random(plan.seed)
    with db.atomic():
        run = id_at(plan.begin.timestamp())
        config = json.dumps({"brain": {"preset": "toddler"}})
        db["runs"].insert({"id": run, "started_at": plan.at(0), "from_step": 0, "config": config})
        fill(db, "steps", _steps(plan, chance, run))
        fill_thinned(db, "evaluations", _evaluations(plan, chance, run), plan)
        fill(db, "sources", _sources(plan))
        _talk(db, plan, chance, run)
        fill_thinned(db, "events", _events(plan, run), plan)
    _diary(db, plan, path.parent.parent)
    db.execute("pragma wal_checkpoint(truncate)")
    db.close()


def fill(db: Database, table: str, rows: Iterator[dict[str, Any]]) -> None:
    """Insert rows that all have the same columns."""
    first = next(rows, None)
    if first is None:
        return
    columns = ", ".join(f"[{name}]" for name in first)
    query = f"insert into {table} ({columns}) values ({', '.join('?' * len(first))})"  # noqa: S608
    db.conn.execute(query, list(first.values()))
    db.conn.executemany(query, (list(row.values()) for row in rows))


def fill_thinned(db: Database, table: str, rows: Iterator[dict[str, Any]], plan: Plan) -> None:
    """Insert rows that are in order, thinned as they are in a life: so the file holds no more than it would."""
    thinned = Thinned()
    while some := list(islice(rows, 5 * ROWS)):
        fill(db, table, iter(some))
        while not plan.whole and not thinned.all:
            thinned = thin_hours(db, thinned, plan.thinned_before, UTC, 10 * ROWS)
        thinned = replace(thinned, all=False)


def spans(steps: int, settings: RecordSettings) -> Iterator[tuple[int, int]]:
    """The last step and the span of each row that ``thinning.thin_steps`` leaves of so many steps, the oldest first."""
    done = 0
    for width, age in ((10_000, settings.hundreds), (100, settings.every_step), (1, 0)):
        limit = max(done, (steps - age) // max(width, 1) * width)
        while done < limit:
            done += width
            yield done, width


def learned(step: float) -> float:
    """Bits per byte that it has come down to."""
    return 1.55 + 6.2 * (1 + step / 900) ** -0.42


def _steps(plan: Plan, chance: random.Random, run: str) -> Iterator[dict[str, Any]]:
    for step, span in spans(plan.steps, RecordSettings()):
        day, noise = step / plan.steps_a_day, 1 / math.sqrt(span)
        bits = learned(step) * 0.93 + chance.gauss(0, 0.12) * noise
        red = 0.62 - 0.09 * bits + 0.02 * math.sin(day / 9) + chance.gauss(0, 0.03) * noise
        green = 0.33 + 0.05 * math.sin(day / 17) + 0.1 / (1 + step / 3e5) + chance.gauss(0, 0.03) * noise
        blue = 0.5 + 0.06 * math.sin(day / 23 + 2) + chance.gauss(0, 0.03) * noise
        yield {
            "step": step, "run_id": run, "at": plan.at(step), "span": span, "loss": bits * 2.6, "bits_per_byte": bits,
            "accuracy": 0.62 - 0.09 * bits, "gradient_norm": 0.4 + abs(chance.gauss(0, 0.05)),
            "learning_rate": 3e-4 / (1 + day / 30), "tokens": TOKENS, "review_tokens": TOKENS * 0.03,
            "seconds": 0.16 * (1 + 0.1 * math.sin(day * math.tau) + 0.03 * chance.random()),
            "red": red, "green": green, "blue": blue,
            "expected_red": red + 0.02, "expected_green": green - 0.01, "expected_blue": blue,
        }  # fmt: skip


def _evaluations(plan: Plan, chance: random.Random, run: str) -> Iterator[dict[str, Any]]:
    gauges, day = "", -1
    for step in range(plan.evaluation_steps, plan.steps + 1, plan.evaluation_steps):
        if (today := 24 * step // plan.steps_a_day) != day:
            day, gauges = today, json.dumps(_gauges(step / plan.steps_a_day))
        bits = learned(step) + chance.gauss(0, 0.008)
        yield {
            "run_id": run, "at": plan.at(step), "step": step, "bits_per_byte": bits, "accuracy": 0.6 - 0.08 * bits,
            "tokens": 32_768, "bytes": 118_000, "temperature": 0.9, "self_state_error": 0.06, "repeats": 0.05,
            "gauges": gauges, "remembering": bits - 0.11 * (1 - math.exp(-step / 4e5)),
            "known_words": 1 - 0.02 * bits, "ended": 0.97, "distinct_2": 0.9 - 0.06 * bits,
        }  # fmt: skip


def _gauges(day: float) -> dict[str, float]:
    grown = 1 - math.exp(-day / 40)
    found = {f"window{i}": 2.0**i * (1 + grown * (0.25 * i - 0.6)) for i in range(1, 8)}
    keeps = {"memory1_short": 0.55, "memory1_long": 0.96, "memory2_short": 0.62, "memory2_long": 0.985}
    found |= {name: kept + (1 - kept) * 0.4 * grown for name, kept in keeps.items()}
    return found | {"blend_token": 0.6 + 0.1 * grown, "blend_position": 0.25, "blend_pixel": 0.15 - 0.1 * grown}


def _sources(plan: Plan) -> Iterator[dict[str, Any]]:
    for n, name in enumerate(("diary/2019.txt", "diary/2020.txt", "letters/to-a-friend.txt", "starter/weather.txt")):
        size = 480_000 // (n + 1)
        yield {
            "sha256": f"{n:064x}", "name": name, "bytes": size, "tokens": size // 4, "held_out_tokens": size // 40,
            "first_seen_at": plan.at(0), "last_seen_at": plan.at(plan.steps),
            "lessons": plan.steps // (n + 2), "taught_tokens": 160 * plan.steps // (n + 2),
            "course": _course(plan, n + 2),
        }  # fmt: skip


def _course(plan: Plan, rarely: int) -> str:
    """As sources.py keeps it."""
    ends = [plan.steps * part // COURSE for part in range(COURSE + 1)]
    points = []
    for first, last in pairwise(ends):
        size = 640 * (last - first) // rarely
        nats = learned(last) * math.log(2) * size
        points.append([first, last, (last - first) // rarely, size // 4, size, round(nats, 1)])
    return json.dumps(points, separators=(",", ":"))


def sentence(chance: random.Random, age: float) -> str:
    """``age`` from 0 to 1: the young one babbles, and each season has a word of its own."""
    words = f"{chance.choice(SUBJECTS)} {chance.choice(VERBS)} {chance.choice(PLACES)}"
    if chance.random() < 0.3:
        words += f" with the {ODDITIES[min(len(ODDITIES) - 1, int(age * len(ODDITIES)))]}"
    if age < 0.02:
        words = "".join(chance.choice("aeiou") if c in "aeiou" and chance.random() < 0.5 else c for c in words)
    return f"{words[0].upper()}{words[1:]}."


def _talk(db: Database, plan: Plan, chance: random.Random, run: str) -> None:
    """Questions and answers, marks and lessons; every other guest has agreed, one of them to an earlier wording."""
    guests = [f"twitch:{1000 + n}" for n in range(12)]
    for n, guest in enumerate(guests[::2]):
        at, wording = plan.begin.timestamp() + n, "1" if n == 3 else WORDING
        change = {"id": f"{id_at(at)}{n:08x}", "person": guest, "what": "in", "at": at, "channel": "c"}
        db["consents"].insert(change | {"wording": wording})
    tables: dict[str, list[dict[str, Any]]] = {"messages": [], "replies": [], "feedback": [], "pairs": []}
    questions = plan.days * plan.questions_a_day
    for n in range(questions):
        person = "owner" if chance.random() < 0.4 else chance.choice(guests)
        moment = plan.begin + timedelta(days=n / questions * plan.days)
        key = f"{id_at(moment.timestamp())}{n:08x}"
        common = {"at": stamp(moment), "person": person}
        for table, row in _exchange(key, common, chance, n, n / questions).items():
            tables[table].append(row)
        tables["messages"][-1]["run_id"] = run
        tables["replies"][-1]["step"] = n * plan.steps // questions
    for table, rows in tables.items():
        fill(db, table, iter(rows))


def _exchange(key: str, common: dict[str, Any], chance: random.Random, n: int, age: float) -> dict[str, dict[str, Any]]:
    """A question with its answer, by table; every ninth one is marked, and most marks become a lesson."""
    said, person, at = sentence(chance, age), common["person"], common["at"]
    surface, asked = "terminal" if person == "owner" else "twitch", f"what about {said.lower()}"
    found = {
        "messages": common | {
            "id": f"{key}m", "surface": surface, "conversation": f"{surface}:{person}", "text": asked,
            "consent": "owner" if person == "owner" else WORDING, "channel": None if person == "owner" else "c",
        },
        "replies": {
            "id": f"{key}r", "message_id": f"{key}m", "at": at, "text": said, "seconds": 0.4 + chance.random(),
            "ending": "end" if chance.random() < 0.9 else "limit", "first_token_seconds": 0.05,
            "red": 0.4, "green": 0.3, "blue": 0.5, "repeats": max(0.0, chance.gauss(0, 0.05)),
            "log_probability": min(-0.1, -3.2 + 1.8 * age + chance.gauss(0, 0.4)),
        },
    }  # fmt: skip
    if n % 9:
        return found
    verdict = chance.choice(("good", "good", "bad", "fix"))
    correction = sentence(chance, 1.0) if verdict == "fix" else None
    mark = {"id": f"{key}f", "reply_id": f"{key}r", "verdict": verdict, "correction": correction, "trust": 1}
    found["feedback"] = common | mark
    if verdict != "bad":
        lesson = {"id": f"{key}p", "source": verdict, "reply_id": f"{key}r", "prompt": asked, "surface": surface}
        found["pairs"] = common | lesson | {"answer": correction or said, "weight": 1.0, "status": "learning"}
    return found


def _events(plan: Plan, run: str) -> Iterator[dict[str, Any]]:
    """A soul saved every ten minutes, a reflection every two thousand steps; in order."""
    saved = ((n * plan.steps_a_day // 144, "saved") for n in range(plan.days * 144))
    asked = ((step, "reflection") for step in range(2000, plan.steps + 1, 2000))
    for step, kind in merge(saved, asked):
        text = f"soul/step-{step:012}" if kind == "saved" else "How do you feel? I feel calm, and my loss is small."
        yield {"run_id": run, "at": plan.at(step), "step": step, "kind": kind, "text": text}


def _diary(db: Database, plan: Plan, home: Path) -> None:
    """The pages of the last days, and the letter home, as the scribe writes them."""
    voices = read_voices(home)
    last = (plan.begin + timedelta(days=plan.days)).date()
    days = days_with_life(db, last - timedelta(days=min(plan.days, DIARY_DAYS)), last, UTC)
    facts = [facts_of_day(db, day, UTC) for day in days]
    with db.atomic():
        for page in facts:
            put(db, entry(page, voices, f"{page.last}T23:59:00.000Z"))
        if days:
            week = facts_of_days(db, days[0], days[-1], UTC)
            put(db, letter(week, facts, voices, f"{week.last}T23:59:00.000Z"))


# ---- measuring -----------------------------------------------------------------------------------------------------


def measure(home: Path) -> dict[str, float]:
    """Processor seconds of each look in this process, the better of two; imports are paid by the first."""
    costs = {}
    for words in LOOKS:
        tries = []
        for _ in range(2):
            before = time.process_time()
            with contextlib.redirect_stdout(io.StringIO()):
                status = wakeup.main(["--home", str(home), *words])
            tries.append(time.process_time() - before)
            if status:
                raise Mistake(f"{' '.join(words)} ended with {status}.")
        costs[" ".join(words)] = round(min(tries), 3)
    return costs


def thin(path: Path, plan: Plan) -> dict[str, Any]:
    """Thin a record that never was, as its registrar would: how often it had to begin, and how long whoever wanted
    something of the record would have waited."""
    db, thinned, waits, used = connect(path), Thinned(), [], time.process_time()
    while not thinned.all:
        before = time.monotonic()
        with db.atomic():
            thinned = thin_hours(db, thinned, plan.thinned_before, UTC)
        waits.append(time.monotonic() - before)
    db.execute("pragma wal_checkpoint(truncate)")
    found: dict[str, Any] = {"goes": len(waits), "longest_wait_ms": round(1000 * max(waits), 1)}
    found |= {"median_wait_ms": round(1000 * statistics.median(waits), 1)}
    found["processor_seconds_to_thin"] = round(time.process_time() - used, 1)
    found["megabytes_thinned"] = round(path.stat().st_size / 1e6, 1)
    before = time.monotonic()
    shrink(db)
    found["seconds_to_shrink"] = round(time.monotonic() - before, 1)
    db.close()
    return found | {"megabytes_shrunk": round(path.stat().st_size / 1e6, 1)}


def main() -> None:
    options = wakeup.Parser(description="A record of a year, to look at.")
    options.add_argument("--home", type=Path, help="where to write it; default: a temporary folder")
    options.add_argument("--days", type=int, default=Plan().days)
    options.add_argument("--steps-a-day", type=int, default=Plan().steps_a_day)
    options.add_argument("--whole", action="store_true", help="with all examinations and events, as before thinning")
    options.add_argument("--measure", action="store_true", help="time each look at it")
    options.add_argument("--json", action="store_true", help="print one JSON line")
    chosen: argparse.Namespace = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="baby-") as folder:
        home = chosen.home or Path(folder)
        path = home / "statistics" / "baby.db"
        plan = Plan(days=chosen.days, steps_a_day=chosen.steps_a_day, whole=chosen.whole)
        if not path.exists():
            write_year(path, plan)
        found: dict[str, Any] = {"megabytes": round(path.stat().st_size / 1e6, 1)}
        if chosen.measure:
            found["processor_seconds"] = measure(home)
            if chosen.whole:
                found |= thin(path, plan) | {"processor_seconds_thinned": measure(home)}
        text = json.dumps(found) if chosen.json else json.dumps(found, indent=2)
        print(text)


if __name__ == "__main__":
    try:
        main()
    except Mistake as mistake:
        print(f"babyLLM: {mistake}", file=sys.stderr)
        sys.exit(2)
