"""What works and what is missing between Twitch and a chat, by asking it."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import twitchio

from bots.twitch.client import ChatClient, Presence, understood
from bots.twitch.conditions import Conditions, look_around
from bots.twitch.findings import Finding
from bots.twitch.grants import NEEDED, SCOPES, USER_BOT
from bots.twitch.keys import CLIENT_SECRET, Account, Keys, keep_account
from bots.twitch.oauth import new_session
from bots.twitch.refusals import why_not_shown
from bots.twitch.settings import TwitchSettings

HELLO = "hello! this is only a test whether I can speak here"


async def examine(
    home: Path, settings: TwitchSettings, keys: Keys, findings: list[Finding], *, send: bool = False
) -> None:
    """Ask Twitch itself, one finding after the other; where one has to be mended first, nothing after it is tried. With
    ``send``, also whether a message is shown. Never raises for Twitch's reasons."""
    try:
        async with new_session() as session:
            await _ask_twitch(home, settings, keys, session, findings, send)
    except Exception as error:
        findings.append(Finding(name="Twitch", ok=False, text=f"{understood(error)}"))


async def _ask_twitch(
    home: Path,
    settings: TwitchSettings,
    keys: Keys,
    session: aiohttp.ClientSession,
    findings: list[Finding],
    send: bool,
) -> None:
    client = ChatClient(
        keys, session, on_event=lambda *_: None, keep=lambda account: keep_account(home, "bot", account)
    )
    try:
        bot = await client.log_in(badge=settings.badge)
        findings.append(Finding(name="bot", ok=True, text=f"{bot.login} is logged in"))
        findings += _scopes(bot)
        channel_id, channel = await client.find(settings.channel)
        whose = (
            "" if keys.streamer or settings.channel else "; nobody has logged in as the streamer, so it is the bot's"
        )
        findings.append(Finding(name="channel", ok=True, text=f"{channel}, id {channel_id}{whose}"))
        for name in settings.more_channels:
            other, login = await client.find(name)
            findings.append(Finding(name=f"channel {login}", ok=True, text=f"it joins {login}, too, id {other}"))
        findings.append(_badge(settings, keys, bot, channel_id))
        moderator = await client.is_moderator(bot, channel_id)
        may = f"{settings.moderator_messages if moderator else settings.messages} messages in 30 s"
        text = f"it is one there: {may}" if moderator else f"as far as is known it is none there: {may}"
        findings.append(Finding(name="moderator", ok=True if moderator else None, text=text))
        room = Presence(
            channel=channel_id, bot=bot.user_id, channel_login=channel, bot_login=bot.login, moderator=moderator
        )
        await client.listen(room)
        text = "it was tried just now: messages, deletions, timeouts and clearings all arrive"
        findings.append(Finding(name="subscriptions", ok=True, text=text))
        now = await look_around(client, Conditions())
        findings.append(_chat(settings, now, moderator))
        if send:
            findings.append(await _speak(settings, client, now))
    finally:
        await client.close()


def _chat(settings: TwitchSettings, now: Conditions, moderator: bool) -> Finding:
    """What the chat demands, as it is now."""
    demands = [f"for {' and '.join(now.only)} only"] if now.only else []
    demands += [f"in slow mode, a message in {now.slow:.0f} s"] if now.slow else []
    found = [f"it is {' and '.join(demands)}" + ("; a moderator may speak all the same" if moderator else "")] * bool(
        demands
    )
    if now.shared:
        speaks = settings.shared_chat or settings.badge
        found += ["it is shared with other channels: " + ("it speaks all the same" if speaks else "it stays silent")]
    hinders = bool(now.only) and not moderator
    return Finding(
        name="chat", ok=None if hinders or now.shared else True, text="; ".join(found) or "open to everybody"
    )


async def _speak(settings: TwitchSettings, client: ChatClient, now: Conditions) -> Finding:
    """Whether a message is shown."""
    if now.shared and not (settings.shared_chat or settings.badge):
        return Finding(name="speaking", ok=None, text="not tried; the chat is shared with other channels just now")
    try:
        await client.send(HELLO, here_only=not settings.shared_chat)
    except twitchio.MessageRejectedError as error:
        return Finding(name="speaking", ok=False, text=f"not shown: {why_not_shown(error.code, error.message)}")
    except Exception as error:
        return Finding(name="speaking", ok=False, text=f"not sent: {understood(error)}")
    return Finding(name="speaking", ok=True, text="it said a line, and Twitch showed it")


def _scopes(bot: Account) -> list[Finding]:
    found = []
    for scope, why in SCOPES["bot"].items():
        if scope in bot.scopes:
            found.append(Finding(name=scope, ok=True, text=why))
        else:
            ok = False if scope in NEEDED else None
            found.append(Finding(name=scope, ok=ok, text=f"not granted: {why}"))
    return found


def _badge(settings: TwitchSettings, keys: Keys, bot: Account, channel: str) -> Finding:
    if not settings.badge:
        return Finding(name="badge", ok=None, text="off; twitch.badge in the settings switches it on")
    lacks = [
        what
        for what, there in (
            (CLIENT_SECRET, keys.client_secret),
            (f"the bot's {USER_BOT}", USER_BOT in bot.scopes),
            ("the streamer's login", bool(keys.streamer and keys.streamer.user_id == channel)),
        )
        if not there
    ]
    text = f"lacks {' and '.join(lacks)}" if lacks else "it speaks with the application's token"
    return Finding(name="badge", ok=not lacks, text=text)
