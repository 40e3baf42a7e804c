"""Twitch: one channel's chat as a place to meet the baby. Importing this loads nothing of Twitch's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bots.twitch.keys import configured

if TYPE_CHECKING:
    from bots.chat.context import Hooks
    from bots.chat.surface import Surface
    from bots.twitch.wire import Patience
    from school.door.consent import People
    from school.door.school import School

__all__ = ["configured", "open_twitch"]


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
    """Everything for a day in the chat, not yet begun; ``settings`` is the whole tree, ``tell`` speaks to the people at
    this machine, ``more`` are fields of the chat's context. Raises Mistake."""
    from bots.chat.context import open_context
    from bots.chat.surface import Surface
    from bots.twitch.address import stand_in
    from bots.twitch.platform import TWITCH
    from bots.twitch.wire import TwitchWire

    stand_in()  # a wrong address is said before anything else happens
    context = open_context(TWITCH, school, people, hooks, home, settings, **more)
    return Surface.on(TwitchWire(settings.twitch, home, tell=tell, patience=patience), context)
