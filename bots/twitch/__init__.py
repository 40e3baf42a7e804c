"""Twitch: one channel's chat as a place to meet the baby. Importing this loads nothing of Twitch's."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bots.twitch.keys import configured

if TYPE_CHECKING:
    from bots.chat.host import Host
    from bots.twitch.wire import Patience, TwitchWire
    from school.door.consent import People
    from school.door.school import School

__all__ = ["Surface", "configured", "open_twitch"]

DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Surface:
    """The wire and who listens on it. ``start`` it on the running loop, ``close`` it in the end."""

    wire: TwitchWire
    host: Host

    def start(self) -> None:
        self.host.start()
        self.wire.start()

    async def close(self) -> None:
        """Leave the chat; within seconds, whatever Twitch does."""
        await self.host.close()
        await self.wire.close()

    def lines(self) -> list[str]:
        """How it is, for a status display."""
        now = self.wire.state()
        if now.standing == "listening":
            rank = ", a moderator there" if now.moderator else ""
            text = f"it listens in the chat of {now.channel} as {now.bot}{rank}"
        else:
            text = f"{now.standing}: {now.why}"
        figures = {
            "heard": now.heard,
            "said": now.said,
            "not sent": now.dropped + now.rejected,
            "times it had gone deaf": now.recoveries,
        }
        lessons = self.host.lessons
        learned = {"waiting to be lessons": len(lessons), "lessons": lessons.taught} | lessons.passed_over
        rows = {"": figures, "what came of the lines: ": self.host.counts, "what is learned of them: ": learned}
        told = {name: ", ".join(f"{key} {value}" for key, value in row.items()) for name, row in rows.items() if row}
        return [f"Twitch: {text}", *(f"  {name}{values}" for name, values in told.items())]


def open_twitch(
    school: School,
    save: Callable[[], Future[str | None]],
    people: People,
    home: Path,
    settings: Any,
    *,
    lessons_since: Callable[[str, float], dict[str, int]],
    tell: Callable[[str], None],
    quiet: Callable[[], bool] = lambda: False,
    wall: Callable[[], float] = time.time,
    patience: Patience | None = None,
) -> Surface:
    """Everything for a day in the chat, not yet begun; ``settings`` is the whole tree, ``quiet`` tells whether these
    are hours without a word unasked, ``wall`` the seconds since 1970 that ids are dated by. Raises Mistake."""
    from bots.chat.context import open_room
    from bots.chat.host import Host
    from bots.chat.messages import SURFACE
    from bots.twitch.address import stand_in
    from bots.twitch.wire import TwitchWire

    stand_in()  # a wrong address is said before anything else happens
    room = open_room(
        school,
        save,
        people,
        home,
        chat=settings.chat,
        teaching=settings.chat_lessons,
        commands=settings.commands,
        learned_today=lessons_since(SURFACE, wall() // DAY * DAY),
        hushed=quiet,
        wall=wall,
        language=settings.voice.language,
    )
    wire = TwitchWire(settings.twitch, home, tell=tell, patience=patience)
    wire.listener = host = Host(room, wire)
    return Surface(wire, host)
