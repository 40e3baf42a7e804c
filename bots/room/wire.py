"""The room itself: who said what, what was taken back, and what the baby said."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection
from dataclasses import replace
from itertools import count

from cachetools import FIFOCache

from bots.chat.links import has_link
from bots.chat.messages import Line, Listener, Removal, WireState, plain
from school.door.values import new_id
from school.office.mistakes import Mistake
from school.screen.calligraphist import for_screen

CHANNEL = "room"  # there is only one
REMEMBERED = 1000  # messages that can be replied to or deleted


def id_of(name: str) -> str:
    """A person's id. There are only names here, and the record must not have any."""
    return hashlib.sha256(f"babyllm room {name.casefold()}".encode()).hexdigest()[:12]


class RoomWire:
    """``write``, ``delete``, ``ban`` and ``clear`` are what people do; ``show`` gets what the baby says. Everything on
    the running loop, once it was started."""

    def __init__(self, baby: str, *, show: Callable[[str], None], moderators: Collection[str] = ()):
        self.listener: Listener | None = None
        self.baby, self._show = baby, show
        self._moderators = {id_of(name) for name in moderators}
        self._numbers = count(1)
        self._lines: FIFOCache[int, Line] = FIFOCache(REMEMBERED)  # by their number here
        self._state = WireState(channel="this room", bot=baby, me=id_of(baby), moderator=True, why="it has not begun")

    def start(self) -> None:
        self._state = replace(self._state, standing="listening", why="", connects=self._state.connects + 1)

    async def close(self) -> None:
        self._state = replace(self._state, standing="off", why="it has left")

    async def follows(self, person: str) -> bool | None:
        return None  # there is nothing to follow

    def state(self) -> WireState:
        return self._state

    async def say(self, text: str, *, reply_to: str = "") -> str:
        if self._state.standing != "listening":
            return ""
        asked = next((line for line in self._lines.values() if line.id == reply_to), None)
        line = self._line(self.baby, " ".join(text.split()), asked)
        self._state = replace(self._state, said=self._state.said + 1)
        self._show(for_screen(f"{self.baby} -> {asked.name}: {line.text}" if asked else f"{self.baby}: {line.text}"))
        self._hear(line)
        return line.id

    # ---- what people do ------------------------------------------------------------------------------------------

    def write(self, name: str, text: str, *, reply_to: int = 0) -> int:
        """Somebody says something; returns the number of the message. Raises Mistake."""
        if id_of(name) == id_of(self.baby):
            raise Mistake(f"{self.baby} speaks for itself; choose another name")
        line = self._line(name, text, self._found(reply_to) if reply_to else None)
        return self._hear(line)

    def delete(self, number: int) -> None:
        """A moderator takes a message back. Raises Mistake."""
        line = self._found(number)
        self._remove(Removal(kind="message", channel=CHANNEL, message=line.id, person=line.person))

    def ban(self, name: str) -> None:
        """A moderator takes back all that somebody said."""
        self._remove(Removal(kind="person", channel=CHANNEL, person=id_of(name)))

    def clear(self) -> None:
        """A moderator takes everything back."""
        self._remove(Removal(kind="all", channel=CHANNEL))

    def last_of(self, name: str) -> int:
        """The number of somebody's last message; 0 where there is none."""
        return max((number for number, line in self._lines.items() if line.person == id_of(name)), default=0)

    def transcript(self) -> list[tuple[int, Line]]:
        """The messages that are remembered, with their numbers."""
        return list(self._lines.items())

    # ---- inside --------------------------------------------------------------------------------------------------

    def _found(self, number: int) -> Line:
        if number not in self._lines:
            raise Mistake(f"there is no message {number}; /list shows them")
        return self._lines[number]

    def _line(self, name: str, text: str, parent: Line | None) -> Line:
        person, me = id_of(name), id_of(self.baby)
        return Line(
            id=new_id(),
            channel=CHANNEL,
            person=person,
            login=name,
            name=name,
            text=plain(text, self.baby),
            moderator=person in self._moderators,
            regular=person in self._moderators,
            mentions_me=re.search(rf"(?i)(?<!\w)@{re.escape(self.baby)}(?!\w)", text) is not None,
            reply_to=parent.id if parent else "",
            reply_to_person=parent.person if parent else "",
            reply_to_me=bool(parent and parent.person == me),
            own=person == me,
            links=has_link(text),
        )

    def _hear(self, line: Line) -> int:
        number = next(self._numbers)
        self._lines[number] = line
        self._state = replace(self._state, heard=self._state.heard + 1)
        self.listener.heard(line)
        return number

    def _remove(self, removal: Removal) -> None:
        self._state = replace(self._state, removals=self._state.removals + 1)
        for number, line in self.transcript():
            theirs = removal.kind == "person" and line.person == removal.person
            if removal.kind == "all" or theirs or line.id == removal.message:
                del self._lines[number]
        self.listener.removed(removal)
