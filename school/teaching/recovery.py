"""When numbers stop being finite: a step is skipped, and after some in a row the last good weights come back."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

KEEP_GOOD = 100  # steps between copies of the last good weights
PATIENCE = 3  # steps in a row without a finite loss before going back to them


class Recovery:
    """Keeps a copy of everything learned, rounded to bfloat16, which is half of the memory: less is lost by that than
    by the steps since. Counts the bad steps."""

    def __init__(self):
        self._bad_steps = 0
        self._good_step: int | None = None
        self._good: list[Tensor] = []

    def well(self, step: int, learned: Sequence[Tensor]) -> None:
        """A step went well, and now all this is learned."""
        self._bad_steps = 0
        if step % KEEP_GOOD:
            return
        self._good_step = step
        self._good = self._good or [torch.empty_like(tensor, dtype=torch.bfloat16) for tensor in learned]
        _copy(learned, self._good)

    def badly(self, learned: Sequence[Tensor]) -> int | None:
        """A step had to be skipped. Returns the step to whose weights it went back, if it did."""
        self._bad_steps += 1
        if self._bad_steps < PATIENCE or self._good_step is None:
            return None
        self._bad_steps = 0
        _copy(self._good, learned)
        return self._good_step


@torch.no_grad()
def _copy(source: Sequence[Tensor], into: Sequence[Tensor]) -> None:
    for tensor, own in zip(source, into, strict=True):
        own.copy_(tensor)
