"""The curriculum: short blocks of many places first, longer blocks of fewer places when progress slows.

A step always has the same number of tokens, so every shape can be taught, and costs about the same. What is read of a
place goes on where the last block ended, whatever its length: the stride is the block, nothing is read twice. Memory
is carried from block to block; what grows is the stretch over which an error is traced back. The shape changes only
where the library begins again.
"""

from __future__ import annotations

from typing import Any, NamedTuple

JUDGED_STEPS = 25  # fewer say nothing about progress


class Shape(NamedTuple):
    """``streams`` places of the library, a block of ``length`` tokens of each per step."""

    streams: int
    length: int


def shapes(streams: int, length: int, shortest: int, longest: int) -> list[Shape]:
    """All with ``streams * length`` tokens that halving and doubling reach, the shortest first, this one included."""
    found = [Shape(streams, length)]
    while found[0].length % 2 == 0 and found[0].length // 2 >= shortest:
        found.insert(0, Shape(found[0].streams * 2, found[0].length // 2))
    while found[-1].streams % 2 == 0 and found[-1].length * 2 <= longest:
        found.append(Shape(found[-1].streams // 2, found[-1].length * 2))
    return found


def next_level(level: int, before: float, now: float, quick: float) -> int:
    """One longer when the loss (nats per token, of one reading of the library and of the next) falls by less than a
    share ``quick``; one shorter when it rises by that."""
    progress = (before - now) / max(before, 1e-9)
    if progress >= quick:
        return level
    return level - 1 if progress < -quick else level + 1


class Curriculum:
    """Goes up and down the ``stages`` by how fast the loss falls."""

    def __init__(self, stages: list[Shape], quick: float):
        self.stages, self.quick = stages, quick
        self.level, self.steps, self.nats = 0, 0, 0.0
        self.before: float | None = None  # mean loss of the reading before

    @property
    def shape(self) -> Shape:
        return self.stages[self.level]

    def heed(self, loss: float) -> None:
        self.steps, self.nats = self.steps + 1, self.nats + loss

    def begin_epoch(self, *, new_library: bool) -> None:
        """Judge what was read since the last judgement, if that was enough. Another library has another loss."""
        if new_library:
            self.before, self.steps, self.nats = None, 0, 0.0
        if self.steps < JUDGED_STEPS:
            return
        now = self.nats / self.steps
        if self.before is not None:
            self._go_to(next_level(self.level, self.before, now, self.quick))
        self.before, self.steps, self.nats = now, 0, 0.0

    def gauges(self) -> dict[str, float]:
        return {"block_tokens": self.shape.length}

    def facts(self) -> dict[str, Any]:
        return {"level": self.level, "steps": self.steps, "nats": self.nats, "before": self.before}

    def restore(self, facts: dict[str, Any]) -> None:
        self._go_to(facts["level"])
        self.steps, self.nats, self.before = facts["steps"], facts["nats"], facts["before"]

    def _go_to(self, level: int) -> None:
        self.level = min(max(0, level), len(self.stages) - 1)
