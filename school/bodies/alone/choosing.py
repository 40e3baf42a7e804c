"""From logits to the next token, as ``brain/sampling.py`` does it: repetition penalty, temperature, top-k, top-p.

Shapes: V vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(slots=True)
class Choosing:
    """How it chooses. ``temperature`` 0 takes the best; ``top_k`` 0 takes all."""

    temperature: float
    top_k: int
    top_p: float
    penalty: float

    def choose(
        self, logits: np.ndarray, recent: Sequence[int], forbidden: np.ndarray, ending: int, rng: np.random.Generator
    ) -> int:
        """A token. ``logits`` (V,), ``recent``: what was said lately, ``forbidden`` (V,): what must not come;
        ``ending`` ends an answer."""
        logits = np.where(forbidden, -np.inf, logits.astype(np.float64))
        if self.penalty and len(recent):
            logits = _penalised(logits, recent, self.penalty, ending)
        if self.temperature == 0:
            return int(logits.argmax())
        logits = logits / self.temperature
        count = min(self.top_k or len(logits), len(logits))
        best = np.argpartition(-logits, count - 1)[:count]
        best = best[np.argsort(-logits[best], kind="stable")]
        shares = np.exp(logits[best] - logits[best[0]])
        shares /= shares.sum()
        inside = np.cumsum(shares) - shares < self.top_p
        inside[0] = True
        shares = shares * inside
        return int(rng.choice(best, p=shares / shares.sum()))


def _penalised(logits: np.ndarray, recent: Sequence[int], penalty: float, ending: int) -> np.ndarray:
    """Each token lower by the penalty for every time it was said lately; ``ending`` as likely as before."""
    lower = logits - penalty * np.bincount(recent, minlength=len(logits))
    words = np.arange(len(logits)) != ending
    lower[ending] = logits[ending] + np.logaddexp.reduce(lower[words]) - np.logaddexp.reduce(logits[words])
    return lower
