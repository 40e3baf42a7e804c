"""The people who agreed to be learned from: a ledger of what each decided, and what follows from it.

Only ids, never names. Of somebody who never agreed there is nothing here that outlives the process.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from school.door.values import new_id

What = Literal["in", "out", "removed", "forgotten", "vouched", "doubted", "ignored", "heeded"]
DAY = 86_400.0
GUEST = ":"  # in the id of whoever comes in through a public chat: its name, then their id there
WORDING = "3"  # the version of docs/consent.md; a new one has to be agreed to anew


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One entry of the ledger. ``in`` and ``out``: they agreed or withdrew; ``removed``: withdrawn because moderators
    removed them; ``forgotten``: withdrawn and all deleted; the others are moderators' words about them."""

    id: str
    person: str
    what: What
    at: float  # seconds since 1970
    channel: str
    wording: str  # the version of the text they agreed to


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the ledger says of a person now."""

    wording: str = ""  # what they agree to; empty: nothing
    since: float = 0.0  # when they last agreed or withdrew
    trusted_since: float = 0.0
    vouched: bool = False
    ignored: bool = False
    left: str = ""  # what they, or moderators, said last: "out", "removed" or "forgotten"; empty: they agree

    def after(self, change: Change) -> Standing:
        match change.what:
            case "in":
                return replace(self, wording=change.wording, since=change.at, trusted_since=change.at, left="")
            case "out" | "removed" | "forgotten":
                return Standing(since=change.at, ignored=self.ignored, left=change.what)
            case "vouched":
                return replace(self, vouched=True)
            case "doubted":
                return replace(self, vouched=False, trusted_since=change.at)
            case _:
                return replace(self, ignored=change.what == "ignored")

    def trust_days(self, now: float) -> float:
        """Days since they agreed, or since a moderator last took away what they wrote."""
        return max(0.0, (now - self.trusted_since) / DAY)


class Ledger(Protocol):
    """Who keeps the entries; the registrar in daily life."""

    def changed(self, change: Change, *, if_known: bool = False) -> Future[None]:
        """Write it down; ``if_known``: unless it turns out that nothing else can ever have been written of them."""
        ...


class People:
    """Who agreed to the present ``wording``. Changes hold at once and are written down as soon as the disk allows; in
    the same queue as words, so that no words of a person are ever on disk without their consent before them.
    ``whole``: whether ``changes`` are all there are; if not, whoever leaves may have agreed, and leaves all the same.
    """

    def __init__(
        self,
        ledger: Ledger,
        changes: Iterable[Change] = (),
        whole: bool = True,
        *,
        wording: str = WORDING,
        clock: Callable[[], float] = lambda: time.time(),
    ):
        self._ledger, self._whole, self.wording, self._clock = ledger, whole, wording, clock
        self._standings: dict[str, Standing] = {}
        self._ignored: set[str] = set()  # of those who never agreed, until it sleeps
        for change in changes:
            self._apply(change)

    def __getitem__(self, person: str) -> Standing:
        return self._standings.get(person, Standing())

    def agreed(self, person: str) -> bool:
        """Whether they agreed, to the wording that holds now, and are not ignored."""
        return self[person].wording == self.wording and not self.ignored(person)

    def known(self, person: str) -> bool | None:
        """Whether the ledger has something of them; None where it can't be told."""
        return person in self._standings or (False if self._whole else None)

    def ignored(self, person: str) -> bool:
        return person in self._ignored or self[person].ignored

    def welcome(self, *people: str) -> bool:
        """Whether what is theirs may be taught and remembered when it wakes. Who lives here need not have agreed."""
        return all(self[person].wording == self.wording for person in people if GUEST in person)

    def agreeing(self) -> dict[str, float]:
        """Everybody who agrees now, and since when (seconds since 1970)."""
        return {person: standing.since for person, standing in self._standings.items() if self.agreed(person)}

    def left(self) -> dict[str, str]:
        """Everybody who agreed once and does no more, and their last word."""
        return {person: standing.left for person, standing in self._standings.items() if standing.left}

    def agree(self, person: str, channel: str) -> Future[None] | None:
        """They opted in; None if they had already. The future tells when it is written down."""
        if self[person].wording == self.wording:
            return None
        return self._change(person, "in", channel)

    def withdraw(self, person: str, channel: str, what: What = "out") -> Future[None] | None:
        """They opted out, were removed or want to be forgotten; None if there was nothing to withdraw. The future tells
        when it is written down."""
        known = self.known(person)
        leaves = self[person].wording or (known and what == "forgotten")
        return self._change(person, what, channel) if leaves or known is None else None

    def judge(self, person: str, what: What, channel: str) -> None:
        """A moderator's word: "vouched", "doubted", "ignored" or "heeded". Of those who never agreed, nothing but who
        is ignored is kept, and that not beyond this process."""
        if person in self._standings:
            self._change(person, what, channel)
        elif what == "ignored":
            self._ignored.add(person)
        if what == "heeded":
            self._ignored.discard(person)

    def _change(self, person: str, what: What, channel: str) -> Future[None]:
        change = Change(id=new_id(), person=person, what=what, at=self._clock(), channel=channel, wording=self.wording)
        self._apply(change)
        return self._ledger.changed(change, if_known=not self._whole and what != "in")

    def _apply(self, change: Change) -> None:
        self._standings[change.person] = self[change.person].after(change)
