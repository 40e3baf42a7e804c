"""Matrix products, while learning in bfloat16 where the hardware is faster at it; weights and sums stay float32.

Only the factors are rounded, to 8 bits of precision; the processor adds the products up in float32. What is not learned
from (talking, examinations) is computed in float32.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from brain.ops.backend import Backend


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


def linear(x: Tensor, weight: Tensor, bias: Tensor | None, backend: Backend) -> Tensor:
    """``x @ weight.T + bias``: (..., I), (O, I), (O,) -> (..., O)."""
    if backend.half and torch.is_grad_enabled():
        return _HalfProduct.apply(x, weight, bias)
    return F.linear(x, weight, bias)
