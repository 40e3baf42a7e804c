"""The commands `twitch login`, `check`, `whois` and `logout`, each from beginning to end."""

from __future__ import annotations

import getpass
import logging
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from bots.twitch.address import point_client_library, stand_in
from bots.twitch.findings import Finding, all_well, credentials, to_the_end
from bots.twitch.keys import Refused, read_keys
from bots.twitch.settings import TwitchSettings
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
    stand_in()  # a wrong address is a mistake, whatever is asked for
    if names and errand != "whois":
        raise Mistake(f"twitch {errand} takes no names.")
    say = _whisper if as_json else _print
    try:
        if errand == "check":
            return await _check(home, settings, as_json, send=send)
        from bots.twitch import accounts

        point_client_library()
        if errand == "whois":
            return await accounts.whois(home, names, as_json)
        if errand == "logout":
            return await accounts.logout(home, say)
        from bots.twitch.login import log_in

        ask = _ask if sys.stdin is not None and sys.stdin.isatty() else None
        await log_in(home, settings, device=device, browser=browser, say=say, ask=ask)
        return await _check(home, settings, as_json, send=send)
    except Mistake as mistake:
        raise Mistake(redact(str(mistake))) from None
    except Exception as error:  # whatever came back instead of an answer; its own words may hold a secret
        from bots.twitch.client import understood

        log.info("twitch %s failed", errand, exc_info=True)
        raise Mistake(f"{understood(error)}.") from None


async def _check(home: Path, settings: TwitchSettings, as_json: bool, *, send: bool = False) -> int:
    findings = to_the_end(await _examine(home, settings, send=send), send=send)
    well = all_well(findings)
    if as_json:
        emit(to_json({"ok": well, "findings": [asdict(one) for one in findings]}), sys.stdout)
        return 0 if well else 2
    for one in findings:
        _print(_row(one))
    _print("All that is needed is there; wake it and it joins." if well else "It can't join like that.")
    return 0 if well else 2


async def _examine(home: Path, settings: TwitchSettings, *, send: bool) -> list[Finding]:
    """The client library takes half a second to load, so it is loaded only where there is something to ask."""
    try:
        keys = read_keys(home)
    except Refused as why:
        return [Finding(name="Twitch", ok=False, text=str(why))]
    findings = credentials(home, keys)
    if all_well(findings):
        from bots.twitch.check import examine

        point_client_library()
        await examine(home, settings, keys, findings, send=send)
    return findings


def _row(one: Finding) -> str:
    return f"{SIGNS[one.ok]}  {one.name:28} {one_line(redact(one.text))}"


def _ask(question: str, hidden: bool) -> str:
    return getpass.getpass(question) if hidden else input(question)


def _print(text: str) -> None:
    emit(redact(text), sys.stdout)


def _whisper(text: str) -> None:
    emit(redact(text), sys.stderr)
