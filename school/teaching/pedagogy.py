"""The tutor's pedagogy: which passages come again, in what pieces the library is read, how often it must go on from its
own guesses. Each policy has a file and a switch; what is off costs nothing.

Whatever they decide follows from the lessons so far, and what they remember of those is kept in the soul.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from school.teaching.pedagogy_curriculum import Curriculum, shapes
from school.teaching.pedagogy_guesses import Guesses
from school.teaching.pedagogy_repeats import Repeats
from school.teaching.pedagogy_replay import Replay
from school.teaching.pedagogy_settings import PedagogySettings

ALONE = ("repeats", "replay", "curriculum")  # no single process of a team sees what these go by


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
