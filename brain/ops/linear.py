"""Matrix products, while learning in bfloat16 where the hardware is faster at it; weights and sums stay float32.

Only the factors are rounded, to 8 bits of precision; the processor adds the products up in float32. What is not learned
from (talking, examinations) is computed in float32.

Shapes: I inputs, O outputs.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from brain.ops.backend import Backend

Again = Callable[[], Tensor]
"""Makes a tensor once more, of what is kept anyway; without gradients."""


def linear(x: Tensor, weight: Tensor, bias: Tensor | None, backend: Backend, again: Again | None = None) -> Tensor:
    """``x @ weight.T + bias``: (..., I), (O, I), (O,) -> (..., O). Where ``again`` makes ``x``, it is made anew in the
    backward pass instead of being kept until then."""
    if torch.is_grad_enabled() and (backend.half or again):
        return _Product.apply(x, weight, bias, backend.half, again)
    return F.linear(x, weight, bias)


class _Product(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x: Tensor, weight: Tensor, bias: Tensor | None, half: bool, again: Again | None) -> Tensor:
        if half:
            x, weight = x.bfloat16(), weight.bfloat16()
        ctx.again = again
        ctx.save_for_backward(weight, None if again else x)
        if not half:
            return F.linear(x, weight, bias)
        out = F.linear(x, weight).float()
        return out if bias is None else out.add_(bias)

    @staticmethod
    def backward(ctx, grad: Tensor):
        weight, x = ctx.saved_tensors
        if ctx.again:
            x, ctx.again = ctx.again().to(weight.dtype), None  # it holds what it makes x of
        flat, outer = grad.flatten(0, -2), x.shape
        rounded = flat.to(weight.dtype)
        grad_weight = rounded.t() @ x.flatten(0, -2)
        del x
        grad_x = (rounded @ weight).view(outer)
        return grad_x.float(), grad_weight.float(), flat.sum(0) if ctx.needs_input_grad[2] else None, None, None
