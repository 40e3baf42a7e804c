"""The memory of words: what was said lately is likelier to be said again.

A name that was never learned comes back within a page, and whoever talks about soup goes on about it. Two counts of
every word, one over some 30 tokens and one over some 300, add to its logit: each word as it has learned to, and all of
them as far as the present thought lets them. It is the cache of n-gram models (Kuhn and De Mori 1990, "A cache-based
natural language model for speech recognition"), but learned with all the rest and opened by a gate.

Shapes: T tokens, B streams, V vocabulary, D width of a thought, K = 2 counts.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from brain.ops.native import kernels_for
from brain.ops.scan import moving_averages

KEPT = (0.97, 0.997)  # of each count per token
AT_BIRTH = 0.01  # what a count weighs
PATCH = 256  # words that the kernel handles together


class _Recalled(torch.autograd.Function):
    """By the kernels: one pass over the logits forward and one over their gradient. The counts are worked out once more
    for that, and nothing is learned through them."""

    @staticmethod
    def forward(
        ctx, logits: Tensor, scales: Tensor, weight: Tensor, tokens: Tensor, counts: Tensor, kept: Tensor, marks: int
    ):
        out, after = torch.empty_like(logits), torch.empty_like(counts)
        given = tokens, counts, kept, weight, scales
        kernels_for(logits)("words_forward", *given, logits, out, after, *logits.shape, marks)
        ctx.marks = marks
        ctx.save_for_backward(*given)
        ctx.mark_non_differentiable(after)
        return out, after

    @staticmethod
    def backward(ctx, grad: Tensor, _):
        weight, scales = ctx.saved_tensors[3:]
        patches = -(-grad.shape[-1] // PATCH)
        grad_weight, grad_scales = torch.zeros_like(weight), scales.new_empty(patches, *scales.shape)
        given = *ctx.saved_tensors, grad.contiguous()
        kernels_for(grad)("words_backward", *given, grad_weight, grad_scales, *grad.shape, ctx.marks)
        return grad, grad_scales.sum(0), grad_weight, None, None, None, None


class WordMemory(nn.Module):
    def __init__(self, vocabulary: int, width: int, *, marks: int):
        """Ids below ``marks`` are marks."""
        super().__init__()
        self.marks = marks
        self.weight = nn.Parameter(torch.full((len(KEPT), vocabulary), AT_BIRTH))
        self.gate = nn.Linear(width, len(KEPT))
        self.register_buffer("kept", torch.tensor(KEPT), persistent=False)

    def forward(self, logits: Tensor, thoughts: Tensor, tokens: Tensor, counts: Tensor) -> tuple[Tensor, Tensor]:
        """``logits`` (T, B, V), ``thoughts`` (T, B, D), ``tokens`` (T, B), ``counts`` (K, B, V) before them -> logits,
        counts after them. What souls of old counted of marks is dropped."""
        scales = 1 + self.gate(thoughts)  # (T, B, K)
        if kernels_for(logits, counts):
            given = tokens.contiguous(), counts.contiguous(), self.kept
            return _Recalled.apply(logits.contiguous(), scales.contiguous(), self.weight, *given, self.marks)
        words = torch.arange(logits.shape[-1], device=tokens.device) >= self.marks
        heard = (F.one_hot(tokens, len(words)) * words).to(logits.dtype)
        share = (1 - self.kept)[:, None, None]  # an average is so much of a count
        counts = moving_averages(heard, self.kept[:, None, None], counts * words * share) / share  # (T, K, B, V)
        for k, weight in enumerate(self.weight):
            logits = logits + scales[..., k : k + 1] * weight * counts[:, k].log1p()
        return logits, counts[-1]
