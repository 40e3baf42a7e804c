"""A week in minutes: lessons, visitors and every bell, on a clock that jumps from one event to the next.

    python -m benchmarks.week --text DIARY.txt --steps-per-hour 20

The classroom, its thread, the record and the scheduler are the real ones; an hour lasts as long as its steps. It sleeps
through one of the nights. In the end all figures, names and quotations of diary and letter are looked up in the record;
one that is not there ends it with the sentence. Compare --set timetable.night= to see what the nights are worth.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import torch
from torch.nn import functional as F

import wakeup
from benchmarks.clock import Clock
from benchmarks.common import home_with, parser, report, run
from benchmarks.retold import bare_voice, check_diary
from school.assembly import Awake
from school.door.events import StepReport
from school.door.values import Reply
from school.teaching.examiner import NEUTRAL
from school.teaching.tutor import Tutor

ZONE = "Europe/Berlin"
MONDAY = datetime(2026, 3, 2, 7, 0, tzinfo=ZoneInfo(ZONE))
TO_BED, UP_AGAIN = MONDAY + timedelta(days=3, hours=15), MONDAY + timedelta(days=4, hours=2)  # Thursday 22:00, 09:00
END = MONDAY + timedelta(days=7, hours=2)
AGREES, DOES_NOT = "twitch:101", "twitch:202"
DAY = (  # at which hour who says what, and what becomes of the answer
    ("00:05", "owner", "are you still awake?", ""),
    ("03:00", AGREES, "is it night where you are?", ""),
    ("04:30", "owner", "what was that noise?", "bad"),
    ("08:00", "owner", "good morning, did you sleep well?", "good"),
    ("12:30", AGREES, "what did you eat on day {day}?", "fix I had soup number {day}."),
    ("16:00", DOES_NOT, "my secret is marmalade", ""),
    ("18:15", "owner", "what is the word of day {day}?", "fix The word of day {day} is {word}."),
    ("21:00", "owner", "good night", ""),
)
POLL = 0.004  # seconds between looks at how far the lessons are
WORDS = ("lantern", "harbour", "pepper", "violin", "meadow", "copper", "thunder", "orchard")


@dataclass(slots=True)
class Watched:
    """What was seen from outside."""

    replies: list[Reply] = field(default_factory=list)
    waited: list[int] = field(default_factory=list)  # steps ended between a question and its answer's first token
    failed: list[str] = field(default_factory=list)
    bells: list[tuple[str, datetime]] = field(default_factory=list)  # which rang when
    nights: list[tuple[float, float]] = field(default_factory=list)  # loss on the day's pairs, before and after
    known: float = 0.0  # loss on the pairs of the whole week in the end


@contextmanager
def woken(home: Path, changes: list[str], clock: Clock) -> Iterator[Awake]:
    """The baby of this home, put together just as ``wakeup.py`` does it."""
    arguments = [part for change in (f"timetable.zone={ZONE}", *changes) for part in ("--set", change)]
    given = wakeup.parse(["--home", str(home), *arguments])
    with ExitStack() as closing:
        settings, _ = wakeup.read_options(given)
        day = wakeup.put_together(settings, home, given, closing, wakeup.whisper, clocks=clock.clocks)
        yield day
        day.ending = "asleep"


async def live(day: Awake, clock: Clock, until: datetime, steps_per_hour: float, watched: Watched) -> None:
    """From now until then, with visitors."""
    start, first = clock.now, day.tutor.step
    outside = day.classroom.outside
    night = _Night()

    def publish_and_watch(event: object) -> None:
        outside.publish(event)
        if isinstance(event, StepReport):  # saves are published by another thread
            _watch_nights(day.tutor, watched, night)

    day.classroom.outside = replace(outside, publish=publish_and_watch)
    day.people.agree(AGREES, "channel")
    for name, ring in day.timetable.rings.items():
        day.timetable.rings[name] = partial(_ring_and_note, ring, watched, name, clock)
    day.timetable.start()
    day.classroom.start()
    day.scribe.catch_up()

    async def study() -> None:
        hours = (clock.now - start).total_seconds() / 3600
        while day.tutor.step < first + hours * steps_per_hour and not day.classroom.done.done():
            await asyncio.sleep(POLL)

    async def end_steps() -> None:
        """No hand is faster than its pen, but this clock is: what was done yesterday is written down first."""
        now = day.tutor.step
        while day.tutor.step < now + 2 and not day.classroom.done.done():
            await asyncio.sleep(POLL)

    try:
        await clock.run(day.timetable, until, _visits(day, start, until, watched), study, end_steps)
    finally:
        day.timetable.close()
        day.classroom.stop()
        await asyncio.wrap_future(day.classroom.done)


def _ring_and_note(ring: Callable[[Any], object], watched: Watched, name: str, clock: Clock, days: Any) -> None:
    ring(days)
    watched.bells.append((name, clock.now))


def _visits(
    day: Awake, start: datetime, until: datetime, watched: Watched
) -> list[tuple[datetime, Callable[[], Awaitable[None]]]]:
    visits = []
    for number in range(9):
        for hour, person, text, fate in DAY:
            clock = datetime.strptime(hour, "%H:%M").time()  # noqa: DTZ007  (a time of day)
            moment = datetime.combine(MONDAY.date() + timedelta(days=number), clock, MONDAY.tzinfo)
            if start < moment < until:
                words = {"day": number + 1, "word": WORDS[number % len(WORDS)]}
                visit = partial(_visit, day, person, text.format(**words), fate.format(**words), watched)
                visits.append((moment, visit))
    return visits


async def _visit(day: Awake, person: str, text: str, fate: str, watched: Watched) -> None:
    """Ask, listen, mark."""
    asked_at, heard_at = day.tutor.step, []
    surface = (
        {"surface": "twitch", "channel": "channel", "message": f"m{len(watched.replies)}"} if ":" in person else {}
    )
    try:
        future = day.school.ask(
            text,
            f"talk:{person}",
            person=person,
            consent="owner" if person == "owner" else "in" * day.people.agreed(person),
            on_token=lambda _: heard_at.append(day.tutor.step),
            **surface,
        )
        reply = await asyncio.wrap_future(future)
    except Exception as error:
        watched.failed.append(repr(error))
        return
    watched.replies.append(reply)
    watched.waited.append((heard_at or [reply.step])[0] - asked_at)
    verdict, _, correction = fate.partition(" ")
    if verdict:
        day.school.feedback(reply.id, verdict, correction=correction, person=person)


@dataclass(slots=True)
class _Night:
    pairs: list[str] = field(default_factory=list)
    before: float = 0.0


def _watch_nights(tutor: Tutor, watched: Watched, night: _Night) -> None:
    """On the tutor's thread, behind a step: how well it knows the day's pairs when a night begins and when it ends."""
    if tutor.planner.agenda.night.waiting and not night.pairs:
        night.pairs = sorted(set(tutor.planner.agenda.night.waiting))
        night.before = loss_on(tutor, night.pairs)
    elif night.pairs and not tutor.planner.agenda.night.waiting:
        watched.nights.append((night.before, loss_on(tutor, night.pairs)))
        night.pairs = []


@torch.no_grad()
def loss_on(tutor: Tutor, pairs: list[str]) -> float:
    """Nats per token of its voice on these pairs, weighted as they are taught."""
    _, ids, weights = tutor.reviews.pack(pairs, rows=len(pairs), length=tutor.planner.shape.length)
    tokens, counted = torch.from_numpy(ids), torch.from_numpy(weights)
    pixels = torch.full((*counted.shape, 3), NEUTRAL)
    logits = tutor.voice(tokens[:, :-1], pixels, tutor.voice.fresh_state(len(ids))).logits
    losses = F.cross_entropy(logits.float().mT, tokens[:, 1:], reduction="none")
    return float((losses * counted).sum() / counted.sum())


def live_a_week(home: Path, changes: list[str], steps_per_hour: float) -> Watched:
    """Monday morning to Monday morning, with one night in bed."""
    clock, watched = Clock(MONDAY), Watched()
    (home / "voice.toml").write_text(bare_voice(), encoding="utf-8")
    with clock.everywhere():
        for until, up_again in ((TO_BED, UP_AGAIN), (END, END)):
            with woken(home, changes, clock) as day:
                asyncio.run(live(day, clock, until, steps_per_hour, watched))
                watched.known = loss_on(day.tutor, day.tutor.reviews.made_since(""))
            clock.now = up_again
    return watched


def look_back(home: Path, watched: Watched) -> dict[str, Any]:
    with sqlite3.connect(home / "statistics" / "baby.db") as db:
        saved = db.execute("select count(*) from events where kind = 'saved'").fetchone()[0]
        examined = db.execute("select bits_per_byte from evaluations order by id").fetchall()
        steps, pairs = db.execute("select max(step), (select count(*) from pairs) from steps").fetchone()
        pages = check_diary(db, MONDAY.tzinfo)
    db.close()
    nights = watched.nights
    return {
        "steps": steps,
        "replies": len(watched.replies),
        "failed": len(watched.failed),
        "steps_waited_at_most": max(watched.waited),
        "steps_waited": dict(sorted(Counter(watched.waited).items())),
        "rang": dict(Counter(bell for bell, _ in watched.bells)),
        "saved": saved,
        "examinations": len(examined),
        "held_out_bits_per_byte": examined[-1][0] if examined else None,
        "pairs": pairs,
        "pages_and_letters": dict(Counter(kind for kind, *_ in pages)),
        "found_in_the_record": sum(looked_up for *_, looked_up in pages),
        "nights": len(nights),
        "loss_on_the_days_pairs_before_night": round(sum(a for a, _ in nights) / max(1, len(nights)), 3),
        "loss_on_the_days_pairs_after_night": round(sum(b for _, b in nights) / max(1, len(nights)), 3),
        "loss_on_the_weeks_pairs": round(watched.known, 4),
    }


def main() -> None:
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--steps-per-hour", type=float, default=20)
    given = options.parse_args()
    with home_with(given.text) as home:
        watched = live_a_week(home, given.set, given.steps_per_hour)
        report(look_back(home, watched), given.json)


if __name__ == "__main__":
    run(main)
