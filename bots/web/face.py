"""The web face: the server of all pages and programs, as a surface. Its own small tasks on the surfaces' event loop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from bots.acknowledgement import SORRY
from bots.web.doorman import BACKLOG, Doorman
from bots.web.files import PLACES, Files
from bots.web.gate import ANY, Gate
from bots.web.house import House
from bots.web.hub import Event, Hub
from bots.web.keys import Keys
from bots.web.owner import Owner
from bots.web.programs import Programs
from bots.web.reading import BODY_BYTES
from bots.web.refusals import Refusal
from bots.web.settings import WebSettings
from bots.web.stage import Stage
from bots.web.watch import Watch
from school.door.school import School
from school.door.values import Asleep, Busy
from school.screen.telling import color, in_figures, number

CSP = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
OVERLAY_CSP = f"{CSP}; style-src 'self' 'unsafe-inline'"  # OBS puts a streamer's own styles into the page
HEADERS = {
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
STATE_SECONDS = 10.0  # between two looks at what takes a while to know
TICK_SECONDS = 0.5  # between two looks whether something has changed
END_SECONDS = 1.0  # for what is under way when it falls asleep

log = logging.getLogger(__name__)


class Face:
    """A surface. ``watch`` hears what happens, ``stage`` what chats have shown."""

    def __init__(
        self, school: School, house: House, settings: WebSettings, keys: Keys | None, *, tell: Callable[[str], None]
    ):
        self._school, self._house, self._settings, self._keys, self._tell = school, house, settings, keys, tell
        self.owner_hub, self.overlay_hub = Hub(), Hub()
        self.watch = Watch(school, house, self.owner_hub, self.overlay_hub, captions=settings.captions)
        self.stage = Stage(self.overlay_hub, school, house.name_of)
        self._gate, self._files = Gate(settings.host, keys), Files()
        self._owner = Owner(school, house, self.state)
        self._programs = Programs(school, settings, remote=keys is not None)
        self._known: dict[str, Any] = {"born": None, "sentence": ""}  # what takes a while to know
        self._told: tuple = ()
        self._tasks: list[asyncio.Task] = []
        self._servers: list[asyncio.Server] = []
        self._runner: web.AppRunner | None = None
        self._doorman: Doorman | None = None
        self._why = "it has not begun"
        self.opened = asyncio.Event()  # set once it listens, or can't

    # ---- as a surface --------------------------------------------------------------------------------------------

    def start(self) -> None:
        self._tasks.append(asyncio.create_task(self._open()))

    async def close(self) -> None:
        self.watch.close()
        for hub in (self.owner_hub, self.overlay_hub):
            hub.close()
        await self._stop_listening()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._runner:
            await self._runner.cleanup()
            await self._doorman.show_out()

    async def _stop_listening(self) -> None:
        """Python (3.11) loses who is just being let in when a server closes, so first nobody is, for a moment."""
        loop = asyncio.get_running_loop()
        for server in self._servers:
            for listening in server.sockets:
                with contextlib.suppress(NotImplementedError):  # Windows
                    loop.remove_reader(listening.fileno())
        for _ in range(3):
            await asyncio.sleep(0)
        for server in self._servers:
            server.close()

    def lines(self) -> list[str]:
        if not self._servers:
            return [f"web face: {self._why}"]
        hubs = (self.owner_hub, self.overlay_hub)
        here = f"{len(hubs[0])} of its pages and {len(hubs[1])} overlays are open"
        lost = sum(hub.lost for hub in hubs)
        return [f"web face: {self.address}; {here}" + (f"; {lost} were too slow" if lost else "")]

    @property
    def port(self) -> int:
        """0 while it does not listen."""
        return self._gate.port

    @property
    def address(self) -> str:
        return f"http://{'localhost' if self._keys is None else self._settings.host}:{self.port}/"

    # ---- opening -------------------------------------------------------------------------------------------------

    async def _open(self) -> None:
        try:
            await self._begin()
        finally:
            self.opened.set()

    async def _begin(self) -> None:
        app = self._app()
        self._runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=END_SECONDS)
        await self._runner.setup()
        self._doorman = Doorman(self._runner.server)
        try:
            await self._listen()
        except OSError as error:
            self._why = f"it can't be at {self._settings.host}:{self._settings.port} ({error.strerror or error})"
            self._tell(f"the web face: {self._why}; choose another with --set web.port=N. All else goes on.")
            return
        self.watch.open()
        self._tasks += [asyncio.create_task(self._doorman.sweep()), asyncio.create_task(self._keep_telling())]
        self._introduce()

    async def _listen(self) -> None:
        """Raises OSError."""
        host, port = self._settings.host, self._settings.port
        await self._bind("127.0.0.1" if host == "localhost" else host, port)
        self._gate.port = self._servers[0].sockets[0].getsockname()[1]
        if host in ("127.0.0.1", "localhost"):  # a browser may take "localhost" for the newer kind of address
            try:
                await self._bind("::1", self._gate.port)
            except OSError:
                log.info("the web face is on 127.0.0.1 alone")

    async def _bind(self, host: str, port: int) -> None:
        loop = asyncio.get_running_loop()
        self._servers.append(await loop.create_server(self._doorman, host, port, backlog=BACKLOG))

    def _introduce(self) -> None:
        if self._keys is None:
            self._tell(f"Its face is at {self.address} (for a stream: {self.address}overlay).")
            return
        names = _addresses(self._settings.host)
        pages = [f"http://{name}:{self.port}/?token={self._keys.token}" for name in names]
        overlays = [f"http://{name}:{self.port}/overlay?token={self._keys.overlay}" for name in names]
        try:
            self._keys.note(pages, overlays)
        except OSError as error:
            log.warning("the links to the web face can't be written down (%s)", error.strerror)
        self._tell(f"Its face is at {self.address}, for this network; the links that open it are in {self._keys.file}.")

    def _app(self) -> web.Application:
        app = web.Application(middlewares=[self._attend, self._answer, self._gate.check], client_max_size=BODY_BYTES)
        app.add_routes(
            [
                *(web.get(place, self._files.page) for place in PLACES),
                web.get("/static/{path:.+}", self._files.static),
                web.get("/events", self._events),
                web.get("/overlay/events", self._overlay_events),
                *self._owner.routes(),
                *(self._programs.routes() if self._settings.api else ()),
            ]
        )
        app.on_response_prepare.append(_add_headers)
        return app

    # ---- whatever is asked ---------------------------------------------------------------------------------------

    @web.middleware
    async def _attend(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        return await self._doorman.attend(request, handler)

    @web.middleware
    async def _answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """What goes wrong is told in one JSON line."""
        full = request.path.startswith("/v1/")
        try:
            return await handler(request)
        except Refusal as refusal:
            wanted = refusal.status == 401 and request.path == "/" and "text/html" in request.headers.get("Accept", "")
            return self._files.key_page() if wanted else refusal.response(full=full)
        except web.HTTPException as error:  # no such page, or not asked for like that, or too long
            allowed = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else None
            return Refusal(error.status, headers=allowed).response(full=full)
        except Busy:
            return Refusal(429, SORRY[Busy], code="busy", headers={"Retry-After": "2"}).response(full=full)
        except Asleep:
            return Refusal(503, SORRY[Asleep], code="asleep", headers={"Retry-After": "30"}).response(full=full)
        except (OSError, asyncio.CancelledError):
            raise  # they left
        except Exception:
            log.exception("a request to the web face failed")
            return Refusal(500, "it went wrong; the log says why").response(full=full)

    async def _events(self, request: web.Request) -> web.StreamResponse:
        return await self.owner_hub.serve(request, lambda: [("state", self.state())])

    async def _overlay_events(self, request: web.Request) -> web.StreamResponse:
        return await self.overlay_hub.serve(request, lambda: [self.public_state()])

    # ---- how it is -----------------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        about, born = self._house.about, self._known["born"]
        return {
            "name": about.name,
            "species": about.species,
            "preset": about.preset,
            "age_seconds": None if born is None else round(max(0.0, self._house.now() - born)),
            "speaking": self.watch.speaking(),
            "sentence": self._known["sentence"],
            **in_figures(self._school.status()),
        }

    def public_state(self) -> Event:
        now = self._school.status()
        told = {"name": self._house.about.name, "mood": now.mood, "colour": color(now.color)}
        told |= {"pulse": number(self.watch.pulse), "speaking": self.watch.speaking(in_public=True)}
        return "state", told | {"paused": now.paused, "awake": now.awake}

    async def _keep_telling(self) -> None:
        """Until it is cancelled: tell of what has changed, while somebody listens."""
        loop = asyncio.get_running_loop()
        looked = -STATE_SECONDS
        while True:
            new = self._known["born"] is None
            if (self.owner_hub or new) and loop.time() - looked >= (TICK_SECONDS if new else STATE_SECONDS):
                looked, self._told = loop.time(), ()
                self._known = await asyncio.to_thread(self._find_out)
            now = self._school.status()
            changed = (now.awake, now.paused, now.learning, self.watch.speaking(), self.watch.speaking(in_public=True))
            if changed != self._told:
                self._told = changed
                self.owner_hub.publish("state", self.state())
                self.overlay_hub.publish(*self.public_state())
            await asyncio.sleep(TICK_SECONDS)

    def _find_out(self) -> dict[str, Any]:
        try:
            return {"born": self._house.born(), "sentence": self._house.learning()}
        except Exception:
            log.exception("what the web face shows could not be found out")
            return self._known


async def _add_headers(request: web.Request, response: web.StreamResponse) -> None:
    csp = OVERLAY_CSP if request.path == "/overlay" else CSP
    response.headers.update(HEADERS | {"Content-Security-Policy": csp})


def _addresses(host: str) -> list[str]:
    """What this machine may be called by another one of its network."""
    if host not in ANY:
        return [f"[{host}]" if ":" in host else host]
    name = socket.gethostname()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking, contextlib.suppress(OSError):
        asking.connect(("192.0.2.1", 9))  # for documentation, so nobody's; no packet is sent, only the way there chosen
        return [asking.getsockname()[0], name]
    return [name]
