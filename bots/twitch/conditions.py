"""What a chat is like just now: what it demands of those who write, who else reads it, whether the stream is live."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import twitchio
from twitchio.http import Route

if TYPE_CHECKING:
    from bots.twitch.client import ChatClient

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    slow: float = 0.0  # seconds between two messages of somebody who is no moderator
    only: tuple[str, ...] = ()  # for whom alone the chat is: "followers", "subscribers", "emotes"
    shared: bool = False  # whether other channels' viewers read it, too
    live: bool = False


async def look_around(client: ChatClient, known: Conditions, seconds: float = 10.0) -> Conditions:
    """Ask Twitch; what it does not tell within so many seconds stays as it is ``known``. Never raises for Twitch's
    reasons."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            for ask in (_sharing, _demands, _stream):
                known = await _asked(ask, client, known)
    return known


async def _asked(
    ask: Callable[[ChatClient, Conditions], Awaitable[Conditions]], client: ChatClient, known: Conditions
) -> Conditions:
    try:
        return await ask(client, known)
    except Exception as error:  # whatever came back instead of an answer
        log.info("Twitch did not tell what the chat is like: %s", type(error).__name__)
        return known


async def _demands(client: ChatClient, known: Conditions) -> Conditions:
    settings = await client.create_partialuser(client.room.channel).fetch_chat_settings(token_for=client.bot_id)
    demands = (
        ("followers", settings.follower_mode),
        ("subscribers", settings.subscriber_mode),
        ("emotes", settings.emote_mode),
    )
    slow = float(settings.slow_mode_wait_time or 0) if settings.slow_mode else 0.0
    return replace(known, slow=slow, only=tuple(name for name, holds in demands if holds))


async def _sharing(client: ChatClient, known: Conditions) -> Conditions:
    sessions = await _get(
        client, "shared_chat/session", broadcaster_id=client.room.channel
    )  # the library asks elsewhere
    return replace(known, shared=bool(sessions))


async def _stream(client: ChatClient, known: Conditions) -> Conditions:
    return replace(known, live=bool(await _get(client, "streams", user_id=client.room.channel)))


async def _get(client: ChatClient, path: str, **asked: str) -> list[Any]:
    answer = await client.http.request_json(Route("GET", path, params=asked, token_for=client.bot_id))
    if not isinstance(answer, dict) or not isinstance(answer.get("data"), list):
        raise twitchio.TwitchioException("no list of data")
    return answer["data"]
