"""Causal windows of learnable, fractional size over the neurons' recent past, mixed by the cerebellum.

Shapes: T tokens, L tokens of history, B streams, N neurons, K windows.

A window of size w is the mean of the last w tokens; a fractional w counts the oldest token by its fraction, so the
size has a gradient: d mean / d w = (oldest - mean) / w. All T positions come from one running sum, so cost and memory
grow linearly with T and not at all with w. Before its first token a stream's neurons were silent (zero).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from brain.ops.linear import Linear
from brain.ops.native import kernels_for

CHUNK = 128  # tokens per running sum, which bounds its rounding error
DIRECT = 4  # up to so many tokens, weighing the history outright is cheaper, and exact


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


class _WindowMix(torch.autograd.Function):
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
            grad_weights[k] = by_mean.sum_to_size(weights[k].shape)
            grad_sizes[k] = ((at_inner - at_outer - by_mean) / size * weights[k]).sum()
        grad_padded = _running_sum(grad_sums.flip(0))[1:-1].flip(0)  # each value entered every later sum
        return grad_padded, grad_sizes, grad_weights, None


class _CompiledMix(torch.autograd.Function):
    """The values and their mix by the kernels, which keep the running sums of a few neurons at a time in the
    processor's cache."""

    @staticmethod
    def forward(ctx, values: Tensor, history: Tensor, sizes: Tensor, weights: Tensor) -> Tensor:
        each, out = weights.expand(-1, values.shape[-1]).contiguous(), torch.empty_like(values)
        ctx.shape = len(values), history.shape[1], *values.shape[1:], len(sizes)
        kernels_for(values)("windows_forward", history, values, sizes, each, out, *ctx.shape)
        ctx.save_for_backward(history, values, sizes, weights, each)
        return out

    @staticmethod
    def backward(ctx, grad: Tensor):
        history, values, sizes, weights, each = ctx.saved_tensors
        grad_values, grad_sizes, grad_each = torch.empty_like(values), torch.empty_like(each), torch.empty_like(each)
        given = history, values, sizes, each, grad.contiguous()
        kernels_for(values)("windows_backward", *given, grad_values, grad_sizes, grad_each, *ctx.shape)
        return grad_values, None, grad_sizes.sum(1), grad_each.sum_to_size(weights.shape)


def _weigh_directly(padded: Tensor, sizes: Tensor, weights: Tensor, tokens: int) -> Tensor:
    """The same mix from the definition: O(L) per token."""
    length = len(padded) - tokens + 1
    age = torch.arange(length - 1, -1, -1, device=padded.device)
    box = (sizes[:, None] - age).clamp(0, 1) / sizes[:, None]  # (K, L+1)
    means = [torch.einsum("kl,lbn->kbn", box, padded[t : t + length]) for t in range(tokens)]
    return (torch.stack(means) * weights[:, None]).sum(1)


def window_mix(values: Tensor, history: Tensor, sizes: Tensor, weights: Tensor) -> Tensor:
    """``values`` (T, B, N), which follow ``history`` (B, L, N), plus the mix of their windowed means; (T, B, N).

    ``sizes`` (K,) in tokens, each in [1, L]; ``weights`` (K, N), or (K, 1) when all neurons share one mix.
    """
    if kernels_for(values, history, sizes, weights):
        return _CompiledMix.apply(values.contiguous(), history.contiguous(), sizes, weights)
    padded = torch.cat([history.transpose(0, 1), values])
    if len(values) <= DIRECT:
        return values + _weigh_directly(padded, sizes, weights, len(values))
    longest, pieces = history.shape[1], []
    for start in range(0, len(values), CHUNK):
        tokens = min(CHUNK, len(values) - start)
        pieces.append(_WindowMix.apply(padded[start : start + tokens + longest], sizes, weights, tokens))
    return values + (torch.cat(pieces) if len(pieces) > 1 else pieces[0])


class InterneuronNetwork(nn.Module):
    """Windows, the cerebellum that mixes them, and a bottleneck that refines the mix."""

    def __init__(
        self, neurons: int, *, windows: tuple[float, ...], longest: int, bottleneck: int, shared_cerebellum: bool
    ):
        super().__init__()
        self.longest = longest
        self.log_sizes = nn.Parameter(torch.tensor(windows, dtype=torch.float32).log())
        self.cerebellum = nn.Parameter(torch.randn(len(windows), 1 if shared_cerebellum else neurons))
        self.refine = nn.Sequential(
            nn.LayerNorm(neurons),
            Linear(neurons, bottleneck),
            nn.GELU(),
            nn.LayerNorm(bottleneck),
            Linear(bottleneck, neurons),
        )

    def forward(self, activations: Tensor, history: Tensor) -> Tensor:
        mixed = window_mix(activations, history, self.sizes(), self.cerebellum)
        return mixed + self.refine(mixed)

    def sizes(self) -> Tensor:
        """Window sizes in tokens, (K,)."""
        return self.log_sizes.exp()

    @torch.no_grad()
    def constrain(self) -> None:
        self.log_sizes.clamp_(0, torch.tensor(float(self.longest)).log().item())
