"""What the web face costs lessons, and how fast it answers.

    python -m benchmarks.web --text DIARY.txt --minutes 60

In turns of some seconds nobody is there, the owner's page and the overlay are open, and two programs ask as well.
Tokens taught per second are compared within the one run, by the clock on the wall and by the processor time of the two
threads that the web face can cost something, lessons' and the event loop's (with machine.threads=1, lessons are one
thread): the median over all turns, each against the turns with nobody before and after it. Visitors are a process of
their own; what answers cost is the talker's, and not counted in the second.

Whether it grows: the slope of resident memory from the second round of turns on, and how many objects, tasks, threads
and sockets there are after the first round and in the end, with nobody there both times.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
from array import array
from asyncio.subprocess import PIPE
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.common import awake, parser, percentile, report
from benchmarks.memory import Census, grown, slope
from benchmarks.soak import watch_lag, watch_memory
from school.assembly import Awake
from school.door.events import Event, StepReport

KINDS = {"nobody": None, "pages": ["--pages"], "all": ["--pages", "--programs", "2"]}
ORDER = ("nobody", "pages", "nobody", "all")
STEPS = 4  # of a turn, at least
SETTLE = 1.0  # seconds after somebody came or left


@dataclass(frozen=True)
class Turn:
    """Tokens taught per second, by the clock on the wall and by processor time."""

    kind: str
    by_wall: float
    by_processor: float


class Meter:
    """A watcher that notes for each step of a turn its tokens, the time, and what lessons' thread has used of the
    processor."""

    def __init__(self) -> None:
        self.steps: list[tuple[int, float, float]] = []

    def begin(self) -> None:
        self.steps = []

    def look(self) -> bool:
        return False

    def tell(self, event: Event) -> None:
        if isinstance(event, StepReport):
            self.steps.append((event.tokens, time.monotonic(), time.thread_time()))


async def teach(meter: Meter, kind: str, seconds: float) -> Turn:
    """From the end of a step to the end of another."""
    meter.begin()
    started, used = time.monotonic(), time.thread_time()
    while time.monotonic() < started + seconds or len(meter.steps) < STEPS:
        await asyncio.sleep(0.1)
    loop = (time.thread_time() - used) / (time.monotonic() - started)  # seconds a second
    (_, begun, lessons), *steps = meter.steps
    tokens, (_, ended, lessons_after) = sum(step[0] for step in steps), steps[-1]
    processor = lessons_after - lessons + loop * (ended - begun)
    return Turn(kind, tokens / (ended - begun), tokens / processor)


async def take_turn(meter: Meter, url: str, kind: str, given, visits: list[dict]) -> Turn:
    if KINDS[kind] is None:
        await asyncio.sleep(SETTLE)
        return await teach(meter, kind, given.turn)
    command = [sys.executable, "-m", "tests.web_visitors", url, *KINDS[kind], "--pause", str(given.pause)]
    visitors = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE)
    await asyncio.sleep(2 * SETTLE)
    turn = await teach(meter, kind, given.turn)
    said, _ = await asyncio.wait_for(visitors.communicate(b""), 60)
    visits.append(json.loads(said))
    return turn


def ratios(turns: list[Turn], kind: str, of: str) -> list[float]:
    """Each turn of a kind against the mean of the turns with nobody beside it."""
    found = []
    for before, turn, after in zip(turns, turns[1:], turns[2:], strict=False):
        if turn.kind == kind and before.kind == after.kind == "nobody":
            found.append(getattr(turn, of) / statistics.mean((getattr(before, of), getattr(after, of))))
    return found


async def live(day: Awake, given) -> dict:
    (face,) = (surface for surface in day.surfaces if hasattr(surface, "watch"))
    meter = Meter()
    day.watchers.append(meter)
    face.start()
    day.classroom.start()
    await face.opened.wait()
    await asyncio.sleep(given.warm_up)
    stop, lags, sizes, turns, visits, censuses = asyncio.Event(), array("d"), [], [], [], []
    started = time.monotonic()
    watching = [
        asyncio.create_task(watch_lag(lags, stop)),
        asyncio.create_task(watch_memory(sizes, stop, started)),
    ]
    listening = asyncio.create_task(day.announcer.keep_telling())  # else what it is told waits in memory
    while time.monotonic() - started < 60 * given.minutes or len(turns) % len(ORDER) != 1:
        turns.append(await take_turn(meter, face.address, ORDER[len(turns) % len(ORDER)], given, visits))
        if len(turns) == len(ORDER) + 1:
            settled = (time.monotonic() - started) / 60
            censuses.append(Census.now())
    censuses.append(Census.now())
    stop.set()
    listening.cancel()
    lost = face.owner_hub.lost + face.overlay_hub.lost
    await face.close()
    day.classroom.stop()
    await asyncio.gather(asyncio.wrap_future(day.classroom.done), *watching)
    result = told(given, turns, visits, lags, sizes) | {"steps": day.school.status().step, "listeners_lost": lost}
    if len(turns) > len(ORDER) + 1:
        result |= {"memory_mb_an_hour": round(slope(sizes, settled), 1)} | grown(*censuses)
    return result


def told(given, turns: list[Turn], visits: list[dict], lags: Sequence[float], sizes: list[tuple[float, float]]) -> dict:
    """The figures, from what was seen."""
    result: dict[str, object] = {"minutes": given.minutes, "turns": len(turns)}
    for kind in ("pages", "all"):
        for of in ("by_wall", "by_processor"):
            found = ratios(turns, kind, of)
            result[f"throughput_{kind}_{of}"] = round(statistics.median(found), 3)
            result[f"throughput_{kind}_{of}_range"] = f"{min(found):.3f} to {max(found):.3f}"
    for name in ("first", "whole", "status"):
        values = [value for visit in visits for value in visit[name]]
        for share in (0.5, 0.99):
            result[f"{name}_ms_p{100 * share:g}"] = round(percentile(values, share), 1)
    result["answers"] = sum(len(visit["whole"]) for visit in visits)
    result["failed"] = sum(visit["failed"] for visit in visits)
    result["steps_shown"] = sum(visit["events"].get("step", 0) for visit in visits)
    result["event_loop_lag_ms_p99"] = round(1000 * percentile(lags, 0.99), 1)
    half = [size for minute, size in sizes if minute >= given.minutes / 2]
    result |= {"memory_mb_first": round(sizes[0][1], 1), "memory_mb_last": round(sizes[-1][1], 1)}
    return result | {"second_half_growth_percent": round(100 * (half[-1] / half[0] - 1), 2)}


def main() -> None:
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--minutes", type=float, default=60)
    options.add_argument("--turn", type=float, default=10, help="seconds of a turn")
    options.add_argument(
        "--pause", type=float, default=4, help="seconds between two questions of a program, on average"
    )
    options.add_argument("--warm-up", type=float, default=20, help="seconds of lessons first")
    given = options.parse_args()
    settings = ("web.enabled=true", "web.port=0", "web.requests_a_minute=6000", "terminal.view=off")
    with awake(given, *settings) as (day, _):
        report(asyncio.run(live(day, given)), given.json)


if __name__ == "__main__":
    main()
