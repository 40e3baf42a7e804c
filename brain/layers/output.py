"""The output head: activations to logits, through a narrow hidden state.

Shapes: T tokens, B streams, N neurons, D width of the hidden state, V vocabulary.
"""

from __future__ import annotations

from torch import Tensor, nn

from brain.layers.linear import Linear
from brain.layers.norm import BlendedNorm
from brain.layers.spelling import Parts, Spelling
from brain.ops.backend import Backend
from brain.ops.linear import linear


class OutputHead(nn.Module):
    """Each token's logit is the product of the hidden state with its vector, which with ``parts`` tokens that are
    spelled alike share a part of. Souls name its layers: ``think`` makes the hidden state, ``speak`` has the tokens'
    vectors."""

    def __init__(self, neurons: int, width: int, vocabulary: int, *, parts: Parts | None, backend: Backend):
        super().__init__()
        self.backend = backend
        self.norm = BlendedNorm(neurons, backend=backend)
        self.think = Linear(neurons, width, backend=backend)
        self.thought_norm = nn.LayerNorm(width)
        self.speak = nn.Linear(width, vocabulary)
        self.spelling = Spelling(parts, width, size=0.0) if parts else None
        self.blend = BlendedNorm(vocabulary, backend=backend)

    def forward(self, activations: Tensor) -> tuple[Tensor, Tensor]:
        """(T, B, N) -> hidden state (T, B, D), logits (T, B, V)."""
        hidden = self.thought_norm(self.think.of_normed(activations, self.norm))
        return hidden, self.blend(linear(hidden, self.table(), self.speak.bias, self.backend))

    def table(self) -> Tensor:
        """Every token's vector, (V, D)."""
        return self.speak.weight if self.spelling is None else self.spelling(self.speak.weight)
