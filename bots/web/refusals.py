"""What can't be done, told in one JSON line: to pages as ``{error: {message}}``, to programs as OpenAI tells it."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from school.office.foreign import to_json

KINDS = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error"}
WORDS = {
    400: "that is no request that can be understood",
    404: "there is nothing here",
    405: "that can't be done here",
    408: "that took too long",
    413: "that is too long",
    415: "send JSON, with Content-Type: application/json",
    503: "too many are here; come again in a moment",
}


class Refusal(Exception):
    """``param``: of a program's request, what is wrong; ``code``: a word for it."""

    def __init__(
        self,
        status: int,
        message: str = "",
        *,
        param: str | None = None,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
    ):
        super().__init__(message or WORDS.get(status, "it went wrong"))
        self.status, self.param, self.code, self.headers = status, param, code, headers

    def body(self, *, full: bool) -> str:
        """``full``: as OpenAI's programs expect it."""
        error: dict[str, object] = {"message": str(self)}
        if full:
            kind = KINDS.get(self.status, "server_error" if self.status >= 500 else "invalid_request_error")
            error |= {"type": kind, "param": self.param, "code": self.code}
        return to_json({"error": error})

    def response(self, *, full: bool = False) -> web.Response:
        return as_json_text(self.body(full=full), self.status, self.headers)


def as_json_text(text: str, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.Response(text=text + "\n", status=status, content_type="application/json", headers=headers)


def as_json(value: object, status: int = 200) -> web.Response:
    return as_json_text(to_json(value), status)
