"""A LayerNorm that is blended with what it normalises."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from brain.ops.backend import Backend
from brain.ops.blended_norm import blended_norm


class BlendedNorm(nn.Module):
    """``a * x + b * LayerNorm(x)`` with two learned scales."""

    def __init__(self, width: int, *, backend: Backend):
        super().__init__()
        self.backend = backend
        self.norm = nn.LayerNorm(width)
        self.scales = nn.Parameter(torch.full((2,), 0.5))

    def forward(self, x: Tensor) -> Tensor:
        return blended_norm(x, self.norm.weight, self.norm.bias, self.scales, self.backend)
