"""A chat room on this machine: several people at one keyboard or pipe, with the same rules as any chat."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bots.chat.platform import Platform

if TYPE_CHECKING:
    from bots.chat.context import Hooks
    from bots.chat.surface import Surface
    from school.door.consent import People
    from school.door.school import School

__all__ = ["ROOM", "open_room"]

ROOM = Platform(name="room", title="Chat room")


def open_room(
    school: School,
    people: People,
    hooks: Hooks,
    home: Path,
    settings: Any,
    *,
    show: Callable[[str], None],
    moderators: Collection[str] = (),
    **more: Any,
) -> Surface:
    """The room, not yet begun; ``settings`` is the whole tree, ``show`` gets what is said, ``more`` are fields of the
    chat's context. Raises Mistake."""
    from bots.chat.context import open_context
    from bots.chat.surface import Surface
    from bots.room.wire import RoomWire
    from school.diary.voice import read_voices

    names = read_voices(home, settings.voice.language)["names"]
    context = open_context(ROOM, school, people, hooks, home, settings, **more)
    return Surface.on(RoomWire(names.choose("baby"), show=show, moderators=moderators), context)
