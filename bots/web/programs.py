"""The endpoint for programs that speak with OpenAI's models: chats, one answer each, and marks for its answers.

What a program sends is a conversation of its own each time, so it is read afresh and remembered by nobody. With the
consent of the settings an exchange is kept, so that its answer can be marked and learned from; else nothing of it is.
"""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import Future
from typing import Any

from aiohttp import web

from bots.acknowledgement import VERDICTS
from bots.chat.rate_limit import SharedLimit
from bots.web.answers import Pieces
from bots.web.hub import begin_stream
from bots.web.marks import give
from bots.web.outlet import Outlet
from bots.web.reading import fields_of, text_of
from bots.web.refusals import Refusal, as_json
from bots.web.settings import WebSettings
from bots.web.wire_format import ID, MODEL, Wanted, chunk, completion, model, usage
from school.door.school import School
from school.door.values import Origin, Reply, new_id
from school.office.foreign import to_json

OWN, REMOTE = "api", "api-remote"  # surfaces: on this machine it is the owner's own; elsewhere it says nothing private
WEIGHT = {"good": 0.5, "bad": 0.5, "fix": 1.0}  # half of what the owner's own marks weigh
MINUTE, HOUR = 60.0, 3600.0
LAST = b"data: [DONE]\n\n"


class Programs:
    """Answers what is asked under /v1/. ``remote``: whether others than this machine get there."""

    def __init__(self, school: School, settings: WebSettings, *, remote: bool):
        self._school, self._settings = school, settings
        self._surface = REMOTE if remote else OWN
        self._asked = SharedLimit(lambda: settings.requests_a_minute, MINUTE, time.monotonic)
        self._marked = SharedLimit(lambda: settings.lessons_an_hour, HOUR, time.monotonic)
        self._began = int(time.time())

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/v1/models", self._models),
            web.get("/v1/models/{id}", self._model),
            web.post("/v1/chat/completions", self._complete),
            web.post("/v1/babyllm/feedback", self._feedback),
        ]

    async def _models(self, _: web.Request) -> web.Response:
        return as_json({"object": "list", "data": [model(self._began)]})

    async def _model(self, request: web.Request) -> web.Response:
        _check_model(request.match_info["id"])
        return as_json(model(self._began))

    # ---- answers -------------------------------------------------------------------------------------------------

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        """Raises Refusal, Busy and Asleep."""
        wanted = Wanted.of(await fields_of(request))
        _check_model(wanted.model)
        if not self._asked.take():
            wait = {"Retry-After": str(max(1, round(self._asked.wait())))}
            limit = f"{self._settings.requests_a_minute} questions a minute are enough (web.requests_a_minute)"
            raise Refusal(429, limit, code="rate_limit_exceeded", headers=wait)
        key, pieces = new_id(), Pieces()
        future = self._ask(wanted, key, pieces)
        pieces.follow(future)
        try:
            if wanted.stream:
                return await self._stream(request, wanted, key, pieces, future)
            return await self._at_once(wanted, key, future)
        finally:
            future.cancel()

    def _ask(self, wanted: Wanted, key: str, pieces: Pieces) -> Future[Reply]:
        kept = self._settings.learn_from_api and not wanted.hidden
        return self._school.ask(
            wanted.question,
            f"{self._surface}:{key}" if kept else "",
            surface=self._surface,
            channel=self._surface if kept else "",
            message=key if kept else "",
            consent="owner" if kept else "",
            remembered=False,
            on_token=pieces.put,
            before=wanted.before,
            manner=wanted.manner,
            key=key,
        )

    async def _at_once(self, wanted: Wanted, key: str, future: Future[Reply]) -> web.Response:
        try:
            reply = await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            if future.cancelled() and not asyncio.current_task().cancelling():  # not they left, but it was taken back
                raise Refusal(500, "the question was taken back") from None
            raise
        outlet = Outlet(wanted.manner.stop)
        return as_json(completion(key, outlet.feed(reply.text) + outlet.end(), reply))

    async def _stream(
        self, request: web.Request, wanted: Wanted, key: str, pieces: Pieces, future: Future[Reply]
    ) -> web.StreamResponse:
        response, outlet = await begin_stream(request), Outlet(wanted.manner.stop)
        step = self._school.status().step
        await response.write(_data(chunk(key, step, {"role": "assistant", "content": ""})))
        async for piece in pieces:
            if text := outlet.feed(piece):
                await response.write(_data(chunk(key, step, {"content": text})))
        if future.cancelled() or future.exception():
            await response.write(b"data: " + Refusal(500, "it could not answer").body(full=True).encode() + b"\n\n")
            return response
        reply = future.result()
        if text := outlet.end():
            await response.write(_data(chunk(key, step, {"content": text})))
        await response.write(_data(chunk(key, step, {}, reply)))
        if wanted.include_usage:
            await response.write(_data(chunk(key, step, None) | {"usage": usage(reply)}))
        await response.write(LAST)
        await response.write_eof()
        return response

    # ---- marks ---------------------------------------------------------------------------------------------------

    async def _feedback(self, request: web.Request) -> web.Response:
        """Raises Refusal."""
        if not self._settings.learn_from_api:
            raise Refusal(403, "it learns nothing from programs unless web.learn_from_api is true")
        given = await fields_of(request)
        key, verdict = text_of(given, "id").removeprefix(ID), text_of(given, "verdict")
        if verdict not in VERDICTS:
            raise Refusal(400, "verdict must be good, bad or fix", param="verdict")
        correction = text_of(given, "text") if verdict == "fix" else ""
        exchange = self._school.find(key)
        if exchange is None or exchange.origin.surface != self._surface:
            raise Refusal(404, "no such answer is kept", param="id")
        if verdict != "bad" and not self._marked.take():
            wait = {"Retry-After": str(max(1, round(self._marked.wait())))}
            raise Refusal(429, "it has learned enough this way for now (web.lessons_an_hour)", headers=wait)
        origin = Origin(surface=self._surface, channel=self._surface, message=key)
        return await give(self._school, key, verdict, correction, origin=origin, weight=WEIGHT[verdict])


def _check_model(name: str) -> None:
    """Raises Refusal."""
    if name != MODEL:
        raise Refusal(404, f"there is one model here, {MODEL}", param="model", code="model_not_found")


def _data(value: dict[str, Any]) -> bytes:
    return f"data: {to_json(value, separators=(',', ':'))}\n\n".encode("utf-8", "replace")
