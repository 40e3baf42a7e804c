"""When numbers stop being finite: a step is skipped, and after some in a row the last good weights come back."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

KEEP_GOOD = 100  # steps between copies of the last good weights
PATIENCE = 3  # steps in a row without a finite loss before going back to them


class Recovery:
    """Keeps a copy of everything learned; counts the bad steps."""

    def __init__(self):
        self._bad_steps = 0
        self._good: tuple[int, list[Tensor]] | None = None

    def well(self, step: int, learned: Sequence[Tensor]) -> None:
        """A step went well, and now all this is learned."""
        self._bad_steps = 0
        if step % KEEP_GOOD == 0:
            self._good = step, [tensor.detach().clone() for tensor in learned]

    def badly(self, learned: Sequence[Tensor]) -> int | None:
        """A step had to be skipped. Returns the step to whose weights it went back, if it did."""
        self._bad_steps += 1
        if self._bad_steps < PATIENCE or self._good is None:
            return None
        self._bad_steps = 0
        step, kept = self._good
        with torch.no_grad():
            for tensor, good in zip(learned, kept, strict=True):
                tensor.copy_(good)
        return step
