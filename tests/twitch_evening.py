"""The same evening on Twitch: the real client library, and a small Twitch on this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from twitchio.eventsub import websockets
from twitchio.http import Route

from bots.chat.context import Hooks
from bots.chat.surface import Surface
from bots.twitch import open_twitch
from bots.twitch.wire import Patience
from tests.evening import QUICK, Evening, Sent, stock
from tests.fake_twitch import FakeTwitch

HASTE = Patience(
    answer=5.0, examination=0.5, silence=5.0, first_retry=0.05, longest_retry=0.2, well=0.2, keys=0.1,
    refused_retry=0.5, stale=20.0, gap=0.0, moderator_gap=0.0, window=0.5,
)  # fmt: skip
ADDRESSES = ((Route, "BASE"), (Route, "ID_BASE"), (websockets, "WSS"))  # the client library keeps them for all


class TwitchEvening(Evening):
    platform, restraints = "twitch", ()

    def __init__(self, twitch: FakeTwitch, home: Path, *changes: str):
        super().__init__(home, *changes, limits=QUICK)
        self.twitch, self.channel, self.bot = twitch, twitch.channel.id, twitch.bot.login

    def open(self, settings: Any, hooks: Hooks, **more: Any) -> Surface:
        return open_twitch(
            self.school, self.people, hooks, self.home, settings,
            tell=lambda text: None, patience=HASTE, **more,
        )  # fmt: skip

    def arrived(self) -> bool:
        return super().arrived() and self.twitch.listening

    def chat(self, text: str, *, by: str, **more: Any) -> str:
        return self.twitch.chat(text, by=by, **more)

    def delete(self, message: str) -> None:
        self.twitch.delete(message)

    def ban(self, name: str) -> None:
        self.twitch.ban(name)

    def clear(self) -> None:
        self.twitch.clear()

    def id_of(self, name: str) -> str:
        return self.twitch.person(name).id

    @property
    def sent(self) -> list[Sent]:
        return list(self.twitch.sent)


@contextmanager
def twitch_evening(home: Path, *changes: str) -> Iterator[TwitchEvening]:
    """An evening on Twitch. One at a time in a process, for the client library keeps Twitch's address for all."""
    assert "BABYLLM_TWITCH_BASE" not in os.environ, "another evening is still going on in this process"
    stock(home)
    addresses = [(place, name, getattr(place, name)) for place, name in ADDRESSES]
    kept = {name: os.environ.get(name) for name in ("BABYLLM_TWITCH_BASE", "TWITCH_CLIENT_ID", "TWITCH_CLIENT_SECRET")}
    try:
        with FakeTwitch(keepalive=0.5) as twitch:
            twitch.enforcing = False
            os.environ |= twitch.environment()
            twitch.moderators |= {twitch.bot.login, "mo"}
            twitch.log_in(home)
            with TwitchEvening(twitch, home, *changes, "twitch.moderator_messages=100").awake() as awake:
                yield awake
    finally:
        for place, name, value in addresses:
            setattr(place, name, value)
        for name, value in kept.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
