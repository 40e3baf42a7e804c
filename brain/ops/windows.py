"""Causal windows of fractional size over the neurons' recent past, weighed and summed.

Shapes: T tokens, L tokens of history, B streams, N neurons, K windows.

A window of size w is the mean of the last w tokens; a fractional w counts the oldest token by its fraction, so the
size has a gradient: d mean / d w = (oldest - mean) / w. All T positions come from one running sum, so cost and memory
grow linearly with T and not at all with w.
"""

from __future__ import annotations

import torch
from torch import Tensor

from brain.ops.backend import Backend, Kernels

CHUNK = 128  # tokens per running sum, which bounds its rounding error
DIRECT = 4  # up to so many tokens, weighing the history outright is cheaper, and exact


def window_mix(values: Tensor, history: Tensor, sizes: Tensor, weights: Tensor, backend: Backend) -> Tensor:
    """``values`` (T, B, N), which follow ``history`` (B, L, N), plus the mix of their windowed means; (T, B, N).

    ``sizes`` (K,) in tokens, each in [1, L]; ``weights`` (K, N).
    """
    if run := backend.kernels_for(values, history, sizes, weights):
        return _Compiled.apply(values.contiguous(), history.contiguous(), sizes, weights, run)
    padded = torch.cat([history.transpose(0, 1), values])
    if len(values) <= DIRECT:
        return values + weigh_directly(padded, sizes, weights, len(values))
    longest, pieces = history.shape[1], []
    for start in range(0, len(values), CHUNK):
        tokens = min(CHUNK, len(values) - start)
        pieces.append(RunningMix.apply(padded[start : start + tokens + longest], sizes, weights, tokens))
    return values + (torch.cat(pieces) if len(pieces) > 1 else pieces[0])


def weigh_directly(padded: Tensor, sizes: Tensor, weights: Tensor, tokens: int) -> Tensor:
    """The mix from the definition, O(L) per token: of the last ``tokens`` of (L + T, B, N)."""
    length = len(padded) - tokens + 1
    age = torch.arange(length - 1, -1, -1, device=padded.device)
    box = (sizes[:, None] - age).clamp(0, 1) / sizes[:, None]  # (K, L+1)
    means = [torch.einsum("kl,lbn->kbn", box, padded[t : t + length]) for t in range(tokens)]
    return (torch.stack(means) * weights[:, None]).sum(1)


class RunningMix(torch.autograd.Function):
    """``out[t] = sum over k of weights[k] * mean of the last sizes[k] tokens``, for all t at once."""

    @staticmethod
    def forward(ctx, padded: Tensor, sizes: Tensor, weights: Tensor, tokens: int) -> Tensor:
        sums = _running_sum(padded)
        shares = weights / sizes[:, None]
        out = sums[-tokens:] * shares.sum(0)
        for size, share in zip(sizes.tolist(), shares, strict=True):
            inner, outer = _window_edges(sums, tokens, int(size))
            fraction = size - int(size)
            out.addcmul_(inner, share, value=fraction - 1)
            if fraction:
                out.addcmul_(outer, share, value=-fraction)
        ctx.save_for_backward(sums, sizes, weights, shares)
        return out

    @staticmethod
    def backward(ctx, grad: Tensor):
        sums, sizes, weights, shares = ctx.saved_tensors
        tokens = len(grad)
        grad_sums = torch.zeros_like(sums)
        grad_sums[-tokens:] = grad * shares.sum(0)
        grad_sizes, grad_weights = torch.empty_like(sizes), torch.empty_like(weights)
        at_end = (grad * sums[-tokens:]).sum((0, 1))
        for k, (size, share) in enumerate(zip(sizes.tolist(), shares, strict=True)):
            inner, outer = _window_edges(sums, tokens, int(size))
            grad_inner, grad_outer = _window_edges(grad_sums, tokens, int(size))
            fraction = size - int(size)
            grad_inner.addcmul_(grad, share, value=fraction - 1)
            grad_outer.addcmul_(grad, share, value=-fraction)
            at_inner, at_outer = (grad * inner).sum((0, 1)), (grad * outer).sum((0, 1))
            by_mean = (at_end - (1 - fraction) * at_inner - fraction * at_outer) / size  # sum of grad * mean
            grad_weights[k] = by_mean
            grad_sizes[k] = ((at_inner - at_outer - by_mean) / size * weights[k]).sum()
        grad_padded = _running_sum(grad_sums.flip(0))[1:-1].flip(0)  # each value entered every later sum
        return grad_padded, grad_sizes, grad_weights, None


def _running_sum(values: Tensor) -> Tensor:
    """``out[i] = values[0] + ... + values[i-1]``: (S, B, N) -> (S+1, B, N). Beats ``cumsum`` along time fourfold."""
    sums = values.new_zeros(len(values) + 1, *values.shape[1:])
    for i, value in enumerate(values.unbind()):
        torch.add(sums[i], value, out=sums[i + 1])
    return sums


def _window_edges(sums: Tensor, tokens: int, whole: int) -> tuple[Tensor, Tensor]:
    """The running sums just before the last ``whole`` tokens and just before one token more, for each position."""
    stop = len(sums) - whole
    return sums[stop - tokens : stop], sums[stop - 1 - tokens : stop - 1]


class _Compiled(torch.autograd.Function):
    """The values and their mix by the kernels, which keep the running sums of a few neurons at a time in the
    processor's cache."""

    @staticmethod
    def forward(ctx, values: Tensor, history: Tensor, sizes: Tensor, weights: Tensor, run: Kernels) -> Tensor:
        weights, out = weights.contiguous(), torch.empty_like(values)
        ctx.run, ctx.shape = run, (len(values), history.shape[1], *values.shape[1:], len(sizes))
        run("windows_forward", history, values, sizes, weights, out, *ctx.shape)
        ctx.save_for_backward(history, values, sizes, weights)
        return out

    @staticmethod
    def backward(ctx, grad: Tensor):
        history, values, sizes, weights = ctx.saved_tensors
        grad_values, grad_sizes = torch.empty_like(values), torch.empty_like(weights)
        grad_weights = torch.empty_like(weights)
        given = history, values, sizes, weights, grad.contiguous()
        ctx.run("windows_backward", *given, grad_values, grad_sizes, grad_weights, *ctx.shape)
        return grad_values, None, grad_sizes.sum(1), grad_weights, None
