"""The keys to Twitch: the application's from the environment or .env, the accounts' from a file for its owner alone."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field, replace
from io import StringIO
from pathlib import Path

from dotenv import dotenv_values
from dotenv.parser import parse_stream

from bots.twitch.grants import Role
from school.office.advice import command
from school.office.files import parse_json, read_whole, write_whole
from school.office.log import keep_secret
from school.office.privacy import close

CLIENT_ID, CLIENT_SECRET = "TWITCH_CLIENT_ID", "TWITCH_CLIENT_SECRET"


class Refused(Exception):
    """Trying again won't help until somebody does something; the text says what, and holds no secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One account's consent to this application."""

    user_id: str
    login: str
    access: str = field(repr=False)
    refresh: str = field(repr=False)
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """All there is to get in with; empty where there is none."""

    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    bot: Account | None = None
    streamer: Account | None = None


def token_file(home: Path) -> Path:
    return home / "secrets" / "twitch.json"


def configured(home: Path) -> bool:
    """Whether anybody began to set Twitch up; what can't be read says why once it is used."""
    try:
        return bool(_application(home)[0]) or token_file(home).exists()
    except Refused:
        return True


def read_keys(home: Path) -> Keys:
    """What is there now. What others on this machine could read is closed first. Raises Refused when a file is damaged,
    or can't be closed."""
    for file in (home / ".env", token_file(home).parent, token_file(home)):
        if not close(file):
            raise Refused(f"{file} can be read by others on this machine; make it yours alone: chmod go= {file}")
    client_id, client_secret = _application(home)
    keep_secret(client_secret)
    return Keys(client_id=client_id, client_secret=client_secret, **_read_tokens(home))


def keep_account(home: Path, role: Role, account: Account) -> Keys:
    """Store an account's tokens, for the owner's eyes only, whole or not at all; returns all keys. Raises OSError."""
    keep_secret(account.access, account.refresh)
    try:
        stored = _read_tokens(home)
    except Refused:
        stored = {}  # damaged: this login begins anew
    stored[role] = account
    _write(token_file(home), json.dumps({role: asdict(account) for role, account in stored.items()}, indent=1))
    return read_keys(home)


def keep_application(home: Path, client_id: str, client_secret: str) -> None:
    """Note the application's keys in the home's .env, which keeps its other lines. Raises OSError, or Refused."""
    keep_secret(client_secret)
    file, old = home / ".env", StringIO(_noted(home))
    new = {CLIENT_ID: client_id, CLIENT_SECRET: client_secret}
    kept = "".join(entry.original.string for entry in parse_stream(old) if entry.key not in new)
    lines = [f"{name}={value}" for name, value in new.items() if value]
    _write(file, "\n".join([*kept.splitlines(), *lines]) + "\n", ignore=False)


def forget_accounts(home: Path) -> None:
    """Delete the accounts' tokens."""
    token_file(home).unlink(missing_ok=True)


def refreshed(account: Account, access: str, refresh: str) -> Account:
    return replace(account, access=access, refresh=refresh)


# ---- files ---------------------------------------------------------------------------------------------------------


def _application(home: Path) -> tuple[str, str]:
    """The client's id and secret: the environment's, or else those of .env. Raises Refused."""
    noted = dotenv_values(stream=StringIO(_noted(home)), interpolate=False)  # a secret is what stands there
    client_id, client_secret = (os.environ.get(name) or noted.get(name) or "" for name in (CLIENT_ID, CLIENT_SECRET))
    return client_id.strip(), client_secret.strip()


def _noted(home: Path) -> str:
    """What stands in .env. Raises Refused where that can't be read; a pipe in its place would be waited for."""
    file = home / ".env"
    try:
        return read_whole(file).decode("utf-8-sig")
    except FileNotFoundError:
        return ""
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise Refused(f"{file} can't be read ({why}); save it as plain text in UTF-8") from None


def _read_tokens(home: Path) -> dict[Role, Account]:
    file = token_file(home)
    try:
        stored = parse_json(read_whole(file))
        return {role: _account(stored[role]) for role in ("bot", "streamer") if role in stored}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError):
        raise Refused(f"{file} can't be read; `{command('twitch login')}` makes a new one") from None


def _account(values: dict) -> Account:
    keep_secret(values["access"], values["refresh"])
    return Account(**{**values, "scopes": tuple(values["scopes"])})


def _write(file: Path, text: str, *, ignore: bool = True) -> None:
    """Replace ``file`` in one go; it can be read by its owner alone. With ``ignore``, git never sees its folder."""
    if ignore:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(file.parent / ".gitignore", "*\n")
    write_whole(file, text)
