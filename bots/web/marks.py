"""Marks of its answers, and how they are acknowledged."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future

from aiohttp import web

from bots.typed import DISK_SECONDS, FROM_NOW_ON
from bots.web.refusals import Refusal, as_json
from school.door.school import School
from school.door.values import NOWHERE, Origin

VERDICTS = {
    "good": "it learns that, and tries to do more of it",
    "bad": "it will never learn that, and tries to do less of it",
    "fix": FROM_NOW_ON,
}


async def give(
    school: School, reply: str, verdict: str, correction: str, *, origin: Origin = NOWHERE, weight: float | None = None
) -> web.Response:
    """Raises Refusal and Asleep."""
    written: Future[None] = Future()
    result = school.feedback(reply, verdict, correction=correction, origin=origin, weight=weight, written=written)
    if result == "unknown":
        raise Refusal(404, "that answer is forgotten")
    if result == "refused":
        raise Refusal(409, "it was marked as bad before; say what it should have been")
    return await acknowledge(VERDICTS[verdict], written)


async def acknowledge(done: str, written: Future[None]) -> web.Response:
    """Said once a crash could not undo it, or, after a while, that it still could."""
    try:
        await asyncio.wait_for(asyncio.wrap_future(written), DISK_SECONDS)
    except TimeoutError:
        done += "; but it is not on the disk yet"
    except Exception:
        done += "; but it could not be written down, the log says why"
    return as_json({"message": done})
