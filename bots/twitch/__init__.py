"""Twitch: channels' chats as a place to meet the baby. Importing this loads nothing of Twitch's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bots.twitch.keys import configured

if TYPE_CHECKING:
    from bots.chat.context import Hooks
    from bots.chat.surface import Surface
    from bots.twitch.settings import TwitchSettings
    from bots.twitch.wire import Patience
    from school.door.consent import People
    from school.door.school import School

__all__ = ["configured", "open_channels", "open_twitch"]


def open_twitch(
    school: School,
    people: People,
    hooks: Hooks,
    home: Path,
    settings: Any,
    *,
    tell: Callable[[str], None],
    patience: Patience | None = None,
    **more: Any,
) -> Surface:
    """Everything for a day in one channel's chat; as ``open_channels``, without the others."""
    return open_channels(school, people, hooks, home, settings, tell=tell, patience=patience, **more)[0]


def open_channels(
    school: School,
    people: People,
    hooks: Hooks,
    home: Path,
    settings: Any,
    *,
    tell: Callable[[str], None],
    patience: Patience | None = None,
    **more: Any,
) -> list[Surface]:
    """Everything for a day in the chats, not yet begun; ``settings`` is the whole tree, ``tell`` speaks to people at
    this machine, ``more`` are fields of the chats' context, which is one for all. Raises Mistake."""
    from bots.chat.context import open_context
    from bots.chat.surface import Surface
    from bots.twitch.address import stand_in
    from bots.twitch.platform import TWITCH
    from bots.twitch.wire import TwitchWire

    stand_in()  # a wrong address is said before anything else happens
    context = open_context(TWITCH, school, people, hooks, home, settings, **more)
    return [Surface.on(TwitchWire(one, home, tell=tell, patience=patience), context) for one in _each(settings.twitch)]


def _each(settings: TwitchSettings) -> list[TwitchSettings]:
    """The settings for each channel. Twitch counts all messages of an account together, so they share what it may."""
    names = list(dict.fromkeys([settings.channel, *settings.more_channels]))
    fewer = {name: max(1, getattr(settings, name) // len(names)) for name in ("messages", "moderator_messages")}
    return [settings.model_copy(update=fewer | {"channel": name}) for name in names]
