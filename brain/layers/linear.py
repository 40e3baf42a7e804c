"""A linear layer that multiplies as the backend says."""

from __future__ import annotations

from torch import Tensor, nn

from brain.ops.backend import Backend
from brain.ops.linear import linear


class Linear(nn.Linear):
    def __init__(self, inputs: int, outputs: int, *, bias: bool = True, backend: Backend):
        super().__init__(inputs, outputs, bias=bias)
        self.backend = backend

    def forward(self, x: Tensor) -> Tensor:
        return linear(x, self.weight, self.bias, self.backend)
