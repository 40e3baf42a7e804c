"""Matrix products, while learning in bfloat16 where the hardware is faster at it; weights and sums stay float32.

Only the factors are rounded, to 8 bits of precision; the processor adds the products up in float32. What is not learned
from (talking, examinations) is computed in float32.

Shapes: I inputs, O outputs.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from brain.ops.backend import Backend


def linear(x: Tensor, weight: Tensor, bias: Tensor | None, backend: Backend) -> Tensor:
    """``x @ weight.T + bias``: (..., I), (O, I), (O,) -> (..., O)."""
    if backend.half and torch.is_grad_enabled():
        return _HalfProduct.apply(x, weight, bias)
    return F.linear(x, weight, bias)


def normed_linear(x: Tensor, norm: nn.LayerNorm, weight: Tensor, bias: Tensor | None, backend: Backend) -> Tensor:
    """``linear(norm(x), weight, bias)``, with the normalised vectors made anew in the backward pass: they take as much
    memory as ``x``, which is kept anyway, and little time to make."""
    if not torch.is_grad_enabled():
        return F.linear(norm(x), weight, bias)
    return _NormedProduct.apply(x, norm.weight, norm.bias, norm.eps, weight, bias, backend.half)


class _HalfProduct(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        x, weight = x.bfloat16(), weight.bfloat16()
        ctx.save_for_backward(x, weight)
        return _product(x, weight, bias)

    @staticmethod
    def backward(ctx, grad: Tensor):
        return _gradients(grad, *ctx.saved_tensors, of_bias=ctx.needs_input_grad[2])


class _NormedProduct(torch.autograd.Function):
    """``scale`` and ``shift`` (I,) are the norm's own parameters."""

    @staticmethod
    def forward(
        ctx, x: Tensor, scale: Tensor, shift: Tensor, eps: float, weight: Tensor, bias: Tensor | None, half: bool
    ) -> Tensor:
        factor = weight.bfloat16() if half else weight
        normed, *moments = torch.native_layer_norm(x, scale.shape, scale, shift, eps)
        ctx.save_for_backward(x, scale, shift, factor, *moments)
        ctx.eps = eps
        return _product(normed.to(factor.dtype), factor, bias)

    @staticmethod
    def backward(ctx, grad: Tensor):
        x, scale, shift, factor, *moments = ctx.saved_tensors
        normed = F.layer_norm(x, scale.shape, scale, shift, ctx.eps).to(factor.dtype)
        grad, grad_weight, grad_bias = _gradients(grad, normed, factor, of_bias=ctx.needs_input_grad[5])
        given = grad, x, scale.shape, *moments, scale, shift, [True] * 3
        grad_x, grad_scale, grad_shift = torch.ops.aten.native_layer_norm_backward(*given)
        return grad_x, grad_scale, grad_shift, None, grad_weight, grad_bias, None


def _product(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """Of two factors, rounded or not; float32."""
    out = F.linear(x, weight).float()
    return out if bias is None else out.add_(bias)


def _gradients(grad: Tensor, x: Tensor, weight: Tensor, *, of_bias: bool) -> tuple[Tensor, Tensor, Tensor | None]:
    """Of ``x`` (..., I), ``weight`` (O, I) and the bias (O,), all float32, from that of their product (..., O)."""
    flat = grad.flatten(0, -2)
    rounded = flat.to(weight.dtype)
    grad_weight = rounded.t() @ x.flatten(0, -2)
    grad_x = (rounded @ weight).view_as(x)
    return grad_x.float(), grad_weight.float(), flat.sum(0) if of_bias else None
