"""The gate: what people teach may cost only so much of what it can write.

Before the first lesson of theirs since an examination that passed, the voice is copied. If the next examination is
worse than the best by more than is allowed, it goes back towards that copy, so far that it should cost half of what is
allowed, and their lessons count half as much; with each examination that passes they count twice as much again, until
they count in full. So what is taught is tried again, more gently, and held-out text never costs much more than at its
best, whatever somebody teaches.

How far that is: near its best, what a change costs grows with the square of its size. So of what costs four times as
much as it should, half is kept, and with that most of what was learned. The next examination finds out whether that
was far enough; if not, it goes back further, towards the same copy.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from brain.contract import Brain

GENTLEST = 1 / 16
AIM = 0.5  # of what is allowed, that it may cost after going back


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
    def judge(
        self, bits_per_byte: float, best: float | None, tolerance: float, brain: Brain, voice: Brain
    ) -> float | None:
        """Of an examination and the ``best`` so far: where it is worse by a larger share than ``tolerance``, let both
        go on from nearer to before, and return by how much; else None."""
        worse = bits_per_byte / best - 1 if best else 0.0
        if not self.before or worse <= tolerance:
            self.before, self.strength = {}, min(1.0, 2 * self.strength)
            return None
        self.strength = max(GENTLEST, self.strength / 2)
        kept = math.sqrt(AIM * tolerance / worse)
        for name, parameter in voice.named_parameters():
            parameter.copy_(self.before[name].lerp(parameter, kept))
        torch._foreach_copy_(list(brain.parameters()), list(voice.parameters()))
        return worse
