"""The hippocampus: a fast memory of counts beside the brain's slow weights. It knows a thing the moment that it hears
it, and can take it back to the last bit.

Shapes: N tokens, T of them predicted, V vocabulary.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from brain.hippocampus.contexts import REACH, Contexts
from brain.hippocampus.mixing import MixingWeights, mix
from brain.hippocampus.tables import tables_for
from brain.ops.backend import Kernels

__all__ = ["REACH", "Hippocampus", "MixingWeights"]

AT_ONCE = 1 << 16  # tokens heard, which bounds what their keys take


class Hippocampus:
    """``pieces``: the bytes of each token; ``document``: the mark that a document begins with. With ``run``, in
    compiled loops."""

    def __init__(self, pieces: list[bytes], document: int, *, run: Kernels | None = None):
        self.contexts, self._run = Contexts(pieces, document), run
        self.tables, self.weights = tables_for(run), MixingWeights.fresh()
        self.counts = np.zeros(len(pieces), dtype=np.int64)  # (V,) how often each token was heard

    @property
    def bytes(self) -> int:
        """That its counts take."""
        return self.tables.bytes

    def hear(self, document: np.ndarray, sign: int = 1, *, counted: np.ndarray | None = None) -> None:
        """Count a document (N,) that begins with its mark, or of it the tokens (N-1,) that are ``counted``; with
        ``sign`` -1 take it back, as if it had never been heard. Raises ValueError where it was not."""
        for start in range(1, len(document), AT_ONCE):
            window = document[max(0, start - REACH) : start + AT_ONCE]
            first = min(start, REACH)
            these = slice(None) if counted is None else counted[start - 1 : start - 1 + AT_ONCE]
            heard = window[first:][these]
            self.tables.hear(self.contexts.keys(window, first)[these], heard, sign)
            self.counts += sign * np.bincount(heard, minlength=len(self.counts))

    def read(self, brain: Tensor, tokens: np.ndarray) -> Tensor:
        """Predict, then learn how to mix and count, token by token: ``brain`` (T, V) log probabilities of the last T of
        ``tokens`` (N,), which begin REACH tokens before, or with their document -> log probabilities (T,) of those."""
        keys, begun = self.contexts.before(tokens, len(tokens) - len(brain))
        came, likely = tokens[len(tokens) - len(brain) :], []
        for i in range(len(brain)):
            here = slice(i, i + 1)
            place = brain[here], (keys[here], begun[here]), torch.from_numpy(came[here])
            likely.append(self._mix(self.weights, *place, learn=True)[0])
            self.tables.hear(keys[here], came[here])
        return torch.cat(likely) if likely else brain.new_empty(0)

    def judge(self, brain: Tensor, tokens: np.ndarray, weights: MixingWeights, *, learn: bool) -> Tensor:
        """The same without hearing; ``weights`` change with ``learn``."""
        before = self.contexts.before(tokens, len(tokens) - len(brain))
        came = torch.from_numpy(np.ascontiguousarray(tokens[len(tokens) - len(brain) :]))
        return self._mix(weights, brain, before, came, learn=learn)[0]

    def speak(self, brain: Tensor, said: list[list[int]]) -> Tensor:
        """``brain`` (T, V) log probabilities of what comes behind each of these -> (T, V)."""
        keys, begun = zip(*(self.contexts.before_next(tokens) for tokens in said), strict=True)
        before = np.array(keys, dtype=np.uint64), np.array(begun)
        came = torch.zeros(len(brain), dtype=torch.int64)
        return self._mix(self.weights, brain, before, came, learn=False, whole=True)[1]

    def _mix(
        self, weights: MixingWeights, brain: Tensor, before: tuple[np.ndarray, np.ndarray], came: Tensor, **how: bool
    ) -> tuple[Tensor, Tensor | None]:
        return mix(self.tables, weights, brain, *before, came, run=self._run, **how)
