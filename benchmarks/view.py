"""What it costs to watch: lessons with the full view and with none, by turns, in one run.

    python -m benchmarks.view --set brain.preset=newborn --set terminal.line_seconds=1

Blocks of the two alternate, the order in a pair too. A pair's ratio is the seconds of a step with the view over those
without, everything that the tutor's thread did but examinations counted; ``processor`` compares processor seconds of
the whole process per step, which other programs on the machine disturb less and which nothing that a view does escapes.
The shares tell the same from inside: what the thread that draws had, and what glimpses cost the tutor.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from typing import NamedTuple

from benchmarks.common import awake, parser, report, run
from school.assembly import Awake
from school.office.stopwatch import LESSONS
from school.screen.announcer import Screen

NEVER = "lessons.evaluation_steps=1000000000"
COUNTED = (*LESSONS, "other")


class Audience:
    """A screen that nobody sees, but for which everything is drawn; counts full views."""

    def __init__(self) -> None:
        self.views = 0
        self.screen = Screen(show=self._show, colours="truecolor", drawn=True, width=lambda: 100)

    def _show(self, text: str) -> None:
        self.views += "blend" in text


class Cost(NamedTuple):
    """Of a block."""

    step: float  # seconds of the tutor's thread for a step
    processor: float  # processor seconds of the process for a step
    drawing: float  # share of the processor seconds that the main thread had, which follows and draws
    glimpses: float  # share of the tutor's seconds


async def block(day: Awake, view: str, seconds: float) -> Cost:
    day.announcer.choose(view)
    await asyncio.sleep(1)  # what was begun under the other view is over
    before, own = day.tutor.stopwatch.latest(), time.thread_time()
    await asyncio.sleep(seconds)
    after, own = day.tutor.stopwatch.latest(), time.thread_time() - own
    parts = {part: after.parts.get(part, 0.0) - before.parts.get(part, 0.0) for part in COUNTED}
    spent, processor, steps = sum(parts.values()), after.cpu - before.cpu, max(1, after.steps - before.steps)
    return Cost(spent / steps, processor / steps, own / max(processor, 1e-9), parts["glimpse"] / max(spent, 1e-9))


async def measure(day: Awake, audience: Audience, given) -> dict:
    telling = asyncio.create_task(day.announcer.keep_telling())
    day.classroom.start()
    await asyncio.sleep(given.warm_up)
    pairs: list[tuple[Cost, Cost]] = []
    for number in range(given.pairs):
        order = ("full", "off") if number % 2 else ("off", "full")
        blocks = {view: await block(day, view, given.seconds) for view in order}
        pairs.append((blocks["full"], blocks["off"]))
    day.classroom.stop()
    await asyncio.wrap_future(day.classroom.done)
    telling.cancel()
    ratios = [watched.step / alone.step for watched, alone in pairs]
    processor = [watched.processor / alone.processor for watched, alone in pairs]
    return {
        "pairs": given.pairs,
        "block_seconds": given.seconds,
        "full_views_shown": audience.views,
        "step_ms_unwatched": round(1000 * statistics.median(alone.step for _, alone in pairs), 2),
        "time_ratio": round(statistics.median(ratios), 4),
        "time_ratio_error": round(error_of_median(ratios), 4),
        "processor_ratio": round(statistics.median(processor), 4),
        "processor_ratio_error": round(error_of_median(processor), 4),
        "drawing_share": round(statistics.mean(watched.drawing for watched, _ in pairs), 5),
        "drawing_share_unwatched": round(statistics.mean(alone.drawing for _, alone in pairs), 5),
        "glimpse_share": round(statistics.mean(watched.glimpses for watched, _ in pairs), 5),
    }


def error_of_median(values: list[float]) -> float:
    """Its standard error, from the quartiles, as of a normal distribution."""
    low, _, high = statistics.quantiles(values, n=4)
    return 1.253 * (high - low) / 1.349 / len(values) ** 0.5


def main() -> None:
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--pairs", type=int, default=30, help="of blocks, one watched, one not; at least 2")
    options.add_argument("--seconds", type=float, default=4, help="of a block")
    options.add_argument("--warm-up", type=float, default=15, help="seconds of lessons first")
    given = options.parse_args()
    audience = Audience()
    with awake(given, NEVER, screen=audience.screen) as (day, _):
        report(asyncio.run(measure(day, audience, given)), given.json)


if __name__ == "__main__":
    run(main)
