"""What the baby reads, as text: what is taught, what is held out, and who answers whom in its conversations."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from school.office.mistakes import Mistake
from school.texts.facts import said_by
from school.texts.places import STARTER_SHELF, Source, gather_sources
from school.texts.shelf import segments_of
from school.texts.survey import look_at, survey
from school.texts.tokenizer import BABY, END, PERSON, Segment
from school.texts.turns import begins_with_turn

Pair = tuple[str, str]  # what a person says in the library, and what the baby answers there
TURNS = [PERSON, str, END, BABY, str]


@dataclass(frozen=True, slots=True)
class Library:
    """``taught`` and ``held_out`` in passages: each turn of a conversation by itself, without the name of who says it,
    other texts in pieces. ``pairs``: neighbouring turns, wherever they stand."""

    taught: list[str] = field(default_factory=list)
    held_out: list[str] = field(default_factory=list)
    pairs: list[Pair] = field(default_factory=list)

    @property
    def taught_text(self) -> str:
        return "\n".join(self.taught)

    @property
    def held_out_text(self) -> str:
        return "\n".join(self.held_out)


def library_of(home: Path, settings: Any) -> Library:
    """The library of a home, divided as the baby that lives there finds it. Raises Mistake."""
    starter, default = settings.library.starter, said_by(settings.library)
    sources, _ = gather_sources(home / "library", [], STARTER_SHELF, starter, home=home, default=default)
    return read(sources, settings.library.held_out)


def read(sources: list[Source], held_out: float) -> Library:
    """Raises Mistake if nothing can be read."""
    found, library = survey(look_at(sources), held_out), Library()
    for number, talk in enumerate(found.talks):
        parts = found.parts(number)
        only_turns = begins_with_turn("".join(parts))
        for text, passages in zip(parts, (library.taught, library.held_out), strict=True):
            segments = list(segments_of(text, talk=talk, only_turns=only_turns))
            passages += [said for one in segments if isinstance(one, str) and (said := one.strip("\n"))]
            library.pairs.extend(pairs_in(segments))
    if not library.taught:
        raise Mistake("there is nothing in the library that can be read.")
    return library


def pairs_in(segments: list[Segment]) -> list[Pair]:
    """Each turn of a person with the baby's answer right behind it."""
    kinds = [str if isinstance(segment, str) else segment for segment in segments]
    starts = (i for i in range(len(kinds)) if kinds[i : i + len(TURNS)] == TURNS)
    return [(segments[i + 1], segments[i + 4]) for i in starts]
