"""The gate: what people teach may cost only so much of what it can write.

Before the first lesson of theirs since an examination, the voice is copied. If the next examination is worse than the
best by more than is allowed, it goes on from that copy, and their lessons count half as much; with each examination
that passes they count twice as much again, until they count in full. So what is taught is tried again, more gently, and
held-out text never costs much more than at its best, whatever somebody teaches.
"""

from __future__ import annotations

import torch
from torch import Tensor

from brain.contract import Brain

GENTLEST = 1 / 16


class Gate:
    """``before``: the voice's weights before the lessons that the next examination is to judge; none where there were
    none. ``strength``: how much of their weight they have."""

    def __init__(self):
        self.before: dict[str, Tensor] = {}
        self.strength = 1.0

    def remember(self, voice: Brain) -> None:
        """A lesson of people's comes next."""
        if not self.before:
            self.before = {name: parameter.detach().clone() for name, parameter in voice.named_parameters()}

    @torch.no_grad()
    def judge(self, bits_per_byte: float, best: float | None, tolerance: float, *brains: Brain) -> float | None:
        """Of an examination and the ``best`` so far: where it is worse by a larger share than ``tolerance``, let the
        ``brains`` go on from before, and return by how much; else None."""
        before, self.before = self.before, {}
        worse = bits_per_byte / best - 1 if best else 0.0
        if not before or worse <= tolerance:
            self.strength = min(1.0, 2 * self.strength)
            return None
        self.strength = max(GENTLEST, self.strength / 2)
        for brain in brains:
            for name, parameter in brain.named_parameters():
                parameter.copy_(before[name])
        return worse
