"""Whose words a step taught: of each text, how many tokens, and what it cost to predict them.

Shapes: B streams, T tokens per block, R rows of one task.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from torch import Tensor

from school.door.events import Taught


class Source(Protocol):
    @property
    def sha256(self) -> str: ...


@dataclass(slots=True)
class Provenance:
    """``texts`` of the library, by whose numbers ``sources`` (B, T) says of which of them each target is, -1: of none,
    or not learned; ``lengths`` (B, T): its bytes. Of what other processes read it is not known what it cost."""

    texts: Sequence[Source]
    sources: np.ndarray
    lengths: np.ndarray
    _read: list[tuple[slice, Tensor]] = field(default_factory=list)

    def note(self, rows: slice, losses: Tensor) -> None:
        """What the targets of some streams cost: (T, R) nats. Looked at only when the step is done."""
        self._read.append((rows, losses))

    def taught(self) -> Iterator[Taught]:
        """Each text that the step read."""
        nats = np.full(self.sources.shape, math.nan)
        for rows, losses in self._read:
            nats[rows] = losses.t().double().cpu().numpy()
        of_some = self.sources >= 0
        owner, cost, size = self.sources[of_some], nats[of_some], self.lengths[of_some]
        known = ~np.isnan(cost)
        tokens = np.bincount(owner)
        total = np.bincount(owner[known], cost[known], minlength=len(tokens))
        length = np.bincount(owner[known], size[known], minlength=len(tokens))
        for number in np.flatnonzero(tokens).tolist():
            yield Taught(
                sha256=self.texts[number].sha256,
                tokens=int(tokens[number]),
                bytes=int(length[number]),
                nats=float(total[number]),
            )
