"""Tokens, their place in the turn and the self-state's colour, blended into one vector.

Shapes: T tokens, B streams, V vocabulary, D width, P positions.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class BlendedNorm(nn.Module):
    """``a * x + b * LayerNorm(x)`` with two learned scales."""

    def __init__(self, width: int):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.scales = nn.Parameter(torch.full((2,), 0.5))

    def forward(self, x: Tensor) -> Tensor:
        return self.scales[0] * x + self.scales[1] * self.norm(x)


class Embedding(nn.Module):
    def __init__(self, vocabulary: int, width: int, positions: int):
        super().__init__()
        self.tokens = nn.Parameter(torch.randn(vocabulary, width))
        self.positions = nn.Parameter(torch.randn(positions, width) * 0.1)
        self.pixel = nn.Linear(3, width)
        self.norm = BlendedNorm(width)
        self.blend = nn.Parameter(torch.zeros(3))

    def forward(self, tokens: Tensor, positions: Tensor, pixels: Tensor) -> Tensor:
        """``tokens`` and ``positions`` (T, B) int64, ``pixels`` (T, B, 3) -> (T, B, D)."""
        token, place, colour = self.blend.softmax(0)
        words = self.norm(F.embedding(tokens, self.tokens))
        return token * words + place * F.embedding(positions, self.positions) + colour * self.pixel(pixels)


def turn_positions(tokens: Tensor, start: Tensor, turn_tokens: int, limit: int) -> tuple[Tensor, Tensor]:
    """How many tokens each token stands after the last turn or document mark, at most ``limit - 1``.

    ``tokens`` (T, B), ``start`` (B,): the position of the token before the block. Ids below ``turn_tokens`` are marks.
    Returns positions (T, B) and the last of them, (B,).
    """
    index = torch.arange(1, len(tokens) + 1, device=tokens.device)[:, None]
    marks = torch.where(tokens < turn_tokens, index, 0).cummax(0).values
    positions = (index - marks + torch.where(marks > 0, 0, start)).clamp(max=limit - 1)
    return positions, positions[-1]
