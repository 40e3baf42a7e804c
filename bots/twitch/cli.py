"""The commands `twitch login`, `check`, `whois` and `logout`, each from beginning to end."""

from __future__ import annotations

import getpass
import logging
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import aiohttp

from bots.twitch.address import point_client_library
from bots.twitch.check import Finding, examine
from bots.twitch.client import ChatClient, understood
from bots.twitch.keys import (
    CLIENT_ID,
    CLIENT_SECRET,
    Keys,
    Refused,
    forget_accounts,
    keep_account,
    read_keys,
    token_file,
)
from bots.twitch.login import log_in
from bots.twitch.oauth import Desk, new_session
from bots.twitch.settings import TwitchSettings
from school.office.advice import command
from school.office.foreign import emit, one_line, to_json
from school.office.log import redact
from school.office.mistakes import Mistake

log = logging.getLogger(__name__)

ERRANDS = ("login", "check", "whois", "logout")
SIGNS = {True: "ok     ", False: "MISSING", None: "-      "}

Say = Callable[[str], None]


async def run_errand(
    errand: str,
    names: list[str],
    *,
    home: Path,
    settings: TwitchSettings,
    device: bool = False,
    browser: bool = True,
    send: bool = False,
    as_json: bool = False,
) -> int:
    """Returns the exit status: 0 when all that is needed is there, 2 when something is missing. Raises Mistake."""
    point_client_library()
    if names and errand != "whois":
        raise Mistake(f"twitch {errand} takes no names.")
    say = _whisper if as_json else _print
    try:
        if errand == "login":
            ask = _ask if sys.stdin is not None and sys.stdin.isatty() else None
            await log_in(home, settings, device=device, browser=browser, say=say, ask=ask)
            return await _check(home, settings, as_json, send=send)
        if errand == "whois":
            return await _whois(home, names, as_json)
        if errand == "logout":
            return await _logout(home, say)
        return await _check(home, settings, as_json, send=send)
    except Mistake as mistake:
        raise Mistake(redact(str(mistake))) from None
    except Exception as error:  # whatever came back instead of an answer; its own words may hold a secret
        log.info("twitch %s failed", errand, exc_info=True)
        raise Mistake(f"{understood(error)}.") from None


async def _check(home: Path, settings: TwitchSettings, as_json: bool, *, send: bool = False) -> int:
    findings = await examine(home, settings, send=send)
    well = all(finding.ok is not False for finding in findings)
    if as_json:
        emit(to_json({"ok": well, "findings": [asdict(one) for one in findings]}), sys.stdout)
        return 0 if well else 2
    for one in findings:
        _print(_row(one))
    _print("All that is needed is there; wake it and it joins." if well else "It can't join like that.")
    return 0 if well else 2


def _row(one: Finding) -> str:
    return f"{SIGNS[one.ok]}  {one.name:28} {one_line(redact(one.text))}"


async def _whois(home: Path, names: list[str], as_json: bool) -> int:
    """The numbers of accounts, which stay the same when their names change."""
    if not names:
        raise Mistake("twitch whois: name one account or several.")
    logins = [name.strip().removeprefix("@").lower() for name in names]
    async with new_session() as session:
        client = await _anyone(home, read_keys(home), session)
        try:
            found = {user.name: user.id for user in await client.fetch_users(logins=logins)}
        finally:
            await client.close()
    ids = {login: found.get(login) for login in logins}
    if as_json:
        emit(to_json({"accounts": [{"login": login, "id": number} for login, number in ids.items()]}), sys.stdout)
    else:
        for login, number in ids.items():
            _print(f"{one_line(number or 'nobody'):>12}  {one_line(login)}")
    return 0 if all(ids.values()) else 2


async def _anyone(home: Path, keys: Keys, session: aiohttp.ClientSession) -> ChatClient:
    """A client that may look accounts up: as the application if it has a secret, or else as the bot."""
    if not keys.client_id:
        raise Refused(f"{CLIENT_ID} is missing; `{command('twitch login')}` leads through it")
    if keys.bot is None and not keys.client_secret:
        raise Refused(f"{CLIENT_SECRET} is missing, and no account has logged in")
    client = ChatClient(
        keys, session, on_event=lambda *_: None, keep=lambda account: keep_account(home, "bot", account)
    )
    if keys.client_secret:
        await client.login(load_tokens=False, save_tokens=False)
    else:
        await client.log_in()
    return client


async def _logout(home: Path, say: Say) -> int:
    try:
        keys = read_keys(home)
    except Refused:  # nobody can read what is to be deleted
        keys = Keys()
    damaged = token_file(home).exists() and not (keys.bot or keys.streamer)
    accounts = [account for account in (keys.bot, keys.streamer) if account]
    async with new_session() as session:
        handed_back = [await Desk(home, keys, "", session).revoke(account) for account in accounts]
    forget_accounts(home)
    if damaged or not all(handed_back):
        say("The logins are deleted here. Twitch could not be told; what they allow ends by itself in a few hours,")
        say("or when you disconnect the application at https://www.twitch.tv/settings/connections.")
    else:
        say("The logins are handed back and deleted." if accounts else "Nobody was logged in.")
    say("The application's keys in .env are yours to keep or delete.")
    return 0


def _ask(question: str, hidden: bool) -> str:
    return getpass.getpass(question) if hidden else input(question)


def _print(text: str) -> None:
    emit(redact(text), sys.stdout)


def _whisper(text: str) -> None:
    emit(redact(text), sys.stderr)
