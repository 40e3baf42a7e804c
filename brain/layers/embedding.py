"""Tokens, an echo of the one before, their place in the turn and the self-state's colour, blended into one vector.

Shapes: T tokens, B streams, V vocabulary, D width, P positions.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from brain.layers.spelling import Parts, Spelling
from brain.ops.dropout import Generator, dropout_mask
from brain.ops.native import kernels_for

ECHO_DROPOUT = 0.5


class _Blend(torch.autograd.Function):
    """Norm, scales and sum in one pass over memory forward and one backward."""

    @staticmethod
    def forward(ctx, x: Tensor, weight: Tensor, bias: Tensor, scales: Tensor) -> Tensor:
        x = x.contiguous()
        out, stats = torch.empty_like(x), x.new_empty(x[..., 0].numel(), 2)
        kernels_for(x)("blend_forward", x, weight, bias, scales, out, stats, len(stats), x.shape[-1])
        ctx.save_for_backward(x, weight, bias, scales, stats)
        return out

    @staticmethod
    def backward(ctx, grad: Tensor):
        x, weight, bias, scales, stats = ctx.saved_tensors
        threads = torch.get_num_threads()
        grad_x, sums, by_x = torch.empty_like(x), x.new_zeros(threads, 2, x.shape[-1]), x.new_zeros(threads)
        given = x, weight, scales, stats, grad.contiguous()
        kernels_for(x)("blend_backward", *given, grad_x, sums, by_x, len(stats), x.shape[-1])
        by_norm, by_one = sums.sum(0)
        grad_scales = torch.stack([by_x.sum(), by_norm @ weight + by_one @ bias])
        return grad_x, by_norm * scales[1], by_one * scales[1], grad_scales


class BlendedNorm(nn.Module):
    """``a * x + b * LayerNorm(x)`` with two learned scales."""

    def __init__(self, width: int):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.scales = nn.Parameter(torch.full((2,), 0.5))

    def forward(self, x: Tensor) -> Tensor:
        if kernels_for(x, self.scales):
            return _Blend.apply(x, self.norm.weight, self.norm.bias, self.scales)
        return self.scales[0] * x + self.scales[1] * self.norm(x)


class Embedding(nn.Module):
    """With ``echo``, every token has a second vector that is added to the token after it: so the neurons know pairs of
    tokens, and not only what each says by itself. With ``parts``, tokens that are spelled alike share part of their
    vectors."""

    def __init__(self, vocabulary: int, width: int, positions: int, *, echo: bool, parts: Parts | None = None):
        super().__init__()
        self.tokens = nn.Parameter(torch.randn(vocabulary, width))
        self.spelling = Spelling(parts, width, size=0.5) if parts else None
        self.before = nn.Parameter(torch.randn(vocabulary, width) * 0.5) if echo else None
        self.positions = nn.Parameter(torch.randn(positions, width) * 0.1)
        self.pixel = nn.Linear(3, width)
        self.norm = BlendedNorm(width)
        self.blend = nn.Parameter(torch.zeros(3))

    def forward(
        self,
        tokens: Tensor,
        previous: Tensor,
        positions: Tensor,
        pixels: Tensor,
        dropout: Generator | None = None,
    ) -> Tensor:
        """``tokens`` and ``positions`` (T, B), ``previous`` (B,): the tokens before the block, all int64; ``pixels``
        (T, B, 3). With ``dropout`` half the tokens hear no echo: pairs are soon known by heart. Returns (T, B, D)."""
        token, place, colour = self.blend.softmax(0)
        words = self.norm(F.embedding(tokens, self.table()))
        if self.before is not None:
            echoes = F.embedding(torch.cat([previous[None], tokens[:-1]]), self.before)
            if dropout is not None:
                echoes = echoes * dropout_mask((*tokens.shape, 1), ECHO_DROPOUT, dropout, echoes.device, rows=1)
            words = words + echoes
        return token * words + place * F.embedding(positions, self.positions) + colour * self.pixel(pixels)

    def table(self) -> Tensor:
        """Every token's vector, (V, D)."""
        return self.tokens if self.spelling is None else self.spelling(self.tokens)


def turn_positions(tokens: Tensor, start: Tensor, turn_tokens: int, limit: int) -> tuple[Tensor, Tensor]:
    """How many tokens each token stands after the last turn or document mark, at most ``limit - 1``.

    ``tokens`` (T, B), ``start`` (B,): the position of the token before the block. Ids below ``turn_tokens`` are marks.
    Returns positions (T, B) and the last of them, (B,).
    """
    index = torch.arange(1, len(tokens) + 1, device=tokens.device)[:, None]
    marks = torch.where(tokens < turn_tokens, index, 0).cummax(0).values
    positions = (index - marks + torch.where(marks > 0, 0, start)).clamp(max=limit - 1)
    return positions, positions[-1]
