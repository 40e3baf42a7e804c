"""Two fading counts of every word, added to the logits.

Shapes: T tokens, B streams, V vocabulary, K = 2 counts.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from brain.ops.backend import Backend
from brain.ops.moving_averages import moving_averages

PATCH = 256  # words that the kernel handles together; PATCH in words.h


def add_word_counts(
    logits: Tensor,
    scales: Tensor,
    weight: Tensor,
    tokens: Tensor,
    counts: Tensor,
    kept: Tensor,
    *,
    marks: int,
    backend: Backend,
) -> tuple[Tensor, Tensor]:
    """``logits[t, b, v] + sum over k of scales[t, b, k] * weight[k, v] * log(1 + count k of v up to t)``.

    ``logits`` (T, B, V), ``scales`` (T, B, K), ``weight`` (K, V), ``tokens`` (T, B) int64, ``counts`` (K, B, V) before
    them, ``kept`` (K,) of each count per token. Ids below ``marks`` are never counted; what ``counts`` has of them is
    dropped. Returns logits, which may take the place of those given, and the counts after the block.
    """
    if run := backend.kernels_for(logits, counts):
        compiled = _Compiled.apply if torch.is_grad_enabled() else _forward
        given = tokens.contiguous(), counts.contiguous(), kept, marks, run
        return compiled(logits.contiguous(), scales.contiguous(), weight, *given)
    words = torch.arange(logits.shape[-1], device=tokens.device) >= marks
    occurred = (F.one_hot(tokens, len(words)) * words).to(logits.dtype)
    share = (1 - kept)[:, None, None]  # an average is so much of a count
    counts = moving_averages(occurred, kept[:, None, None], counts * words * share, backend) / share  # (T, K, B, V)
    for k, row in enumerate(weight):
        logits = logits + scales[..., k : k + 1] * row * counts[:, k].log1p()
    return logits, counts[-1]


def _forward(logits: Tensor, scales: Tensor, weight: Tensor, *given) -> tuple[Tensor, Tensor]:
    """By the kernel. ``given``: tokens, counts, kept, marks and what runs it."""
    tokens, counts, kept, marks, run = given
    out, after = logits.detach(), torch.empty_like(counts)
    run("words_forward", tokens, counts, kept, weight, scales, out, after, *out.shape, marks)
    return out, after


class _Compiled(torch.autograd.Function):
    """By the kernels: one pass over the logits forward and one over their gradient. The counts are worked out once more
    for that, and nothing is learned through them."""

    @staticmethod
    def forward(ctx, logits: Tensor, scales: Tensor, weight: Tensor, *given) -> tuple[Tensor, Tensor]:
        tokens, counts, kept, ctx.marks, ctx.run = given
        out, after = _forward(logits, scales, weight, *given)
        ctx.save_for_backward(tokens, counts, kept, weight, scales)
        ctx.mark_non_differentiable(after)
        return out, after

    @staticmethod
    def backward(ctx, grad: Tensor, _):
        weight, scales = ctx.saved_tensors[3:]
        patches = -(-grad.shape[-1] // PATCH)
        grad_weight, grad_scales = torch.zeros_like(weight), scales.new_empty(patches, *scales.shape)
        given = *ctx.saved_tensors, grad.contiguous()
        ctx.run("words_backward", *given, grad_weight, grad_scales, *grad.shape, ctx.marks)
        return grad, grad_scales.sum(0), grad_weight, *[None] * 5
