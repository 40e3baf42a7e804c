"""What the owner's page may ask for: answers, marks, lessons, whatever can be typed, and how it all went."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

from aiohttp import web

from bots.acknowledgement import FROM_NOW_ON, VERDICTS, WILL_LEARN
from bots.receipts import why
from bots.typed import Commands
from bots.web.answers import Pieces
from bots.web.house import House
from bots.web.hub import begin_stream, encoded
from bots.web.marks import acknowledge, give
from bots.web.reading import fields_of, text_of, whole_number
from bots.web.refusals import Refusal, as_json
from school.door.school import School
from school.door.values import ME, Reply, new_id
from school.office.mistakes import Mistake
from school.screen.telling import answered

SURFACE = "web"
CONVERSATION = f"{SURFACE}:{ME}"  # how the names of conversations here begin
LOOKS = 2  # at the record, at a time
QUIT = {"/quit": "quit"}  # who leaves a page may mean the page, so it is asked first

T = TypeVar("T")


class Owner:
    """Answers the requests of pages under /api/. ``state``: how it is, for pages."""

    def __init__(self, school: School, house: House, state: Callable[[], dict[str, Any]]):
        self._school, self._house, self._state = school, house, state
        self._said: list[str] = []
        self._commands = Commands(school, self._said.append, replace(house.desk, place=CONVERSATION, conversation=""))
        self._typing = asyncio.Lock()
        self._under_way: set[asyncio.Task] = set()
        self._looks = asyncio.Semaphore(LOOKS)

    def routes(self) -> list[web.RouteDef]:
        looks = ("status", "curve", "timetable", "people", "diary")
        deeds = ("ask", "feedback", "teach", "why", "type")
        return [
            *(web.get(f"/api/{name}", getattr(self, f"_{name}")) for name in looks),
            *(web.post(f"/api/{name}", getattr(self, f"_{name}")) for name in deeds),
        ]

    # ---- talk ----------------------------------------------------------------------------------------------------

    async def _ask(self, request: web.Request) -> web.StreamResponse:
        """The answer, piece by piece; taken back where whoever asked has gone. Raises Refusal, Busy and Asleep."""
        question = text_of(await fields_of(request), "text")
        key, pieces = new_id(), Pieces()
        future = self._school.ask(question, self._commands.conversation, surface=SURFACE, on_token=pieces.put, key=key)
        pieces.follow(future)
        try:
            response = await begin_stream(request)
            await response.write(encoded("begin", {"id": key, "step": self._school.status().step}))
            async for piece in pieces:
                await response.write(encoded("token", {"text": piece}))
            await response.write(self._ending(future))
            await response.write_eof()
        finally:
            future.cancel()
        return response

    def _ending(self, future: Future[Reply]) -> bytes:
        if future.cancelled() or (error := future.exception()):
            why = "it was taken back" if future.cancelled() else f"it could not answer ({type(error).__name__})"
            return encoded("error", {"message": why})
        reply = future.result()
        return encoded("end", answered(reply, self._school.status().mood) | {"text": reply.text})

    async def _feedback(self, request: web.Request) -> web.Response:
        given = await fields_of(request)
        reply, verdict = text_of(given, "reply"), text_of(given, "verdict")
        if verdict not in VERDICTS:
            raise Refusal(400, "verdict must be good, bad or fix")
        correction = text_of(given, "text") if verdict == "fix" else ""
        return await give(self._school, reply, verdict, correction)

    async def _teach(self, request: web.Request) -> web.Response:
        given = await fields_of(request)
        answer, question = text_of(given, "answer"), text_of(given, "question", "")
        written: Future[None] = Future()
        self._school.teach(answer, prompt=question, source="teach", written=written)
        return await acknowledge(FROM_NOW_ON if question else WILL_LEARN, written)

    async def _why(self, request: web.Request) -> web.Response:
        key = text_of(await fields_of(request), "reply")
        receipt = await asyncio.wrap_future(self._school.why(key))
        if receipt is None:
            raise Refusal(404, "that answer is forgotten")
        return as_json({"message": why(receipt)})

    # ---- commands ------------------------------------------------------------------------------------------------

    async def _type(self, request: web.Request) -> web.Response:
        """A line that was typed: what is said to it, whether it ``was`` a command or the answer to a question, whether
        something ``asks`` for the next line, and whether another conversation ``begins``. Only a page that was
        ``asked`` answers a question. What was begun is done, whoever leaves. Raises Refusal, Busy and Asleep."""
        given = await fields_of(request)
        line, last = text_of(given, "line", ""), text_of(given, "reply", "")
        task = asyncio.create_task(self._obey(QUIT.get(line.lower(), line), last, given.get("asked") is True))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return as_json(await asyncio.shield(task))

    async def _obey(self, line: str, last: str, asked: bool) -> dict[str, Any]:
        async with self._typing:
            self._said.clear()
            if not asked:
                self._commands.unask()
            self._commands.last, before = last, self._commands.conversation
            was = await self._commands.obey(line)
            begins = self._commands.conversation != before
            message = "\n".join(map(_without_brackets, self._said))
            return {"message": message, "was": was, "asks": self._commands.asks, "begins": begins}

    # ---- looking -------------------------------------------------------------------------------------------------

    async def _status(self, _: web.Request) -> web.Response:
        return as_json(self._state())

    async def _curve(self, request: web.Request) -> web.Response:
        metric = request.query.get("metric", "loss")[:100]
        points = whole_number(request.query.get("points", "200"), "points", 2, 2000)
        unit, curve = await self._look(partial(self._house.curve, metric, points))
        return as_json({"metric": metric, "unit": unit, "points": curve})

    async def _timetable(self, _: web.Request) -> web.Response:
        return as_json(await self._look(self._house.timetable))

    async def _people(self, _: web.Request) -> web.Response:
        """Those who agree; what they are called only while they are there, for names are not kept."""
        agreeing, asked = self._house.agreeing(), await self._look(self._house.questions)
        rows = [
            {
                "name": self._house.name_of(person) or None,
                "where": person.partition(":")[0],
                "since": datetime.fromtimestamp(since, UTC).isoformat(timespec="seconds"),
                "messages": asked.get(person, 0),
            }
            for person, since in agreeing.items()
        ]
        return as_json(rows)

    async def _diary(self, request: web.Request) -> web.Response:
        last = whole_number(request.query.get("pages", "7"), "pages", 1, 366)
        return as_json(await self._look(partial(self._house.pages, last)))

    async def _look(self, at: Callable[[], T]) -> T:
        """What takes a while, off the event loop. Raises Refusal."""
        async with self._looks:
            try:
                return await asyncio.to_thread(at)
            except Mistake as mistake:
                raise Refusal(404, str(mistake)) from None


def _without_brackets(said: str) -> str:
    """In a terminal they tell what it says from what is said about it."""
    return said[1:-1] if said.startswith("(") and said.endswith(")") else said
