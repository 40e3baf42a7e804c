"""What all species' configs have in common. No torch in here, so that settings can be made of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, ClassVar, Self

if TYPE_CHECKING:
    from brain.contract import Brain
    from brain.ops.backend import Backend


def part(default: Any, description: str, *, at_most: int = 65_536, structural: bool = True) -> Any:
    """A field of a config that is a setting too. ``structural``: with another value it is another brain, which a soul's
    weights don't fit."""
    about = {"description": description, "at_most": at_most, "structural": structural}
    return field(default=default, metadata=about)


@dataclass(frozen=True, slots=True, kw_only=True)
class BrainConfig(ABC):
    """The shape of a brain, all a soul needs to rebuild it. Widths in units.

    Each species adds the fields that make it what it is; a field of one name means the same in all of them.
    """

    SUMMARY: ClassVar[str]  # the species in a few words
    CAME_LATER: ClassVar[Mapping[str, Any]] = {}  # fields that older souls lack, and what those brains are
    OF_BIRTH: ClassVar[frozenset[str]] = frozenset()  # fields that no setting is asked for: a soul stays as it was born
    DROPPED: ClassVar[Mapping[str, Any]] = {}  # fields that are gone, and their one value that is still a brain

    species: str
    vocabulary: int = 2048  # tokens wanted; a small library may yield fewer
    embed_width: int = part(256, "width of a token's vector")
    dropout: float = part(0.3, "share of its units dropped while it learns a block", structural=False)

    @abstractmethod
    def build(self, *, pieces: Sequence[bytes], turn_tokens: int, backend: Backend) -> Brain:
        """See ``brain.build_brain``."""

    def misfit(self) -> str | None:
        """What of it doesn't fit together, as a sentence about settings ``brain.NAME``; None if all does."""
        return None

    @classmethod
    def parts(cls) -> dict[str, dict[str, Any]]:
        """The fields that are settings, with what ``part`` says of each and its ``default``."""
        return {each.name: {**each.metadata, "default": each.default} for each in fields(cls) if each.metadata}

    @classmethod
    def read(cls, facts: Mapping[str, Any]) -> Self:
        """From what a soul says of its brain; other species' fields in there are passed over. Raises ValueError for a
        brain that can't be built any more."""
        for name, value in cls.DROPPED.items():
            if facts.get(name, value) != value:
                raise ValueError(f"{name} = {facts[name]}")
        facts = {**cls.CAME_LATER, **facts}
        own = {each.name: facts[each.name] for each in fields(cls) if each.name in facts}
        return cls(**{name: tuple(value) if isinstance(value, list) else value for name, value in own.items()})
