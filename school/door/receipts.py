"""Receipts: where the words of an answer come from, and what became of a lesson. Plain values."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from school.door.values import Pair


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A text, or something that somebody taught, that an answer's words stand in. ``share``: of all that makes these
    words likelier than they are by themselves, in (0, 1]; ``words``: the longest run that both have."""

    kind: Literal["text", "taught"]
    name: str  # of a text; of what was taught its id
    private: bool
    share: float
    words: str
    pair: Pair | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """``told``: what it was held to, where it said what somebody told it. ``sources``: whose words made its own
    likelier, first the one that did most; ``read``: of so many tokens of texts, ``of`` so many that there are."""

    told: Pair | None = None
    sources: tuple[Source, ...] = ()
    read: int = 0
    of: int = 0

    def for_others(self) -> Receipt:
        """Where others hear it: no private text is named or quoted, and nothing of what people taught but that they
        did."""
        return replace(self, told=self.told and _unnamed(self.told), sources=tuple(map(_for_others, self.sources)))


def _for_others(source: Source) -> Source:
    if source.pair:
        return replace(source, pair=_unnamed(source.pair), words="")
    return replace(source, name="", words="") if source.private else source


def _unnamed(pair: Pair) -> Pair:
    """When it was taught, and how; no words, and nobody."""
    return Pair(id=pair.id, prompt="", answer="", source=pair.source)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What became of a lesson. Surprise is in nats per token of the answer, by the weights alone; held-out in bits per
    byte, at the examination before and at the last one."""

    pair: Pair
    steps: int  # since it was taught
    surprise_before: float | None  # None: it was taught before this was noted
    surprise: float
    held_out_before: float | None
    held_out: float | None
    by_heart: bool  # whether it would say that with nothing but its weights
    next_in: int  # steps until it comes back
