"""What is sent here: a JSON object of a bounded size, whose fields are what they should be."""

from __future__ import annotations

import asyncio
from typing import Any, TypeVar

from aiohttp import web

from bots.web.refusals import Refusal
from school.office.files import parse_json

BODY_BYTES, BODY_SECONDS = 256 << 10, 10.0
LONGEST = 20_000  # characters of a text

T = TypeVar("T")


async def fields_of(request: web.Request) -> dict[str, Any]:
    """Raises Refusal."""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            body = await request.read()
    except TimeoutError:
        raise Refusal(408, headers={"Connection": "close"}) from None
    if not body:
        return {}
    if request.content_type != "application/json":
        raise Refusal(415)
    try:
        given = parse_json(body)
    except ValueError as error:
        raise Refusal(400, f"that is no JSON: {error}") from None
    if not isinstance(given, dict):
        raise Refusal(400, "send a JSON object, {...}")
    return given


def text_of(given: dict[str, Any], name: str, default: str | None = None) -> str:
    """A text that is not empty, or the default. Raises Refusal."""
    text = given.get(name, default)
    if not isinstance(text, str) or (default is None and not text.strip()):
        raise Refusal(400, f"{name} must be a text", param=name)
    if len(text) > LONGEST:
        raise Refusal(413, f"{name} is too long; {LONGEST:,} characters will do", param=name)
    return text.strip()


def whole_number(text: str, name: str, least: int, most: int) -> int:
    """From an address. Raises Refusal."""
    if text.isascii() and text.isdigit() and len(text) < 10 and least <= int(text) <= most:
        return int(text)
    raise Refusal(400, f"{name} must be a whole number from {least} to {most:,}", param=name)
