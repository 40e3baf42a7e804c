"""The pages on this machine that a login in a browser goes through. They are there only while somebody logs in."""

from __future__ import annotations

import asyncio
import html
import logging
import secrets
from collections.abc import Callable

from aiohttp import web

from bots.twitch.client import explain
from bots.twitch.grants import SCOPES, Role
from bots.twitch.oauth import Desk, WrongAccount
from school.office.mistakes import Mistake

log = logging.getLogger(__name__)

CALLBACK = "/oauth/callback"
NO_TRACE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>babyLLM and Twitch</title>
<style>body{{font:18px/1.5 sans-serif;max-width:38em;margin:3em auto;padding:0 1em}}</style>{body}</html>"""


def redirect_url(port: int) -> str:
    return f"http://localhost:{port}{CALLBACK}"


class Pages:
    """``async with Pages(...)``; ``finished`` is set when the person is done."""

    def __init__(self, desk: Desk, port: int, say: Callable[[str], None]):
        self.finished = asyncio.Event()
        self._desk, self._port, self._say = desk, port, say
        self._done: set[Role] = set()  # in this session
        self._doors: dict[str, Role] = {}  # by the state that Twitch has to bring back; each opens once
        app = web.Application()
        app.add_routes(
            [
                web.get("/", self._overview),
                web.get("/bot", self._leave),
                web.get("/streamer", self._leave),
                web.get(CALLBACK, self._come_back),
                web.get("/finish", self._finish),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None)  # its lines would hold codes; no signal handlers either

    async def __aenter__(self) -> Pages:
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        except OSError as error:
            await self._runner.cleanup()
            raise Mistake(
                f"port {self._port} on this machine can't be used ({error.strerror}); choose another one with "
                "--set twitch.login_port=N and enter the redirect URL with it in Twitch's console, too."
            ) from None
        try:  # a browser may take "localhost" for the newer kind of address
            await web.TCPSite(self._runner, "::1", self._port).start()
        except OSError:
            log.info("the login pages are on 127.0.0.1 alone")
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.sleep(0.2)  # the last page is still on its way
        await self._runner.cleanup()

    async def _overview(self, _: web.Request) -> web.Response:
        keys = self._desk.keys
        rows = []
        for role, account in (("bot", keys.bot), ("streamer", keys.streamer)):
            state = f"done: {account.login}" if account else "not yet"
            why = "; ".join(SCOPES[role].values())
            rows.append(f'<li><a href="/{role}">Log in as the {role}</a> ({html.escape(state)})<br>asks {why}</li>')
        finish = '<p><a href="/finish">I am done</a></p>' if keys.bot else ""
        return _page(
            "<h1>Two logins</h1><p>Open the bot's link in a private window and log in there with the account that "
            f"the baby is to speak with. Open the streamer's link as yourself.</p><ol>{''.join(rows)}</ol>{finish}"
        )

    async def _leave(self, request: web.Request) -> web.Response:
        role: Role = "bot" if request.path == "/bot" else "streamer"
        state = secrets.token_urlsafe(24)
        self._doors[state] = role
        url = self._desk.page(role, redirect_url(self._port), state)
        return web.Response(status=302, headers={"Location": url, **NO_TRACE})

    async def _come_back(self, request: web.Request) -> web.Response:
        role = self._doors.pop(request.query.get("state", ""), None)
        if role is None:
            return _page("<h1>This page is too old</h1><p><a href='/'>Begin again</a>.</p>", 400)
        if "code" not in request.query:
            self._say(f"The {role}'s account did not agree.")
            return _page(f"<h1>Not agreed</h1><p>Nothing was stored. <a href='/{role}'>Try again</a>.</p>", 400)
        try:
            account = await self._desk.redeem(role, request.query["code"], redirect_url(self._port))
        except WrongAccount as problem:
            return self._sorry(role, str(problem))
        except Exception as error:
            log.info("a login failed: %s", explain(error))
            return self._sorry(role, f"Twitch did not complete the login ({explain(error)}).")
        self._say(f"Logged in as the {role}: {account.login}.")
        self._done.add(role)
        if len(self._done) == 2:
            return await self._finish(request)
        name = html.escape(account.login)
        return _page(f"<h1>Welcome, {name}</h1><p><a href='/'>The other login, or done</a>.</p>")

    async def _finish(self, _: web.Request) -> web.Response:
        if self._desk.keys.bot is None:
            return _page("<h1>Not yet</h1><p><a href='/bot'>The bot has to log in first</a>.</p>", 400)
        self.finished.set()
        return _page("<h1>All done</h1><p>You can close this window.</p>")

    def _sorry(self, role: Role, problem: str) -> web.Response:
        self._say(f"The {role}'s login was not stored: {problem}")
        return _page(f"<h1>Not stored</h1><p>{html.escape(problem)}</p><p><a href='/{role}'>Try again</a>.</p>", 400)


def _page(body: str, status: int = 200) -> web.Response:
    return web.Response(text=PAGE.format(body=body), content_type="text/html", status=status, headers=NO_TRACE)
