"""A linear layer that multiplies as the backend says, by itself or right behind a norm."""

from __future__ import annotations

from torch import Tensor, nn

from brain.ops.backend import Backend
from brain.ops.linear import Again, linear


class Linear(nn.Linear):
    def __init__(self, inputs: int, outputs: int, *, bias: bool = True, backend: Backend):
        super().__init__(inputs, outputs, bias=bias)
        self.backend = backend

    def forward(self, x: Tensor, again: Again | None = None) -> Tensor:
        """``again``: what makes ``x`` anew in the backward pass, so that it is not kept."""
        return linear(x, self.weight, self.bias, self.backend, again)

    def of_normed(self, x: Tensor, norm: nn.Module) -> Tensor:
        """What it makes of ``norm(x)``, which is made anew in the backward pass: that takes little time, and ``x`` is
        kept anyway."""
        return self(norm(x), again=lambda: norm(x))
