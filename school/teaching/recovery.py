"""When numbers stop being finite: a step is skipped, and after some in a row the last good weights come back."""

from __future__ import annotations

import torch
from torch import Tensor

from brain.contract import Brain
from school.teaching.adamw import AdamW

KEEP_GOOD = 100  # steps between copies of the last good weights
PATIENCE = 3  # steps in a row without a finite loss before going back to them


class Recovery:
    """Keeps a copy of the voice, rounded to bfloat16: less is lost by that than by the steps since, and it takes an
    eighth of the memory of all that is learned. Counts the bad steps."""

    def __init__(self):
        self._bad_steps = 0
        self._good_step: int | None = None
        self._good: list[Tensor] = []

    def well(self, step: int, voice: Brain) -> None:
        """A step went well, and this is the voice now."""
        self._bad_steps = 0
        if step % KEEP_GOOD:
            return
        self._good_step = step
        self._good = [parameter.detach().bfloat16() for parameter in voice.parameters()]

    @torch.no_grad()
    def badly(self, brain: Brain, voice: Brain, optimizer: AdamW) -> int | None:
        """A step had to be skipped. Returns the step to whose weights it went back, if it did; then the optimizer
        begins afresh."""
        self._bad_steps += 1
        if self._bad_steps < PATIENCE or self._good_step is None:
            return None
        self._bad_steps = 0
        for learner in (brain, voice):
            for good, parameter in zip(self._good, learner.parameters(), strict=True):
                parameter.copy_(good)
        for moment in optimizer.tensors().values():
            moment.zero_()
        return self._good_step
