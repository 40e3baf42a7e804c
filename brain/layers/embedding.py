"""Tokens, an echo of the one before, their place in the turn and the self-state's colour, blended into one vector.

Shapes: T tokens, B streams, V vocabulary, D width, P positions.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from brain.layers.norm import BlendedNorm
from brain.layers.spelling import Parts, Spelling
from brain.ops.backend import Backend
from brain.ops.dropout import Generator, dropout_mask

ECHO_DROPOUT = 0.5


class Embedding(nn.Module):
    """With ``echo``, every token has a second vector that is added to the token after it: so the neurons know pairs of
    tokens, and not only what each says by itself. With ``parts``, tokens that are spelled alike share part of their
    vectors."""

    def __init__(
        self, vocabulary: int, width: int, positions: int, *, echo: bool, parts: Parts | None, backend: Backend
    ):
        super().__init__()
        self.tokens = nn.Parameter(torch.randn(vocabulary, width))
        self.spelling = Spelling(parts, width, size=0.5) if parts else None
        self.before = nn.Parameter(torch.randn(vocabulary, width) * 0.5) if echo else None
        self.positions = nn.Parameter(torch.randn(positions, width) * 0.1)
        self.pixel = nn.Linear(3, width)
        self.norm = BlendedNorm(width, backend=backend)
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
        (T, B, 3). With ``dropout`` half the tokens get no echo: pairs are soon known by heart. Returns (T, B, D)."""
        token, place, colour = self.blend.softmax(0)
        words = self.norm(F.embedding(tokens, self.table()))
        if self.before is not None:
            echoes = F.embedding(torch.cat([previous[None], tokens[:-1]]), self.before)
            if dropout is not None:
                echoes = echoes * dropout_mask((*tokens.shape, 1), ECHO_DROPOUT, dropout, echoes.device, rows=1)
            words = words + echoes
        places = F.embedding(positions, place * self.positions)  # weighed before: after it, it would be kept
        colours = F.linear(pixels, colour * self.pixel.weight, colour * self.pixel.bias)
        return token * words + places + colours

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
