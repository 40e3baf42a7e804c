"""A long day: an hour of lessons with visitors. Memory must stay flat and the event loop free.

python -m benchmarks.soak --text DIARY.txt --minutes 60
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import MutableSequence

import psutil

from benchmarks.chat import QUESTIONS
from benchmarks.common import awake, parser, percentile, report
from school.assembly import Awake
from school.door.values import Reply

TICK = 0.05  # seconds between looks at the event loop's punctuality


async def watch_lag(lags: MutableSequence[float], stop: asyncio.Event) -> None:
    """How late a sleep of TICK seconds ends, again and again."""
    while not stop.is_set():
        due = time.monotonic() + TICK
        await asyncio.sleep(TICK)
        lags.append(time.monotonic() - due)


async def watch_memory(sizes: list[tuple[float, float]], stop: asyncio.Event, started: float) -> None:
    """Resident megabytes every ten seconds, with the minute they were read at."""
    process = psutil.Process()
    while not stop.is_set():
        sizes.append(((time.monotonic() - started) / 60, process.memory_info().rss / 1e6))
        await asyncio.sleep(10)


async def visit(day: Awake, pause: float, stop: asyncio.Event, replies: list, failures: list, seed: int) -> None:
    """A visitor who asks, marks, corrects and teaches, at random."""
    rng = random.Random(seed)
    while not stop.is_set():
        await asyncio.sleep(rng.uniform(0.2, 1.8) * pause)
        try:
            reply: Reply = await asyncio.wrap_future(
                day.school.ask(
                    rng.choice(QUESTIONS), f"visitor{rng.randrange(50)}", person=f"visitor{rng.randrange(50)}"
                )
            )
        except Exception as error:
            if not stop.is_set():
                failures.append(repr(error))
            continue
        replies.append(reply)
        fate = rng.random()
        if fate < 0.15:
            day.school.feedback(reply.id, "good")
        elif fate < 0.25:
            day.school.feedback(reply.id, "fix", correction=f"I am {rng.randrange(100)} and I like soup.")
        elif fate < 0.35:
            day.school.feedback(reply.id, "bad")
        elif fate < 0.4:
            day.school.teach(f"The number of today is {rng.randrange(10_000)}.", source="teach")


async def live(day: Awake, settings, given) -> dict:
    started, stop = time.monotonic(), asyncio.Event()
    lags, sizes, replies, failures = [], [], [], []
    day.timetable.start()
    day.classroom.start()
    watching = [
        asyncio.create_task(watch_lag(lags, stop)),
        asyncio.create_task(watch_memory(sizes, stop, started)),
        *(asyncio.create_task(visit(day, given.pause, stop, replies, failures, seed)) for seed in range(3)),
    ]
    await asyncio.wait([asyncio.wrap_future(day.classroom.done)], timeout=given.minutes * 60)
    stop.set()
    now = day.school.status()
    day.timetable.close()
    day.classroom.stop()
    await asyncio.wrap_future(day.classroom.done)
    await asyncio.gather(*watching, return_exceptions=True)
    half = [size for minute, size in sizes if minute >= given.minutes / 2]
    tenth = max(1, len(half) // 10)
    growth = (sum(half[-tenth:]) / tenth) / (sum(half[:tenth]) / tenth) - 1
    first = [1000 * reply.first_token_seconds for reply in replies]
    return {
        "minutes": round((time.monotonic() - started) / 60, 1),
        "steps": now.step,
        "tokens_per_second": round(now.tokens_seen / (time.monotonic() - started)),
        "held_out_bits_per_byte": now.held_out_bits_per_byte,
        "replies": len(replies),
        "failed": len(failures),
        "failures": failures[:3],
        "first_token_ms_p50": round(percentile(first, 0.5)),
        "first_token_ms_p99": round(percentile(first, 0.99)),
        "event_loop_lag_ms_p99": round(1000 * percentile(lags, 0.99), 1),
        "event_loop_lag_ms_worst": round(1000 * max(lags), 1),
        "resident_mb_halfway": round(half[0]),
        "resident_mb_end": round(half[-1]),
        "second_half_growth_percent": round(100 * growth, 2),
        "skipped_steps": now.skipped_steps,
        "unwritten": now.unwritten,
        "pairs": now.pairs,
    }


def main() -> None:
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--minutes", type=float, default=60)
    options.add_argument("--pause", type=float, default=10, help="mean seconds between one visitor's questions (of 3)")
    given = options.parse_args()
    with awake(given) as (day, settings):
        report(asyncio.run(live(day, settings, given)), given.json)


if __name__ == "__main__":
    main()
