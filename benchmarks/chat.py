"""How it feels to talk to it while it trains: reply latency, and what talking costs the lessons.

    python -m benchmarks.chat --text DIARY.txt
    python -m benchmarks.chat --text DIARY.txt --chatters 10 --questions 100

Lessons alone, then questions at random moments, then lessons alone again; throughput is compared within the one run.
Several chatters ask at the same moments.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import time

from benchmarks.common import awake, parser, percentile, report
from school.assembly import Awake
from school.door.school import School
from school.door.values import Reply

QUESTIONS = (
    "how are you today?",
    "what did you do this morning?",
    "tell me about your sister.",
    "did you sleep well?",
    "what do you think about the weather and the long walk that we took along the river yesterday?",
    "hello",
    "and then?",
    "what is your favourite word, and why do you like it so much?",
)


async def tokens_per_second(day: Awake, seconds: float) -> float:
    """Library tokens taught per second of wall-clock over a while."""
    before, started = day.tutor.tokens_seen, time.monotonic()
    await asyncio.sleep(seconds)
    return (day.tutor.tokens_seen - before) / (time.monotonic() - started)


async def talk(school: School, given: argparse.Namespace) -> list[Reply | Exception]:
    """So many ``questions`` at uniformly random moments of ``seconds``, of ``chatters`` at a time, all awaited. Who
    asks again in a conversation waits for the answer before."""
    rng = random.Random(given.seed)
    started, conversations = time.monotonic(), max(given.conversations, given.chatters)

    async def visit(at: float, number: int) -> Reply | Exception:
        await asyncio.sleep(max(0.0, started + at - time.monotonic()))
        try:
            return await asyncio.wrap_future(school.ask(rng.choice(QUESTIONS), f"visitor{number % conversations}"))
        except Exception as error:
            return error

    count = given.questions // given.chatters
    moments = sorted(rng.uniform(0, given.seconds * 0.97) for _ in range(count))
    visits = [at for at in moments for _ in range(given.chatters)]
    return await asyncio.gather(*(visit(at, number) for number, at in enumerate(visits)))


async def measure(day: Awake, given) -> dict:
    day.classroom.start()
    await asyncio.sleep(given.warm_up)
    quiet_before = await tokens_per_second(day, given.seconds / 2)
    talking = asyncio.create_task(tokens_per_second(day, given.seconds))
    answers = await talk(day.school, given)
    busy = await talking
    quiet_after = await tokens_per_second(day, given.seconds / 2)
    day.classroom.stop()
    await asyncio.wrap_future(day.classroom.done)
    replies = [answer for answer in answers if isinstance(answer, Reply)]
    quiet = (quiet_before + quiet_after) / 2
    first = [1000 * reply.first_token_seconds for reply in replies]
    whole = [1000 * reply.seconds for reply in replies]
    return {
        "questions": len(answers),
        "chatters": given.chatters,
        "failed": len(answers) - len(replies),
        "first_token_ms_p50": round(percentile(first, 0.5)),
        "first_token_ms_p99": round(percentile(first, 0.99)),
        "reply_ms_p50": round(percentile(whole, 0.5)),
        "reply_ms_p99": round(percentile(whole, 0.99)),
        "tokens_per_reply": round(sum(len(reply.tokens) for reply in replies) / len(replies), 1),
        "questions_per_minute": round(60 * len(answers) / given.seconds, 1),
        "tokens_per_second_untalked": round(quiet),
        "tokens_per_second_talking": round(busy),
        "throughput_ratio": round(busy / quiet, 3),
        "micro_streams": day.tutor.pace.micro_streams,
    }


def main() -> None:
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--questions", type=int, default=60)
    options.add_argument("--seconds", type=float, default=120, help="over which the questions are spread")
    options.add_argument("--chatters", type=int, default=1, help="who ask at the same moments")
    options.add_argument("--conversations", type=int, default=3, help="that take turns")
    options.add_argument("--warm-up", type=float, default=20, help="seconds of lessons first")
    options.add_argument("--seed", type=int, default=0)
    given = options.parse_args()
    with awake(given) as (day, _):
        report(asyncio.run(measure(day, given)), given.json)


if __name__ == "__main__":
    main()
