"""The card: what everybody may know of a baby that is given away. Figures and kinds, no names and nobody's words.

Nothing here loads torch.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from school.door.consent import WORDING, Change, Standing
from school.record.read_only import looking
from school.texts.formats import by_ending
from school.texts.places import STARTER

Count = Annotated[int, Field(ge=0, lt=1 << 62)]
Figure = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Words = Annotated[str, Field(max_length=200)]

FACTS = """
    select (select min(started_at) from runs) as born_at,
           (select sum(seconds * span) from steps where step <= :step) as seconds,
           (select bits_per_byte from evaluations where step <= :step order by id desc limit 1) as held_out"""


class Consent(BaseModel):
    """How many people of public chats agreed to be learned from, or took that back, and to which wording."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    wording: Words
    agree: Count = 0
    left: Count = 0


class Card(BaseModel):
    """``born`` and ``shared`` are days, ``sources`` how many texts of each kind it last read; None: nobody knows."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    species: Words
    parameters: Count
    vocabulary: Count
    step: Count
    tokens_seen: Count
    born: Words | None = None
    shared: Words
    hours_of_lessons: Figure | None = None
    held_out_bits_per_byte: Figure | None = None
    sources: Annotated[dict[Words, Count], Field(max_length=32)] = {}
    consent: Consent
    licence: Words
    hash: Words = ""

    def lines(self) -> list[str]:
        """The card as people read it."""
        born = f"born {self.born}" if self.born else "its birthday is not known"
        age = f"{self.step:,} steps, {self.tokens_seen:,} tokens read"
        if self.hours_of_lessons is not None:
            age += f", {self.hours_of_lessons:,.3g} hours of lessons"
        score = "not examined yet"
        if self.held_out_bits_per_byte is not None:
            score = f"{self.held_out_bits_per_byte:.3f} bits/byte on text it was never taught (guessing: 8)"
        sources = ", ".join(f"{number:,} x {kind}" for kind, number in sorted(self.sources.items()))
        people = "nobody in a public chat agreed to be learned from"
        if self.consent.agree or self.consent.left:
            people = (
                f"{self.consent.agree:,} in public chats agree to be learned from (wording {self.consent.wording}), "
                f"{self.consent.left:,} took that back"
            )
        return [
            f"babyLLM, {self.species}, {self.parameters:,} parameters, {self.vocabulary:,} tokens",
            f"age: {born}, shared {self.shared}; {age}",
            f"score: {score}",
            f"learned from: {sources or 'not known'}",
            f"people: {people}",
            f"licence: {self.licence}",
            f"hash: {self.hash}",
        ]


def life_of(home: Path, step: int) -> dict[str, object]:
    """The fields of a card that the record knows; those that it doesn't are missing."""
    try:
        with looking(home / "statistics" / "baby.db") as db:
            facts = next(iter(db.query(FACTS, {"step": step})))
            latest = "last_seen_at = (select max(last_seen_at) from sources)"
            names = [row["name"] for row in db.query(f"select name from sources where {latest}")]
            changes = [Change(**row) for row in db.query("select * from consents order by rowid")]
    except sqlite3.Error:
        return {"consent": Consent(wording=WORDING)}
    seconds = facts["seconds"]
    return {
        "born": facts["born_at"] and facts["born_at"][:10],
        "hours_of_lessons": None if seconds is None else round(seconds / 3600, 2),
        "held_out_bits_per_byte": facts["held_out"],
        "sources": kinds_of(names),
        "consent": consent_of(changes),
    }


def kinds_of(names: Iterable[str]) -> dict[str, int]:
    """How many of these texts are of each kind: the starter shelf's, or a format's. No part of a name is taken over."""

    def kind(name: str) -> str:
        if name.startswith(f"{STARTER}/"):
            return "starter shelf"
        return by_ending(Path(name)) or "other"

    return dict(Counter(map(kind, names)))


def consent_of(changes: Iterable[Change]) -> Consent:
    people: dict[str, Standing] = {}
    for change in changes:
        people[change.person] = people.get(change.person, Standing()).after(change)
    agree = [one for one in people.values() if one.wording == WORDING and not one.ignored]
    return Consent(wording=WORDING, agree=len(agree), left=sum(bool(one.left) for one in people.values()))


def today() -> str:
    return datetime.now(UTC).date().isoformat()
