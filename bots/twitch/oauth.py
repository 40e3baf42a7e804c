"""Logging an account in: what to ask Twitch for, and whether what came back is what was meant."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import aiohttp
import twitchio
from twitchio.authentication import OAuth
from twitchio.http import Route

from bots.twitch.grants import NEEDED, SCOPES, Role
from bots.twitch.keys import Account, Keys, keep_account
from school.office.advice import command
from school.office.log import keep_secret

SECONDS = 15.0  # for any answer of Twitch's


class WrongAccount(Exception):
    """A login that can't be meant; the text says why and what to do, in words for the person who opened the page."""


@dataclass(slots=True)
class Desk:
    """Takes logins for one application and stores them."""

    home: Path
    keys: Keys
    channel: str  # the channel's login, if the settings name one
    session: aiohttp.ClientSession

    def _oauth(self) -> OAuth:
        return OAuth(client_id=self.keys.client_id, client_secret=self.keys.client_secret or None, session=self.session)

    def page(self, role: Role, redirect: str, state: str) -> str:
        """Twitch's page where a person agrees. It always asks, so that the person sees as whom."""
        asked = {
            "client_id": self.keys.client_id,
            "redirect_uri": redirect,
            "response_type": "code",
            "scope": " ".join(SCOPES[role]),
            "force_verify": "true",
            "state": state,
        }
        return f"{Route.ID_BASE}oauth2/authorize?{urlencode(asked)}"

    async def redeem(self, role: Role, code: str, redirect: str) -> Account:
        """What a code from that page is worth; nothing is stored yet. Raises WrongAccount, and what the library
        raises."""
        keep_secret(code)
        token = await self._oauth().user_access_token(code, redirect_uri=redirect)
        return await self._accept(role, token.access_token, token.refresh_token)

    async def by_code(self, role: Role, show: Callable[[str, str], None]) -> Account:
        """Log in on any other device: ``show(address, code)``, then wait until a person has entered it there. Nothing
        is stored yet.

        Raises WrongAccount, TimeoutError, and what the library raises.
        """
        scopes = twitchio.Scopes(list(SCOPES[role]))
        offer = await self._oauth().device_code_flow(scopes=scopes)
        keep_secret(offer["device_code"])
        show(offer["verification_uri"], offer["user_code"])
        async with asyncio.timeout(offer["expires_in"]):
            token = await self._oauth().device_code_authorization(
                scopes=scopes, device_code=offer["device_code"], interval=offer["interval"]
            )
        return await self._accept(role, token["access_token"], token["refresh_token"])

    async def _accept(self, role: Role, access: str, refresh: str) -> Account:
        keep_secret(access, refresh)
        known = await self._oauth().validate_token(access)
        account = Account(
            user_id=known.user_id, login=known.login, access=access, refresh=refresh, scopes=tuple(known.scopes)
        )
        if problem := self._problem(role, account):
            await self.revoke(account)
            raise WrongAccount(problem)
        return account

    def replaced_by(self, role: Role, account: Account) -> Account | None:
        """The stored login that this one would replace, if it is another account's."""
        old = self.keys.bot if role == "bot" else self.keys.streamer
        return old if old and old.user_id != account.user_id else None

    def keep(self, role: Role, account: Account) -> None:
        """Store a login. Raises OSError."""
        self.keys = keep_account(self.home, role, account)

    def _problem(self, role: Role, account: Account) -> str:
        other = self.keys.streamer if role == "bot" else self.keys.bot
        if other and other.user_id == account.user_id:
            return (
                f"{account.login} is already logged in as the {'streamer' if role == 'bot' else 'bot'}. Open the link "
                f"for the {role} in a private window, and log in there with the other account; or begin with "
                f"`{command('twitch logout')}`."
            )
        if role == "bot" and (missing := [scope for scope in NEEDED if scope not in account.scopes]):
            return f"Twitch did not grant {' and '.join(missing)}; without that the bot can't hear and speak."
        wanted = self.channel.strip().removeprefix("#").lower()
        if role == "streamer" and wanted not in ("", account.login):
            return f"this is {account.login}, but twitch.channel in the settings says {wanted}."
        return ""

    async def revoke(self, account: Account) -> bool:
        """Hand a login back. Returns whether Twitch has it; if not, it ends by itself in a few hours."""
        try:
            await self._oauth().revoke_token(account.access)
        except (twitchio.HTTPException, aiohttp.ClientError, OSError) as error:
            return isinstance(error, twitchio.HTTPException) and error.status == 400  # it had ended already
        return True


def new_session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=SECONDS))
