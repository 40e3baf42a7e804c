"""Whether something grows, as the measurements tell it."""

from __future__ import annotations

import asyncio
import socket

import pytest

from benchmarks.memory import Census, grown, slope


class Kept:
    """Something that nobody lets go of."""


def test_what_is_kept_is_counted():
    async def look() -> tuple[Census, Census]:
        before = Census.now()
        kept, waiting = [Kept() for _ in range(1000)], asyncio.create_task(asyncio.sleep(60))
        with socket.socket() as listening:
            listening.bind(("127.0.0.1", 0))
            listening.listen()
            after = Census.now()
        waiting.cancel()
        assert len(kept) == 1000
        return before, after

    before, after = asyncio.run(look())
    assert (after.tasks, after.sockets) == (before.tasks + 1, before.sockets + 1)
    told = grown(before, after)
    assert told["tasks_first_and_last"] == "1 and 2"
    assert f"{__name__}.Kept +1,000" in told["more_objects_of"]


def test_growth_is_a_slope():
    """From a minute on, whatever was before."""
    sizes = [(0, 500.0), (1, 100.0), (2, 101.0), (3, 102.0)]
    assert slope(sizes, since=1) == pytest.approx(60)
    assert slope([(0, 5.0), (9, 5.0)]) == pytest.approx(0)
