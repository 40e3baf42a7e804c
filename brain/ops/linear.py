"""Matrix products, while learning in bfloat16 where the hardware is faster at it; weights and sums stay float32.

Only the factors are rounded, to 8 bits of precision; the processor adds the products up in float32. What is not learned
from (talking, examinations) is computed in float32.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

_half = False


def use_half(wanted: bool) -> None:
    """From now on, multiply rounded factors when learning; set once, like the kernels."""
    global _half
    _half = wanted


class _HalfProduct(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        x, weight = x.bfloat16(), weight.bfloat16()
        ctx.save_for_backward(x, weight)
        out = F.linear(x, weight).float()
        return out if bias is None else out.add_(bias)

    @staticmethod
    def backward(ctx, grad: Tensor):
        x, weight = ctx.saved_tensors
        rounded = grad.bfloat16()
        grad_weight = rounded.flatten(0, -2).t() @ x.flatten(0, -2)
        grad_bias = grad.flatten(0, -2).sum(0) if ctx.needs_input_grad[2] else None
        return (rounded @ weight).float(), grad_weight.float(), grad_bias


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """``x @ weight.T + bias``: (..., I), (O, I), (O,) -> (..., O)."""
    if _half and torch.is_grad_enabled():
        return _HalfProduct.apply(x, weight, bias)
    return F.linear(x, weight, bias)


class Linear(nn.Linear):
    def forward(self, x: Tensor) -> Tensor:
        return linear(x, self.weight, self.bias)
