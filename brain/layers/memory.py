"""A memory layer: two moving averages of its input, and gates that choose, for every few neurons, what is used.

Shapes: T tokens, B streams, N neurons, G gates, R reduced width.

The four sources are the short average, the long one, the present, and an answer worked out from the reduced present and
what the gates let through of the other three. Both averages move with every token, in training and in talk alike.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from brain.layers.linear import Linear
from brain.ops.backend import Backend
from brain.ops.linear import linear
from brain.ops.memory_gates import SOURCES, add_answer, gated_memory


class MemoryLayer(nn.Module):
    def __init__(
        self,
        neurons: int,
        *,
        width: int,
        gates: int,
        short: float,
        long: float,
        shared_decays: bool,
        backend: Backend,
    ):
        """``short`` and ``long``: what the averages keep of themselves per token at birth."""
        super().__init__()
        self.gates, self.backend = gates, backend
        decays = torch.tensor([short, long]).logit()[:, None, None]
        self.decay_logits = nn.Parameter(decays.repeat(1, 1, 1 if shared_decays else neurons))
        self.norm = nn.LayerNorm(neurons)
        self.reduce = Linear(neurons, width, backend=backend)
        self.gate = Linear(width, len(SOURCES) * gates, backend=backend)
        self.project = Linear(neurons, width, backend=backend)
        self.answer = nn.Sequential(nn.GELU(), nn.LayerNorm(width), Linear(width, neurons, backend=backend))

    def forward(self, inputs: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        """``inputs`` (T, B, N), ``memory`` (2, B, N): the short and the long average so far -> output, memory."""
        reduced = self.reduce.of_normed(inputs, self.norm)
        decays = self.decays().expand(-1, -1, inputs.shape[-1])
        scores = linear(reduced, self.gate.weight, None, self.backend)
        given = scores, self.gate.bias, inputs, decays, memory, self.backend
        gated, answer_gate, memory, again = gated_memory(*given)
        answer = self.answer(reduced + self.project(gated, again))
        return add_answer(gated, answer_gate, answer, self.backend), memory

    def shares(self, inputs: Tensor) -> Tensor:
        """What weight each source gets at ``inputs`` (T, B, N): (4,), mean over tokens and gates."""
        scores = self.gate(self.reduce(self.norm(inputs)))
        return scores.unflatten(-1, (len(SOURCES), -1)).softmax(-2).mean((0, 1, 3))

    def decays(self) -> Tensor:
        """Share of each average kept per token, (2, 1, N) or (2, 1, 1)."""
        return self.decay_logits.sigmoid()

    @torch.no_grad()
    def constrain(self) -> None:
        self.decay_logits.clamp_(-5, 7)  # an average spans at least 1 and at most about 1,000 tokens
