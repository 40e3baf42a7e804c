"""The tutor's pedagogy: which passages come again, in what pieces the library is read, how often it must go on from its
own guesses. Each policy has a file and a switch; what is off costs nothing.

Whatever they decide follows from the lessons so far, and what they remember of those is kept in the soul.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import Field

from school.office.settings import Slice
from school.teaching.pedagogy_curriculum import Curriculum, shapes
from school.teaching.pedagogy_guesses import Guesses
from school.teaching.pedagogy_repeats import Repeats
from school.teaching.pedagogy_replay import Replay

ALONE = ("repeats", "replay", "curriculum")  # no single process of a team sees what these go by


class PedagogySettings(Slice):
    repeats: bool = Field(False, description="a passage that went badly comes again until it is good enough")
    failing_share: float = Field(
        0.05, gt=0, le=0.5, description="repeats: share of the library's blocks that the pass mark, which adapts, fails"
    )
    tries: int = Field(3, ge=1, le=20, description="repeats: readings before a passage rests as too difficult for now")
    replay: bool = Field(False, description="hard passages that its average finds easier come once more")
    rows: int = Field(2, ge=1, le=64, description="passages that repeats, and as many that replay, add to a step")
    curriculum: bool = Field(False, description="short blocks of many places first, longer ones when progress slows")
    shortest_block: int = Field(32, ge=8, le=4096, description="curriculum: tokens of the first blocks")
    longest_block: int = Field(0, ge=0, le=4096, description="curriculum: of the last; 0: as lessons.block_tokens")
    quick_progress: float = Field(
        0.1,
        ge=0,
        le=1,
        description="curriculum: share of the loss that a reading of the library takes off, or blocks grow",
    )
    guess_rate: float = Field(
        0.0, ge=0, le=1, description="share of the tokens it reads that are its own guesses instead; 0: none"
    )
    guess_ramp_steps: int = Field(500, ge=0, description="steps over which the share of guesses rises to that")


class Pedagogy:
    """The policies that are switched on, None for each that is not. ``streams`` and ``length`` are those that the
    lessons' settings ask for."""

    def __init__(self, settings: PedagogySettings, *, streams: int, length: int):
        self.rows, self.length = settings.rows, length
        self.repeats = Repeats(settings.failing_share, settings.tries) if settings.repeats else None
        self.replay = Replay() if settings.replay else None
        self.curriculum = None
        if settings.curriculum:
            stages = shapes(streams, length, settings.shortest_block, settings.longest_block)
            self.curriculum = Curriculum(stages, settings.quick_progress)
        self.guesses = Guesses(settings.guess_rate, settings.guess_ramp_steps) if settings.guess_rate else None

    @property
    def watching(self) -> bool:
        """Whether it wants to know how each row of a step went."""
        return bool(self.repeats or self.replay)

    def begin_epoch(self, *, new_library: bool) -> None:
        """The library begins again, or another one begins."""
        if new_library:  # places are no longer what they were
            for policy in (self.repeats, self.replay):
                if policy:
                    policy.clear()
        if self.curriculum:
            self.curriculum.begin_epoch(new_library=new_library)

    def returning(self, step: int) -> list[int]:
        """Places of the library at which this step reads again."""
        return [place for policy in (self.repeats, self.replay) if policy for place in policy.due(step, self.rows)]

    def heed(
        self,
        step: int,
        *,
        loss: float,
        read: Sequence[tuple[int, float]],
        again: Sequence[tuple[int, float]],
        reducible: Iterable[tuple[int, float]],
    ) -> None:
        """Take note of a step that was learned: its ``loss`` in nats per token; the accuracies at the places that it
        ``read`` and read ``again``; by how many nats per token some of them are ``reducible``."""
        if self.repeats:
            for place, accuracy in again:
                self.repeats.judge(step, place, accuracy)
            dated = self.replay.places() if self.replay else []
            self.repeats.heed(step, read, self.length, dated)
        if self.replay:
            dated = self.repeats.places() if self.repeats else []
            self.replay.heed(step, reducible, self.length, dated)
        if self.curriculum:
            self.curriculum.heed(loss)

    def gauges(self) -> dict[str, float]:
        """What the policies have come to, by name, for the record and the screen."""
        return {name: value for policy in self._policies().values() for name, value in policy.gauges().items()}

    def facts(self) -> dict[str, Any]:
        """For a soul: plain values."""
        return {name: policy.facts() for name, policy in self._policies().items()}

    def restore(self, facts: dict[str, Any]) -> None:
        """Bring back what a soul kept of the policies that are on."""
        for name, policy in self._policies().items():
            if name in facts:
                policy.restore(facts[name])

    def _policies(self) -> dict[str, Repeats | Replay | Curriculum]:
        named = {"repeats": self.repeats, "replay": self.replay, "curriculum": self.curriculum}
        return {name: policy for name, policy in named.items() if policy}


def for_team(settings: PedagogySettings) -> tuple[PedagogySettings, str]:
    """What processes that share their lessons can do of it, and one line about what they can't, or ""."""
    off = [name for name in ALONE if getattr(settings, name)]
    if not off:
        return settings, ""
    line = f"{' and '.join(f'pedagogy.{name}' for name in off)}: off while several processes share the lessons."
    return settings.model_copy(update=dict.fromkeys(ALONE, False)), line
