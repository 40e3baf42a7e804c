"""A vector blended with its own LayerNorm.

Shapes: V width of the vectors.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from brain.ops.backend import Backend, Kernels


def blended_norm(x: Tensor, weight: Tensor, bias: Tensor, scales: Tensor, backend: Backend) -> Tensor:
    """``scales[0] * x + scales[1] * LayerNorm(x)``: ``x`` (..., V), ``weight`` and ``bias`` (V,), ``scales`` (2,).

    In the backward pass the gradient of ``x`` may take its place.
    """
    if run := backend.kernels_for(x, scales):
        return _Compiled.apply(x, weight, bias, scales, run)
    return scales[0] * x + scales[1] * F.layer_norm(x, weight.shape, weight, bias)


class _Compiled(torch.autograd.Function):
    """Norm, scales and sum in one pass over memory forward and one backward, where the gradient takes ``x``'s place."""

    @staticmethod
    def forward(ctx, x: Tensor, weight: Tensor, bias: Tensor, scales: Tensor, run: Kernels) -> Tensor:
        x, ctx.run = x.contiguous(), run
        out, stats = torch.empty_like(x), x.new_empty(x[..., 0].numel(), 2)
        run("blend_forward", x, weight, bias, scales, out, stats, len(stats), x.shape[-1])
        ctx.save_for_backward(x.detach(), weight, bias, scales, stats)
        return out

    @staticmethod
    def backward(ctx, grad: Tensor):
        x, weight, bias, scales, stats = ctx.saved_tensors
        threads = torch.get_num_threads()
        sums, by_x = x.new_zeros(threads, 2, x.shape[-1]), x.new_zeros(threads)
        given = x, weight, scales, stats, grad.contiguous()
        ctx.run("blend_backward", *given, sums, by_x, len(stats), x.shape[-1])
        by_norm, by_one = sums.sum(0)
        grad_scales = torch.stack([by_x.sum(), by_norm @ weight + by_one @ bias])
        return x, by_norm * scales[1], by_one * scales[1], grad_scales, None
