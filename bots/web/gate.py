"""Who may come in: which names it answers to, from which pages, with which key.

Pages of others open in the same browser may send requests here, and a name that somebody else owns may be made to lead
here. So it answers to its own names alone, does nothing that another's page asks for, and takes no key for another.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Container
from urllib.parse import urlencode

from aiohttp import web
from aiohttp.typedefs import Handler

from bots.web.keys import Keys, is_loopback
from bots.web.refusals import Refusal

COOKIES = {"/": "babyllm", "/overlay": "babyllm_overlay"}  # by the page that a link with a key opens
FOR_ALL_WHO_SEE = (
    "/overlay",
    "/overlay/events",
    "/static/",
    "/icon.svg",
    "/favicon.ico",
)  # what the overlay's key opens
FOR_ALL = "/static/owner/key.css"  # what needs no key
PAGES = ("/", "/overlay")  # what a link elsewhere may lead to
ANY = ("0.0.0.0", "::")  # all addresses of this machine
LOCAL = ("localhost", "127.0.0.1", "[::1]")
YEAR = 365 * 86_400


class Gate:
    """``host`` is what it listens at; ``keys`` are None where nobody but this machine gets here. ``port`` is known once
    it listens."""

    def __init__(self, host: str, keys: Keys | None):
        self._host, self._keys, self.port = host, keys, 0

    @web.middleware
    async def check(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Raises Refusal."""
        if not self._is_ours(request.headers.get("Host", "")):
            raise Refusal(421, f"it doesn't go by that name; it is at localhost:{self.port}")
        self._check_origin(request)
        if self._keys and "token" in request.query and request.path in PAGES:
            return self._let_in(request, self._keys)
        if self._keys and request.path != FOR_ALL and not self._has_key(request, self._keys):
            where = "the links that open it are in secrets/web.json, in its home"
            raise Refusal(401, f"a key is wanted here; {where}", code="invalid_api_key")
        return await handler(request)

    # ---- names and pages -----------------------------------------------------------------------------------------

    def _is_ours(self, given: str) -> bool:
        name, port = _split(given)
        return port == self.port and name in self.names()

    def names(self) -> Container[str]:
        """What it may be called in a browser; addresses can't be made to lead elsewhere, names can."""
        if is_loopback(self._host):
            return LOCAL
        if self._host in ANY:
            return _Own()
        return (_bracketed(self._host.casefold()),)

    def _check_origin(self, request: web.Request) -> None:
        """Another's page may at most link here. Raises Refusal."""
        origin, site = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site", "")
        foreign = origin is not None and origin.casefold() != f"http://{request.headers['Host'].casefold()}"
        link = request.method == "GET" and request.path in PAGES and origin is None
        if foreign or (site in ("cross-site", "same-site") and not link):
            raise Refusal(403, "pages of others can do nothing here")
        if request.method in ("GET", "HEAD") or request.path.startswith("/v1/"):
            return
        if origin is None and not _bearer(request):
            raise Refusal(403, "send an Origin, or a key as Authorization: Bearer KEY")
        if request.headers.get("X-Babyllm") != "1":
            raise Refusal(403, "send the header X-Babyllm: 1")

    # ---- keys ----------------------------------------------------------------------------------------------------

    def _has_key(self, request: web.Request, keys: Keys) -> bool:
        given = [_bearer(request), *(request.cookies.get(name, "") for name in COOKIES.values())]
        opens = keys.opens_all
        if request.path in FOR_ALL_WHO_SEE or request.path.startswith(FOR_ALL_WHO_SEE[2]):
            opens = keys.opens_overlay
        return any([opens(key) for key in given])  # all of them, in whatever time they take

    def _let_in(self, request: web.Request, keys: Keys) -> web.Response:
        """Lead to the page without the key in its address; the browser keeps it."""
        given = request.query["token"]
        if not (keys.opens_overlay(given) if request.path == "/overlay" else keys.opens_all(given)):
            raise Refusal(401, "that key doesn't fit; the links that open it are in secrets/web.json, in its home")
        rest = urlencode([(name, value) for name, value in request.query.items() if name != "token"])
        response = web.Response(status=303, headers={"Location": request.path + (f"?{rest}" if rest else "")})
        # Lax: what leads here from elsewhere carries it, what another's page loads or sends does not
        response.set_cookie(COOKIES[request.path], given, httponly=True, samesite="Lax", path="/", max_age=YEAR)
        return response


class _Own:
    """Every address that is written as one, and what this machine is called."""

    def __contains__(self, name: object) -> bool:
        if not isinstance(name, str):
            return False
        own = socket.gethostname().casefold()
        if name in (*LOCAL, own, f"{own.removesuffix('.local')}.local"):
            return True
        try:
            return bool(ipaddress.ip_address(name.strip("[]")))
        except ValueError:
            return False


def _split(given: str) -> tuple[str, int]:
    """The name, in small letters, and the port of a Host header; nothing where it is none."""
    name, colon, port = given.casefold().rpartition(":")
    if not colon or name.count(":") and not name.endswith("]"):
        name, port = given.casefold(), "80"
    return (name, int(port)) if port.isascii() and port.isdigit() and len(port) <= 5 else ("", -1)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _bearer(request: web.Request) -> str:
    kind, _, key = request.headers.get("Authorization", "").partition(" ")
    return key.strip() if kind.casefold() == "bearer" else ""
