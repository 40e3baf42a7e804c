"""A linear layer that multiplies as the backend says, by itself or right behind a norm."""

from __future__ import annotations

from torch import Tensor, nn

from brain.ops.backend import Backend
from brain.ops.linear import linear, normed_linear


class Linear(nn.Linear):
    def __init__(self, inputs: int, outputs: int, *, bias: bool = True, backend: Backend):
        super().__init__(inputs, outputs, bias=bias)
        self.backend = backend

    def forward(self, x: Tensor) -> Tensor:
        return linear(x, self.weight, self.bias, self.backend)

    def of_normed(self, x: Tensor, norm: nn.LayerNorm) -> Tensor:
        """What it makes of ``norm(x)``, which is not kept for the backward pass."""
        return normed_linear(x, norm, self.weight, self.bias, self.backend)
