"""The memory of words: what was said lately is likelier to be said again.

A name that was never learned comes back within a page, and whoever talks about soup goes on about it. Two counts of
every word, one over some 30 tokens and one over some 300, add to its logit: each word as it has learned to, and all of
them as far as the hidden state lets them. It is the cache of n-gram models (Kuhn and De Mori 1990, "A cache-based
natural language model for speech recognition"), but learned with all the rest and opened by a gate.

Shapes: T tokens, B streams, V vocabulary, D width of the hidden state, K = 2 counts.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from brain.ops.backend import Backend
from brain.ops.word_counts import add_word_counts

KEPT = (0.97, 0.997)  # of each count per token
AT_BIRTH = 0.01  # what a count weighs


class WordMemory(nn.Module):
    def __init__(self, vocabulary: int, width: int, *, marks: int, backend: Backend):
        """Ids below ``marks`` are marks, which are no words."""
        super().__init__()
        self.marks, self.backend = marks, backend
        self.weight = nn.Parameter(torch.full((len(KEPT), vocabulary), AT_BIRTH))
        self.gate = nn.Linear(width, len(KEPT))
        self.register_buffer("kept", torch.tensor(KEPT), persistent=False)

    def forward(self, logits: Tensor, hidden: Tensor, tokens: Tensor, counts: Tensor) -> tuple[Tensor, Tensor]:
        """``logits`` (T, B, V), ``hidden`` (T, B, D), ``tokens`` (T, B), ``counts`` (K, B, V) before them -> logits,
        counts after them. What souls of old counted of marks is dropped."""
        scales = 1 + self.gate(hidden)  # (T, B, K)
        given = logits, scales, self.weight, tokens, counts, self.kept
        return add_word_counts(*given, marks=self.marks, backend=self.backend)
