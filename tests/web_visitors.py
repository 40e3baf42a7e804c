"""Who visits the web face in benchmarks.web, in a process of its own; loads no torch.

python -m tests.web_visitors http://localhost:8088 --pages --programs 2 --pause 4

Until its standard input ends; then it prints what it saw, as one JSON line.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import time

import aiohttp

QUESTIONS = (
    "hello",
    "what is soup?",
    "and then?",
    "what did you do this morning, and how was it",
    "do you like rain?",
)


class Seen:
    """``events`` by name; milliseconds to the first token, to the whole answer, to a look at its state."""

    def __init__(self) -> None:
        self.events: dict[str, int] = {}
        self.first: list[float] = []
        self.whole: list[float] = []
        self.status: list[float] = []
        self.failed = 0


async def listen(visitor: aiohttp.ClientSession, path: str, seen: Seen) -> None:
    """A page that is open."""
    async with visitor.get(path) as response:
        async for line in response.content:
            if line.startswith(b"event: "):
                name = line[7:].decode().strip()
                seen.events[name] = seen.events.get(name, 0) + 1


async def look(visitor: aiohttp.ClientSession, seen: Seen) -> None:
    """What a page asks for besides."""
    while True:
        await asyncio.sleep(5)
        started = time.monotonic()
        async with visitor.get("/api/status") as response:
            await response.read()
        seen.status.append(1000 * (time.monotonic() - started))
        async with visitor.get("/api/curve?metric=loss&points=200") as response:
            await response.read()


async def ask(visitor: aiohttp.ClientSession, pause: float, number: int, seen: Seen) -> None:
    """A program that asks, now and then."""
    rng = random.Random(number)
    while True:
        await asyncio.sleep(rng.uniform(0.2, 1.8) * pause)
        message = {"role": "user", "content": rng.choice(QUESTIONS)}
        body = {"model": "babyllm", "messages": [message], "stream": True}
        started, first = time.monotonic(), 0.0
        async with visitor.post("/v1/chat/completions", json=body) as response:
            seen.failed += response.status != 200
            async for line in response.content:
                if not first and b'"content":"' in line and b'"role"' not in line:
                    first = time.monotonic() - started
        seen.first.append(1000 * first)
        seen.whole.append(1000 * (time.monotonic() - started))


async def visit(given: argparse.Namespace) -> Seen:
    seen = Seen()
    endless = aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(given.url, timeout=endless) as visitor:
        visits = [ask(visitor, given.pause, number, seen) for number in range(given.programs)]
        if given.pages:
            visits += [listen(visitor, "/events", seen), listen(visitor, "/overlay/events", seen), look(visitor, seen)]
        tasks = [asyncio.create_task(one) for one in visits]
        await asyncio.to_thread(sys.stdin.read)
        for task in tasks:
            task.cancel()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
    for end in ends:
        if isinstance(end, Exception):
            raise end
    return seen


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("url")
    options.add_argument("--pages", action="store_true")
    options.add_argument("--programs", type=int, default=0)
    options.add_argument("--pause", type=float, default=4.0)
    print(json.dumps(vars(asyncio.run(visit(options.parse_args())))))


if __name__ == "__main__":
    main()
