"""The doorman: how many may come in at a time, and how long somebody may stand there without saying what they want.

He keeps those who only hold a door open from keeping others out; what they cost is a socket for some seconds.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from aiohttp import web
from aiohttp.typedefs import Handler
from aiohttp.web_protocol import RequestHandler

from bots.web.refusals import WORDS, Refusal

CONNECTIONS = 96  # at a time
BACKLOG = 128
PATIENCE_SECONDS = 10.0  # for the head of a request; and between two on one connection
LOOK_SECONDS = 1.0
LINGER_SECONDS = 0.5  # for the rest of what was refused
LAST_SECONDS = 5.0  # for those who are inside to leave, in the end
FULL = Refusal(503).body(full=True).encode()
FULL_RESPONSE = b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nRetry-After: 5\r\n" + (
    b"Connection: close\r\nContent-Length: %d\r\n\r\n%s\n" % (len(FULL) + 1, FULL)
)


class Visit(RequestHandler):
    """A connection on which what is no HTTP at all is refused in our words. ``left`` is called when it ends."""

    __slots__ = ("_left",)

    def __init__(self, server: web.Server, left: Callable[[Visit], None]):
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            access_log=None,
            keepalive_timeout=PATIENCE_SECONDS,
            lingering_time=LINGER_SECONDS,
        )
        self._left = left

    def connection_lost(self, exc: BaseException | None) -> None:
        super().connection_lost(exc)
        self._left(self)

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        response = Refusal(status, WORDS.get(status, "")).response(full=True)
        response.force_close()
        return response


class TurnedAway(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.write(FULL_RESPONSE)
        transport.close()


class Doorman:
    """A factory of connections for ``loop.create_server``; ``attend`` is a middleware, ``sweep`` runs beside."""

    def __init__(self, server: web.Server, clock: Callable[[], float] = time.monotonic):
        self._server, self._clock = server, clock
        self._waiting: dict[RequestHandler, float] = {}  # who said nothing yet, since when
        self._served: set[RequestHandler] = set()
        self._inside: set[Visit] = set()
        self.turned_away = 0

    def __call__(self) -> asyncio.Protocol:
        if len(self._inside) >= CONNECTIONS:
            self.turned_away += 1
            return TurnedAway()
        visit = Visit(self._server, self._inside.discard)
        self._inside.add(visit)
        return visit

    @property
    def inside(self) -> int:
        return len(self._inside)

    async def show_out(self) -> None:
        """Everybody, also who was just coming in; no longer than LAST_SECONDS."""
        for _ in range(round(LAST_SECONDS / 0.01)):
            for one in self._inside:
                if one.transport:
                    one.transport.abort()
            if not self._inside:
                return
            await asyncio.sleep(0.01)

    @web.middleware
    async def attend(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self._served.add(request.protocol)
        try:
            return await handler(request)
        finally:
            self._served.discard(request.protocol)

    async def sweep(self) -> None:
        """Until it is cancelled: show out who stands in the door for too long."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            self.look()

    def look(self) -> None:
        now, here = self._clock(), set(self._server.connections)
        self._waiting = {one: self._waiting.get(one, now) for one in here - self._served}
        for one, since in self._waiting.items():
            if now - since > PATIENCE_SECONDS and one.transport:
                one.transport.abort()
