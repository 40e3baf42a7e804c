"""Leads a streamer through the one-time set-up, in plain words."""

from __future__ import annotations

import asyncio
import os
import sys
import webbrowser
from collections.abc import Callable
from pathlib import Path

from bots.twitch.client import explain
from bots.twitch.grants import SCOPES, Role
from bots.twitch.keys import CLIENT_ID, CLIENT_SECRET, Account, Keys, Refused, keep_application, read_keys
from bots.twitch.oauth import Desk, WrongAccount, new_session
from bots.twitch.pages import Pages, redirect_url
from bots.twitch.settings import TwitchSettings
from school.office.mistakes import Mistake

Say = Callable[[str], None]
Ask = Callable[[str, bool], str]  # a question, and whether the answer is to be hidden

MINUTES = 15  # that a login in the browser may take
TRIES = 5  # at a question that is answered with nothing

APPLICATION = """\
Twitch wants to know which program talks to it. Once:
  1. Make a second Twitch account for the baby to speak with (https://www.twitch.tv/signup).
     Your own account works too, but then the baby speaks in your name.
  2. With your own account, open https://dev.twitch.tv/console/apps (Twitch asks for two-factor login there)
     and choose "Register Your Application":
       Name                 anything that is not taken
       OAuth Redirect URLs  {redirect}
       Category             Chat Bot
       Client Type          {kind}
  3. Open it again with "Manage". There is the Client ID{secret}."""

LOGINS = """\
Now the logins. Leave this running and open in a browser on this machine:
  as the bot (in a private window!)   http://localhost:{port}/bot
{bot}
  as yourself, the streamer           http://localhost:{port}/streamer
{streamer}
Only the bot's is needed; then its own chat is where it goes, or the one that twitch.channel in the settings names.
Both on one page, and the way to finish: http://localhost:{port}/
From another machine: ssh -L {port}:localhost:{port} there first, or use `twitch login --device`."""


async def log_in(
    home: Path, settings: TwitchSettings, *, device: bool, browser: bool, say: Say, ask: Ask | None
) -> Keys:
    """From whatever is missing to stored logins. Raises Mistake."""
    try:
        keys = read_keys(home)
    except Refused as problem:
        say(f"{problem}.")
        keys = Keys()
    keys = keys if keys.client_id else _application(home, settings, device, say, ask)
    async with new_session() as session:
        desk = Desk(home, keys, settings.channel, session)
        if device:
            await _by_code(desk, say, ask)
        else:
            await _in_browser(desk, settings.login_port, browser, say)
        return desk.keys


def _application(home: Path, settings: TwitchSettings, device: bool, say: Say, ask: Ask | None) -> Keys:
    """Let the person make an application, and note its keys."""
    kind, secret = ("Public", "") if device else ("Confidential", ", and with New Secret its secret")
    say(APPLICATION.format(redirect=redirect_url(settings.login_port), kind=kind, secret=secret))
    names = CLIENT_ID if device else f"{CLIENT_ID} and {CLIENT_SECRET}"
    if ask is None:
        raise Mistake(f"{names} must be in the environment or in {home / '.env'}.")
    client_id = _answered(ask, "Client ID: ", say, names)
    client_secret = "" if device else _answered(ask, "Client secret (it is not shown): ", say, names, hidden=True)
    keep_application(home, client_id, client_secret)
    say(f"Noted in {home / '.env'}, which only you can read.")
    return read_keys(home)


def _answered(ask: Ask, question: str, say: Say, names: str, *, hidden: bool = False) -> str:
    """Asked again while nothing is answered. Raises Mistake."""
    for _ in range(TRIES):
        try:
            if answer := ask(question, hidden).strip():
                return answer
        except EOFError:  # Ctrl-D
            break
        say("Nothing was entered; paste it here and press Enter (Ctrl-C ends this).")
    raise Mistake(f"without {names} there is no way in.")


async def _in_browser(desk: Desk, port: int, browser: bool, say: Say) -> None:
    if not desk.keys.client_secret:
        raise Mistake(f"a login in the browser needs {CLIENT_SECRET}; without a secret: `twitch login --device`.")
    async with Pages(desk, port, say) as pages:
        say(LOGINS.format(port=port, bot=_reasons("bot"), streamer=_reasons("streamer")))
        if browser and _has_screen():
            await asyncio.to_thread(webbrowser.open, f"http://localhost:{port}/")
        try:
            async with asyncio.timeout(MINUTES * 60):
                await pages.finished.wait()
        except TimeoutError:
            if desk.keys.bot is None:
                raise Mistake(f"nobody logged in within {MINUTES} minutes; begin again when you like.") from None


async def _by_code(desk: Desk, say: Say, ask: Ask | None) -> None:
    await _one_by_code(desk, "bot", "the baby's account", say, ask)
    if desk.channel or desk.keys.streamer:
        return
    say("Now yourself, the streamer. If the baby is to join its own chat only, Ctrl-C ends this here.")
    try:
        await _one_by_code(desk, "streamer", "yourself, whose chat it is to join", say, ask)
    except Mistake as problem:  # it can do without
        say(f"{problem}")


async def _one_by_code(desk: Desk, role: Role, who: str, say: Say, ask: Ask | None) -> None:
    def show(address: str, code: str) -> None:
        say(f"On any device, logged in to Twitch as {who}, open {address}")
        say(f"and enter {code} if it isn't there yet. It asks:\n{_reasons(role)}")

    try:
        account = await desk.by_code(role, show)
    except WrongAccount as problem:
        raise Mistake(f"the {role}'s login was not stored: {problem}") from None
    except TimeoutError:
        raise Mistake(f"nobody entered the {role}'s code in time; begin again when you like.") from None
    except Exception as error:
        raise Mistake(f"the {role}'s login failed: {explain(error)}.") from None
    if (old := desk.replaced_by(role, account)) and not await _may_replace(role, old, account, ask):
        await desk.revoke(account)
        raise Mistake(
            f"{old.login} stays logged in as the {role}, and {account.login} was not stored; to change that, begin "
            "with `python wakeup.py twitch logout`."
        )
    desk.keep(role, account)
    say(f"Logged in as the {role}: {account.login}.")


async def _may_replace(role: Role, old: Account, new: Account, ask: Ask | None) -> bool:
    """Where nobody can be asked, nothing is replaced."""
    question = f"{old.login} is logged in as the {role}. Replace it by {new.login}? (yes or no) "
    return bool(ask) and (await asyncio.to_thread(ask, question, False)).strip().lower() in ("y", "yes")


def _reasons(role: Role) -> str:
    return "\n".join(f"      {scope:28} {why}" for scope, why in SCOPES[role].items())


def _has_screen() -> bool:
    return sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
