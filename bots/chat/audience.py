"""Who is here, in memory only: people who wrote lately, and whether they came with a raid. Nothing is kept."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from cachetools import FIFOCache, TTLCache

from bots.chat.messages import Line

SPAN = 2.5  # seconds over which newcomers who write are counted, each once
NEW = 10.0  # seconds for which somebody is a newcomer; in a raid, as long as it lasts
CALM = 60.0  # seconds below the limit after which a raid is over
LONGEST = 900.0  # seconds after which whoever came with it lives here
LEARNING, CROWD = 60.0, 15.0  # seconds in which a room is new to it, and newcomers a second that are a raid there
USUAL = 600.0  # seconds over which the usual number of newcomers is known
FAMILIAR = 60.0  # seconds after which who wrote is no stranger
NAME_LETTERS = 3  # a shorter name is taken for a word
PEOPLE = 5000  # of whom is remembered that they are here


@dataclass(frozen=True, slots=True)
class Visitor:
    id: str
    name: str
    since: float


class Audience:
    """The last ``limit`` people who wrote. A raid are more newcomers a second than ``raid_rate``, and than
    ``raid_times`` as many as usual here; ``clock`` in seconds."""

    def __init__(self, *, raid_rate: float, raid_times: float = 8.0, clock: Callable[[], float], limit: int = PEOPLE):
        self._raid_rate, self._raid_times, self._clock = raid_rate, raid_times, clock
        self._began = clock()
        self._came: deque[float] = deque(maxlen=limit)  # when newcomers of the last while did, but for raids
        self._visitors: FIFOCache[str, Visitor] = FIFOCache(limit)
        self._ids: FIFOCache[str, str] = FIFOCache(2 * limit)  # by login and by displayed name, casefolded
        self._newcomers: TTLCache[str, None] = TTLCache(limit, SPAN, timer=clock)  # who wrote within it
        self._raid_since: float | None = None
        self._loud_at = 0.0

    def __len__(self) -> int:
        return len(self._visitors)

    def note(self, line: Line) -> None:
        """Somebody wrote."""
        now = self._clock()
        visitor = self._visitors.get(line.person)
        since = visitor.since if visitor else now
        if visitor is None and self._raid_since is None:
            self._came.append(now)
        self._visitors[line.person] = Visitor(line.person, line.name, since)
        self._ids[line.login.casefold()] = self._ids[line.name.casefold()] = line.person
        self._listen(line.person, since, now)

    def _listen(self, person: str, since: float, now: float) -> None:
        """A few who write much are no raid, however long they were silent; nor is who was here before it."""
        if since >= (now - NEW if self._raid_since is None else self._raid_since):
            self._newcomers[person] = None
        if len(self._newcomers) > self._limit(now) * SPAN:
            self._loud_at = now
            if self._raid_since is None:
                self._raid_since = now - SPAN
        if self._raid_since is not None and (now - self._loud_at > CALM or now - self._raid_since > LONGEST):
            self._raid_since = None

    def _limit(self, now: float) -> float:
        """Newcomers a second; more are a raid."""
        while self._came and self._came[0] < now - USUAL:
            self._came.popleft()
        if self._raid_since is None and now - self._began < LEARNING:
            return max(CROWD, self._raid_rate)
        usual = sum(at < now - NEW for at in self._came) / min(USUAL, max(LEARNING, now - self._began))
        return max(self._raid_rate, self._raid_times * usual)

    @property
    def raided(self) -> bool:
        """Whether a raid goes on."""
        return self._raid_since is not None

    def stranger(self, person: str) -> bool:
        """Whether they have not been here for long."""
        visitor = self._visitors.get(person)
        return visitor is None or self._clock() - visitor.since < FAMILIAR

    def find(self, name: str) -> Visitor | None:
        """Who goes by this login or displayed name, with or without @."""
        return self._visitors.get(self._ids.get(name.removeprefix("@").casefold(), ""))

    def name_of(self, person: str) -> str:
        """What they are called; "" if they are not here."""
        visitor = self._visitors.get(person)
        return visitor.name if visitor else ""

    def raider(self, person: str, known_since: float) -> bool:
        """Whether they came with a raid that still goes on; not if they agreed to something before (0: never)."""
        if self._raid_since is None or (known_since and known_since < self._raid_since):
            return False
        visitor = self._visitors.get(person)
        return visitor is None or visitor.since >= self._raid_since

    def named(self, word: str) -> str:
        """The id of who is called like this word, or ""; short names don't count, but where letters are syllables."""
        visitor = self.find(word) if len(word) >= NAME_LETTERS or not word.isascii() else None
        return visitor.id if visitor else ""
