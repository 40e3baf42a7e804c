"""The pages on this machine that a login in a browser goes through. They are there only while somebody logs in.

Other pages in the same browser may call these, and a name that somebody else owns may be made to lead here. So they
answer to this machine's own names alone; a way back opens only in the browser that left by it; and nothing is decided
without a token that only these pages hold.
"""

from __future__ import annotations

import asyncio
import html
import logging
import secrets
from collections.abc import Callable

from aiohttp import web
from cachetools import TTLCache

from bots.twitch.client import explain
from bots.twitch.grants import SCOPES, Role
from bots.twitch.keys import Account
from bots.twitch.oauth import Desk, WrongAccount
from school.office.mistakes import Mistake

log = logging.getLogger(__name__)

CALLBACK = "/oauth/callback"
COOKIE = "babyllm_login"
OPEN_DOORS, DOOR_SECONDS = 32, 600.0  # ways back that are open at a time, and how long
NO_TRACE = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",  # nobody's hidden frame shows a button of these
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
}
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>babyLLM and Twitch</title>
<style>body{{font:18px/1.5 sans-serif;max-width:38em;margin:3em auto;padding:0 1em}}</style>{body}</html>"""
BUTTON = """<form method="post" action="{action}"><input type="hidden" name="token" value="{token}">\
<button>{text}</button></form>"""


def redirect_url(port: int) -> str:
    return f"http://localhost:{port}{CALLBACK}"


class Pages:
    """``async with Pages(...)``; ``finished`` is set when the person is done."""

    def __init__(self, desk: Desk, port: int, say: Callable[[str], None]):
        self.finished = asyncio.Event()
        self._desk, self._port, self._say = desk, port, say
        self._done: set[Role] = set()  # in this session
        self._token = secrets.token_urlsafe(24)  # of the button on the first page
        self._doors: TTLCache[str, tuple[Role, str]] = TTLCache(OPEN_DOORS, DOOR_SECONDS)  # by the state that
        # Twitch has to bring back: for whom, and in which browser; each opens once
        self._undecided: dict[str, tuple[Role, Account]] = {}  # logins that would replace others, by their token
        app = web.Application(middlewares=[self._guard])
        app.add_routes(
            [
                web.get("/", self._overview),
                web.get("/bot", self._leave),
                web.get("/streamer", self._leave),
                web.get(CALLBACK, self._come_back),
                web.post("/finish", self._finish),
                web.post("/replace", self._replace),
                web.post("/keep", self._keep),
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
        for _, account in self._undecided.values():
            await self._desk.revoke(account)

    # ---- who may call --------------------------------------------------------------------------------------------

    @web.middleware
    async def _guard(self, request: web.Request, handler: Callable) -> web.StreamResponse:
        here = f"localhost:{self._port}"
        if request.host.lower() not in (here, f"127.0.0.1:{self._port}"):
            return _page(f"<h1>Not here</h1><p>These pages are at http://{here}/ alone.</p>", 421)
        if request.host.lower() != here and request.method == "GET":  # a cookie is one name's alone
            return web.Response(status=302, headers={"Location": f"http://{here}{request.path_qs}", **NO_TRACE})
        try:
            return await handler(request)
        except web.HTTPException as error:  # no such page, or not called like that
            return _page(
                f"<h1>{error.status}</h1><p>{html.escape(error.reason)}. <a href='/'>Begin here</a>.</p>", error.status
            )

    @staticmethod
    async def _given(request: web.Request) -> str:
        """The token that a button sent along."""
        return str((await request.post()).get("token", ""))

    # ---- the pages -----------------------------------------------------------------------------------------------

    async def _overview(self, _: web.Request) -> web.Response:
        keys = self._desk.keys
        rows = []
        for role, account in (("bot", keys.bot), ("streamer", keys.streamer)):
            state = f"done: {account.login}" if account else "not yet"
            why = "; ".join(SCOPES[role].values())
            rows.append(f'<li><a href="/{role}">Log in as the {role}</a> ({html.escape(state)})<br>asks {why}</li>')
        finish = BUTTON.format(action="/finish", token=self._token, text="I am done") if keys.bot else ""
        return _page(
            "<h1>Two logins</h1><p>Open the bot's link in a private window and log in there with the account that "
            f"the baby is to speak with. Open the streamer's link as yourself.</p><ol>{''.join(rows)}</ol>{finish}"
        )

    async def _leave(self, request: web.Request) -> web.Response:
        role: Role = "bot" if request.path == "/bot" else "streamer"
        state = secrets.token_urlsafe(24)
        browser = request.cookies.get(COOKIE) or secrets.token_urlsafe(24)
        self._doors[state] = role, browser
        url = self._desk.page(role, redirect_url(self._port), state)
        response = web.Response(status=302, headers={"Location": url, **NO_TRACE})
        # Lax: the way back from Twitch's page carries it, what other pages load from here does not
        response.set_cookie(COOKIE, browser, httponly=True, samesite="Lax", path="/")
        return response

    async def _come_back(self, request: web.Request) -> web.Response:
        role, browser = self._doors.get(request.query.get("state", ""), (None, ""))
        if role is None or not secrets.compare_digest(request.cookies.get(COOKIE, "").encode(), browser.encode()):
            return _page("<h1>This page is too old</h1><p><a href='/'>Begin again</a>.</p>", 400)
        del self._doors[request.query["state"]]
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
        if old := self._desk.replaced_by(role, account):
            return self._ask(role, old, account)
        return self._welcome(role, account)

    def _ask(self, role: Role, old: Account, new: Account) -> web.Response:
        """Whether a login that is stored shall be replaced by another account's."""
        token = secrets.token_urlsafe(24)
        self._undecided[token] = role, new
        was, now = html.escape(old.login), html.escape(new.login)
        yes = BUTTON.format(action="/replace", token=token, text=f"Replace {was} by {now}")
        no = BUTTON.format(action="/keep", token=token, text=f"Keep {was}")
        return _page(
            f"<h1>Replace {was}?</h1><p>{was} is logged in as the {role}. You came back as {now}.</p>{yes}{no}"
        )

    def _welcome(self, role: Role, account: Account) -> web.Response:
        self._desk.keep(role, account)
        self._say(f"Logged in as the {role}: {account.login}.")
        self._done.add(role)
        if len(self._done) == 2:
            return self._all_done()
        name = html.escape(account.login)
        return _page(f"<h1>Welcome, {name}</h1><p><a href='/'>The other login, or done</a>.</p>")

    async def _replace(self, request: web.Request) -> web.Response:
        role, account = self._undecided.pop(await self._given(request), (None, None))
        return self._welcome(role, account) if role else _page("<h1>This page is too old</h1>", 400)

    async def _keep(self, request: web.Request) -> web.Response:
        role, account = self._undecided.pop(await self._given(request), (None, None))
        if role is None:
            return _page("<h1>This page is too old</h1>", 400)
        await self._desk.revoke(account)
        self._say(f"The {role}'s login stays as it was.")
        return _page("<h1>Nothing has changed</h1><p><a href='/'>Back</a>.</p>")

    async def _finish(self, request: web.Request) -> web.Response:
        if not secrets.compare_digest((await self._given(request)).encode(), self._token.encode()):
            return _page("<h1>This page is too old</h1><p><a href='/'>Begin again</a>.</p>", 403)
        if self._desk.keys.bot is None:
            return _page("<h1>Not yet</h1><p><a href='/bot'>The bot has to log in first</a>.</p>", 400)
        return self._all_done()

    def _all_done(self) -> web.Response:
        self.finished.set()
        return _page("<h1>All done</h1><p>You can close this window.</p>")

    def _sorry(self, role: Role, problem: str) -> web.Response:
        self._say(f"The {role}'s login was not stored: {problem}")
        return _page(f"<h1>Not stored</h1><p>{html.escape(problem)}</p><p><a href='/{role}'>Try again</a>.</p>", 400)


def _page(body: str, status: int = 200) -> web.Response:
    return web.Response(text=PAGE.format(body=body), content_type="text/html", status=status, headers=NO_TRACE)
