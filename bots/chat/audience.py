"""Who is here, in memory only: faces that were seen, and whether they came in a crowd. Nothing of it is ever kept."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from bots.chat.messages import Line

SPAN = 2.5  # seconds over which newcomers who write are counted, each once
NEW = 10.0  # seconds for which somebody is a newcomer; in a raid, as long as it lasts
CALM = 60.0  # seconds below the limit after which a raid is over
NAME_LETTERS = 3  # a shorter name is taken for a word


@dataclass(frozen=True, slots=True)
class Face:
    id: str
    name: str
    since: float


class Audience:
    """The last ``limit`` people who wrote; ``raid_rate`` in newcomers a second, ``clock`` in seconds."""

    def __init__(self, *, raid_rate: float, clock: Callable[[], float], limit: int = 5000):
        self._raid_rate, self._clock, self._limit = raid_rate, clock, limit
        self._faces: OrderedDict[str, Face] = OrderedDict()
        self._ids: dict[str, str] = {}  # by login and by displayed name, casefolded
        self._newcomers: OrderedDict[str, float] = OrderedDict()  # when each last wrote
        self._raid_since: float | None = None
        self._loud_at = 0.0

    def note(self, line: Line) -> None:
        """Somebody wrote."""
        now = self._clock()
        face = self._faces.pop(line.person, None)
        since = face.since if face else now
        self._faces[line.person] = Face(line.person, line.name, since)
        self._ids[line.login.casefold()] = self._ids[line.name.casefold()] = line.person
        if len(self._faces) > self._limit:
            gone, _ = self._faces.popitem(last=False)
            self._ids = {name: person for name, person in self._ids.items() if person != gone}
        self._listen(line.person, since, now)

    def _listen(self, person: str, since: float, now: float) -> None:
        """A few who write much are no crowd, however long they were silent; nor is who was here before it."""
        if since >= (now - NEW if self._raid_since is None else self._raid_since):
            self._newcomers.pop(person, None)
            self._newcomers[person] = now
        while self._newcomers and next(iter(self._newcomers.values())) < now - SPAN:
            self._newcomers.popitem(last=False)
        if len(self._newcomers) > self._raid_rate * SPAN:
            self._loud_at = now
            if self._raid_since is None:
                self._raid_since = now - SPAN
        elif self._raid_since is not None and now - self._loud_at > CALM:
            self._raid_since = None

    def find(self, name: str) -> Face | None:
        """Who goes by this login or displayed name, with or without @."""
        return self._faces.get(self._ids.get(name.removeprefix("@").casefold(), ""))

    def intruder(self, person: str, known_since: float) -> bool:
        """Whether they came with a crowd that is still here; not if they agreed to something before (0: never)."""
        if self._raid_since is None or (known_since and known_since < self._raid_since):
            return False
        face = self._faces.get(person)
        return face is None or face.since >= self._raid_since

    def named(self, word: str) -> str:
        """The id of who is called like this word, or ""; short names don't count, but where letters are syllables."""
        return self._ids.get(word.casefold(), "") if len(word) >= NAME_LETTERS or not word.isascii() else ""
