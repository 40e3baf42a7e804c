"""The files of the pages: those that lie in static/ when it wakes, each under its own path, and no others."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

from bots.web.refusals import Refusal

STATIC = Path(__file__).parent / "static"
KINDS = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
PLACES = {  # that are not under /static/
    "/": "owner/index.html",
    "/overlay": "overlay/index.html",
    "/manifest.webmanifest": "owner/manifest.webmanifest",
    "/sw.js": "owner/sw.js",
    "/icon.svg": "shared/icon.svg",
    "/favicon.ico": "shared/icon.svg",
}


class Files:
    def __init__(self, folder: Path = STATIC):
        found = (
            file for file in folder.rglob("*") if file.suffix in KINDS and file.is_file() and not file.is_symlink()
        )
        self._files = {file.relative_to(folder).as_posix(): file for file in found}

    async def page(self, request: web.Request) -> web.StreamResponse:
        """Raises Refusal."""
        return self._send(PLACES[request.path])

    def key_page(self) -> web.StreamResponse:
        """For people without a key: a place to put it in. An icon on an iPhone's screen has no address that could hold
        it, and none of the keys that Safari keeps. Raises Refusal."""
        return self._send("owner/key.html", 401)

    async def static(self, request: web.Request) -> web.StreamResponse:
        """Raises Refusal."""
        return self._send(request.match_info["path"])

    def _send(self, name: str, status: int = 200) -> web.StreamResponse:
        file = self._files.get(name)
        if file is None or not file.is_file():
            raise Refusal(404)
        kind = KINDS[file.suffix]
        kind += "; charset=utf-8" if kind.startswith("text/") else ""
        return web.FileResponse(file, status=status, headers={"Content-Type": kind, "Cache-Control": "no-cache"})
