"""Who listens in a browser: each has a queue of its own that is bounded, and whoever is too slow for it is let go."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from aiohttp import web

from bots.web.refusals import Refusal
from school.office.foreign import to_json

WAITING = 500  # events for somebody who doesn't take them
LISTENERS = 24  # of one kind
COMMENT_SECONDS = 15.0
RETRY = b"retry: 2000\n\n"
HEADERS = {"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
BUFFER = 64 << 10  # bytes that may wait to be taken, beyond the queue

Event = tuple[str, object]  # its name and its data


def encoded(name: str, data: object) -> bytes:
    """As a browser expects an event; JSON has no line ends of its own."""
    return f"event: {name}\ndata: {to_json(data, separators=(',', ':'))}\n\n".encode("utf-8", "replace")


async def begin_stream(request: web.Request) -> web.StreamResponse:
    """A response that is sent piece by piece."""
    response = web.StreamResponse(headers=HEADERS)
    await response.prepare(request)
    if request.transport:
        request.transport.set_write_buffer_limits(high=BUFFER)
    return response


class Hub:
    """On the event loop. ``bool(hub)``, from any thread: whether anybody listens. ``lost``: who was too slow."""

    def __init__(self) -> None:
        self._listeners: dict[asyncio.Queue[bytes | None], web.Request] = {}
        self.lost = 0

    def __len__(self) -> int:
        return len(self._listeners)

    def publish(self, name: str, data: object) -> None:
        """Tell everybody who listens. Waits for nobody."""
        if not self._listeners:
            return
        event = encoded(name, data)
        for queue, request in list(self._listeners.items()):
            try:
                queue.put_nowait(event)
            except asyncio.QueueFull:
                self._let_go(queue, request)

    def _let_go(self, queue: asyncio.Queue[bytes | None], request: web.Request) -> None:
        self.lost += 1
        self._listeners.pop(queue, None)
        if request.transport:
            request.transport.abort()

    async def serve(self, request: web.Request, greeting: Callable[[], Iterable[Event]]) -> web.StreamResponse:
        """Until they leave. ``greeting``: what they hear first. Raises Refusal where too many listen."""
        if len(self._listeners) >= LISTENERS:
            raise Refusal(503)
        queue: asyncio.Queue[bytes | None] = asyncio.Queue(WAITING)
        self._listeners[queue] = request
        try:
            response = await begin_stream(request)
            await response.write(RETRY + b"".join(encoded(*event) for event in greeting()))
            while (event := await _next(queue)) is not None:
                await response.write(event)
        except OSError:  # they left
            pass
        finally:
            self._listeners.pop(queue, None)
        return response

    def close(self) -> None:
        """It ends; whoever listens hears all that waits for them."""
        for queue, request in list(self._listeners.items()):
            try:
                queue.put_nowait(None)
            except asyncio.QueueFull:
                self._let_go(queue, request)


async def _next(queue: asyncio.Queue[bytes | None]) -> bytes | None:
    """All that waits, or a comment after a while, by which a connection is known to be there; None in the end."""
    try:
        events = [await asyncio.wait_for(queue.get(), COMMENT_SECONDS)]
    except TimeoutError:
        return b":\n\n"
    while not queue.empty() and events[-1] is not None:
        events.append(queue.get_nowait())
    if events[-1] is None and len(events) > 1:
        queue.put_nowait(None)
        events.pop()
    return None if events[-1] is None else b"".join(events)
