"""Marks of its answers, and how they are acknowledged."""

from __future__ import annotations

from concurrent.futures import Future

from aiohttp import web

from bots.acknowledgement import VERDICTS, when_written
from bots.web.refusals import Refusal, as_json
from school.door.school import School
from school.door.values import NOWHERE, Origin


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
    return as_json({"message": await when_written(done, written)})
