"""A neuron's output: bias, GELU and dropout mask.

Shapes: T tokens, B streams, N neurons.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from brain.ops.backend import Backend, Kernels


def activate(sums: Tensor, bias: Tensor, mask: Tensor, backend: Backend) -> Tensor:
    """``gelu(sums + bias) * mask``: ``sums`` (T, B, N), ``bias`` (N,), ``mask`` (B, N) -> (T, B, N)."""
    if run := backend.kernels_for(sums):
        return _Compiled.apply(sums, bias, mask, run)
    return F.gelu(sums + bias) * mask


class _Compiled(torch.autograd.Function):
    """In one pass over memory forward and one backward."""

    @staticmethod
    def forward(ctx, sums: Tensor, bias: Tensor, mask: Tensor, run: Kernels) -> Tensor:
        out, ctx.run, ctx.shape = torch.empty_like(sums), run, (sums[..., 0].numel(), *mask.shape)
        run("activate_forward", sums, bias, mask, out, *ctx.shape)
        ctx.save_for_backward(sums, bias, mask)
        return out

    @staticmethod
    def backward(ctx, grad: Tensor):
        sums, bias, mask = ctx.saved_tensors
        grad_sums, grad_bias = torch.empty_like(sums), bias.new_zeros(torch.get_num_threads(), *bias.shape)
        given = sums, bias, mask, grad.contiguous()
        ctx.run("activate_backward", *given, grad_sums, grad_bias, *ctx.shape)
        return grad_sums, grad_bias.sum(0), None, None
