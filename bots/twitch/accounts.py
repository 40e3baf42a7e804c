"""What asks Twitch about accounts: `twitch whois` and `twitch logout`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import aiohttp

from bots.twitch.client import ChatClient
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
from bots.twitch.oauth import Desk, new_session
from school.office.advice import command
from school.office.foreign import emit, one_line, to_json
from school.office.log import redact
from school.office.mistakes import Mistake


async def whois(home: Path, names: list[str], as_json: bool) -> int:
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
            emit(redact(f"{one_line(number or 'nobody'):>12}  {one_line(login)}"), sys.stdout)
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


async def logout(home: Path, say: Callable[[str], None]) -> int:
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
