"""What was found between here and a chat. No client library here: what is missing at home is told without it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bots.twitch.keys import CLIENT_ID, CLIENT_SECRET, Keys, token_file
from school.office.advice import command

LAST = ("moderator", "subscriptions", "chat")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """``ok`` is None for what is neither good nor bad."""

    name: str
    ok: bool | None
    text: str


def all_well(findings: list[Finding]) -> bool:
    return all(finding.ok is not False for finding in findings)


def to_the_end(findings: list[Finding], *, send: bool) -> list[Finding]:
    """With what could not be tried, because something else has to be mended first."""
    tried = {finding.name for finding in findings}
    later = "not tried; something else has to be mended first"
    last = (*LAST, "speaking") if send else LAST
    return findings + [Finding(name=name, ok=None, text=later) for name in last if name not in tried]


def credentials(home: Path, keys: Keys) -> list[Finding]:
    login = f"`{command('twitch login')}` leads through it"
    found = [
        Finding(name="application", ok=True, text=f"{CLIENT_ID} is there")
        if keys.client_id
        else Finding(name="application", ok=False, text=f"{CLIENT_ID} is missing; {login}")
    ]
    secret = "is there" if keys.client_secret else "is not there; fine for a public application, logged in by device"
    found.append(Finding(name="secret", ok=True if keys.client_secret else None, text=f"{CLIENT_SECRET} {secret}"))
    if keys.bot is None:
        return [*found, Finding(name="bot", ok=False, text=f"no account has logged in for the bot; {login}")]
    text = f"{token_file(home)} is for its owner alone"  # else the keys would not have been read
    return [*found, Finding(name="token file", ok=True, text=text)]
