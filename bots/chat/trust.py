"""Trust: how far what somebody teaches here is believed. It grows slowly, with every lesson of theirs that nobody takes
away, and falls to nothing at once when a moderator does, or when what they taught made it worse at text that it was
never taught.

All of it follows from the ledger of consent and from the lessons in the record, and is forgotten with them.
"""

from __future__ import annotations

from collections import Counter

from bots.chat.context import Context
from school.door.consent import trust_after

BLAMED, AT_LEAST = 1 / 3, 3  # share of the lessons between two examinations, and lessons, of who is to blame for harm


class Trust:
    """``given``: a person's lesson was taught; ``look`` now and then."""

    def __init__(self, context: Context):
        self._people, self._school, self._harm = context.people, context.school, context.teaching.harm
        self._lessons: dict[str, tuple[float, int]] = {}  # since they were last trusted anew, and how many
        for person, moments in context.taught_before.items():
            since = self._people[person].trusted_since
            self._lessons[person] = since, sum(moment >= since for moment in moments)
        self._lately: Counter[str] = Counter()  # lessons by person, since the last examination
        self._channels: dict[str, str] = {}
        self._held_out: float | None = None

    def of(self, person: str) -> float:
        """In [0, 1]: 1 for whom a moderator vouches for."""
        return 1.0 if self._people[person].vouched else trust_after(self._count(person))

    def _count(self, person: str) -> int:
        since, count = self._lessons.get(person, (0.0, 0))
        return count if since == self._people[person].trusted_since else 0

    def given(self, person: str, channel: str) -> None:
        self._lessons[person] = self._people[person].trusted_since, self._count(person) + 1
        self._lately[person] += 1
        self._channels[person] = channel

    def look(self) -> list[str]:
        """Notice an examination: whoever taught much since the one before, if that was worse by more than is usual, is
        trusted no more than a stranger. Returns whom that concerns."""
        before, now = self._held_out, self._school.status().held_out_bits_per_byte
        if now is None or now == before:
            return []
        lately, self._lately, self._held_out = self._lately, Counter(), now
        if before is None or now <= (1 + self._harm) * before:
            return []
        many = max(AT_LEAST, BLAMED * lately.total())
        blamed = [person for person, count in lately.items() if count >= many and self._people.agreed(person)]
        for person in blamed:
            self._people.judge(person, "doubted", self._channels[person])
        return blamed

    def forget(self, person: str) -> None:
        """They left."""
        for known in (self._lessons, self._lately, self._channels):
            known.pop(person, None)
