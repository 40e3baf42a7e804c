"""What the tutor's steps are made of: what every stream of the library carries, tasks, and a step under way.

Shapes: B streams, T tokens per block, R rows of one task, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from brain.contract import Brain, State
from brain.selfstate import Condition, fresh_condition
from school.door.events import Glimpse
from school.teaching.anchors import anchors_among
from school.teaching.examiner import NEUTRAL
from school.teaching.provenance import Provenance


@dataclass(slots=True)
class Streams:
    """What each stream of the library carries from block to block."""

    state: State
    pixels: Tensor  # (B, T, 3) the true colours of the last block, under which the next one is read
    condition: Condition

    @classmethod
    def fresh(cls, brain: Brain, streams: int, length: int) -> Streams:
        device = next(brain.parameters()).device
        pixels = torch.full((streams, length, 3), NEUTRAL, device=device)
        return cls(brain.fresh_state(streams), pixels, fresh_condition(streams, device))

    def pick(self, rows: slice | list[int]) -> Streams:
        """Some streams: a view of a slice, a copy of a list."""
        return Streams.of({name: tensor[rows] for name, tensor in self.tensors().items()})

    def write(self, rows: slice, others: Streams) -> None:
        """Put the first streams of ``others`` in the place of ``rows``."""
        own, new = self.tensors(), others.tensors()
        for name, tensor in own.items():
            tensor[rows] = new[name][: len(tensor[rows])]

    def joined(self, others: Streams) -> Streams:
        own, more = self.tensors(), others.tensors()
        return Streams.of({name: torch.cat([tensor, more[name]]) for name, tensor in own.items()})

    def tensors(self) -> dict[str, Tensor]:
        named = {f"state.{name}": tensor for name, tensor in self.state.items()}
        named |= {f"condition.{name}": tensor for name, tensor in self.condition.items()}
        return named | {"pixels": self.pixels}

    @classmethod
    def of(cls, tensors: dict[str, Tensor]) -> Streams:
        parts: dict[str, dict[str, Tensor]] = {"state": {}, "condition": {}}
        for name, tensor in tensors.items():
            part, _, rest = name.partition(".")
            if rest:
                parts[part][rest] = tensor
        return cls(parts["state"], tensors["pixels"], parts["condition"])


@dataclass(slots=True)
class Task:
    """Rows to read together, and how much each target counts.

    The first rows are the next blocks of the streams ``rows`` and carry their memory; then come those of the
    conversations ``talks``, which carry theirs; last, rows that start with none, the ``extra`` ones of the step. Such
    rows ride along with streams because a row alone costs almost as much as two.
    """

    tokens: Tensor  # (R, T+1)
    weights: Tensor  # (R, T)
    rows: slice
    talks: slice = field(default_factory=lambda: slice(0, 0))
    extra: slice = field(default_factory=lambda: slice(0, 0))

    @property
    def streams(self) -> int:
        return _size(self.rows)

    @property
    def library_and_talks(self) -> int:
        """How many rows carry a memory."""
        return _size(self.rows) + _size(self.talks)

    def add(self, tokens: np.ndarray, weights: np.ndarray) -> None:
        self.tokens = torch.cat([self.tokens, torch.from_numpy(tokens).to(self.tokens.device)])
        self.weights = torch.cat([self.weights, torch.from_numpy(weights).to(self.weights.device)])


def _size(rows: slice) -> int:
    return rows.stop - rows.start


def shared_out(rows: int, tasks: int) -> list[slice]:
    """So many rows for so many tasks, as evenly as can be: tasks that are done side by side wait for each other."""
    edges = [rows * task // tasks for task in range(tasks + 1)]
    return [slice(start, stop) for start, stop in zip(edges, edges[1:], strict=False)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What came of one task."""

    after: Streams  # what its rows carry from now on
    loss: Tensor
    losses: Tensor  # (T, R) nats
    correct: Tensor  # (T, R) whether it was the best guess
    guesses: Tensor  # the first row's last ones
    expected: Tensor  # (R, T, 3) colours
    gradients: Sequence[Tensor | None] = ()  # of the step's loss, for every parameter; none if the weights have them


@dataclass(slots=True)
class Step:
    """An optimizer step under way."""

    tasks: list[Task]
    weight: float  # of all targets together
    library_bytes: int
    review_tokens: int
    anchored: bool = False  # most of what it reads of the library holds it to what it was at its best
    jumped: bool = False  # to a new place in the library, of which the streams know nothing
    new_library: bool = False  # there is something new to learn
    taught: bool = False  # the extra rows are what people taught
    library_targets: float = 0.0  # of the library that are learned; 0 where all are
    provenance: Provenance | None = None  # of the blocks of the library
    index: int = 0  # of the first task that is not done
    before: int = 0  # streams of the same step of which other processes take care, before these
    losses: list[Tensor] = field(default_factory=list)
    correct: list[Tensor] = field(default_factory=list)
    expected: list[Tensor] = field(default_factory=list)  # colours (3,) at the last token, summed over streams
    color: Tensor | None = None  # (3,) mean over all streams at the last token, where processes share them
    finite: bool = True
    seconds: float = 0.0
    looked_at: bool = False
    glimpse: Glimpse | None = None

    def anchors(self, task: Task) -> list[int]:
        """The places of the task's rows that only hold it to its best self."""
        first = self.before + task.rows.start
        return anchors_among(range(first, first + task.streams)) if self.anchored else []
