"""The neurons: one number each per token, and nothing remembered.

Shapes: T tokens, B streams, D width, N neurons.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from brain.ops.backend import Backend
from brain.ops.linear import linear
from brain.ops.neurons import activate


class Neurons(nn.Module):
    """N parallel neurons: each the GELU of a scaled dot product with a row of unit norm or less."""

    def __init__(self, width: int, neurons: int, *, backend: Backend):
        super().__init__()
        self.backend = backend
        self.norm = nn.LayerNorm(width)
        self.rows = nn.Parameter(F.normalize(torch.randn(neurons, width), dim=1))
        self.bias = nn.Parameter(torch.zeros(neurons))
        self.gain = nn.Parameter(torch.ones(()))

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """``x`` (T, B, D); ``mask`` (B, N): what counts of each neuron in this block, 0 or more."""
        scale, shift = self.norm.weight * self.gain, self.norm.bias * self.gain

        def normed() -> Tensor:
            return F.layer_norm(x, scale.shape, scale, shift, self.norm.eps)

        sums = linear(normed(), self.rows, None, self.backend, again=normed)
        return activate(sums, self.bias, mask, self.backend)

    @torch.no_grad()
    def constrain(self) -> None:
        self.rows.div_(self.rows.norm(dim=1, keepdim=True).clamp(min=1))
