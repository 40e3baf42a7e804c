"""Hard passages come once more, by how much of their loss can be reduced: what they cost now, less what they cost an
average of the baby's past selves, its voice. Noise is as hard for both, so it is not drilled.

After RHO-loss (Mindermann et al. 2022), with the voice in the place of a model that was taught beforehand. Only now and
then are the rows of a micro-step measured, all in one more forward pass; what they cost now is known from the lesson.

Shapes: R rows, T tokens.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor

from brain.contract import Brain, State
from brain.ops.token_losses import token_losses
from school.teaching.pedagogy_repeats import is_apart

EVERY = 4  # steps between measurements
KEPT = 2  # of each, the most reducible passages
WAIT = 12  # steps from reading a passage to its return, at least
WAITING = 64  # passages that wait; then the oldest is let go


@torch.no_grad()
def reducible_losses(
    voice: Brain, inputs: Tensor, targets: Tensor, pixels: Tensor, state: State, now: Tensor
) -> list[float]:
    """By how many nats per token the voice is better at each row than ``now`` (R,), the brain in its lesson; ``inputs``
    and ``targets`` (R, T), ``pixels`` (R, T, 3)."""
    logits = voice(inputs, pixels, state).logits.transpose(0, 1)
    average, _ = token_losses(logits, targets.t(), voice.backend)
    return (now - average.mean(0)).tolist()


class Replay:
    """Passages that wait to come once more: (place, step when read, reducible nats per token), oldest first."""

    def __init__(self):
        self.waiting: deque[tuple[int, int, float]] = deque(maxlen=WAITING)

    def heed(self, step: int, reducible: Iterable[tuple[int, float]], length: int, dated: Sequence[int] = ()) -> None:
        """Take note of measured passages: the best few where something is to be gained, unless the same words are
        ``dated`` already."""
        for place, nats in sorted(reducible, key=lambda passage: -passage[1])[:KEPT]:
            if nats > 0 and is_apart(place, [*self.places(), *dated], length):
                self.waiting.append((place, step, nats))

    def due(self, step: int, rows: int) -> list[int]:
        """Take out the places to read again at this step: of those that waited long enough, the most reducible."""
        ready = [passage for passage in self.waiting if step - passage[1] >= WAIT]
        chosen = sorted(ready, key=lambda passage: -passage[2])[:rows]
        for passage in chosen:
            self.waiting.remove(passage)
        return [place for place, _, _ in chosen]

    def places(self) -> list[int]:
        return [place for place, _, _ in self.waiting]

    def clear(self) -> None:
        self.waiting.clear()

    def gauges(self) -> dict[str, float]:
        return {"replay_nats": max((nats for _, _, nats in self.waiting), default=0.0)}

    def facts(self) -> list[Any]:
        return [list(passage) for passage in self.waiting]

    def restore(self, facts: list[Any]) -> None:
        self.waiting.extend(tuple(passage) for passage in facts)
