"""Scheduled sampling (Bengio et al. 2015): now and then it must go on from its own guesses instead of the truth, as it
must when it speaks. What it is to foretell stays the truth.

All guesses of a block come from one more forward pass over it (as Mihaylova and Martins 2019 do it), so the pass is
saved for a few micro-steps, and in those many tokens are replaced.

Shapes: R rows, T tokens.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from brain.contract import Brain, State
from school.texts.tokenizer import MARK_COUNT

DENSITY = 0.25  # share of a block that is replaced where any is, while the rate allows it


class Guesses:
    """``rate``: share of all the tokens read that are its own guesses, once ``ramp`` steps are over."""

    def __init__(self, rate: float, ramp: int):
        self.rate, self.ramp = rate, ramp

    def share(self, seed: int, step: int, micro_step: int) -> float:
        """How much of this micro-step is to be guesses; 0: it reads the truth."""
        rate = self.rate * min(1.0, step / self.ramp if self.ramp else 1.0)
        density = max(DENSITY, rate)
        chance = np.random.default_rng([seed, step, micro_step, *b"guesses"]).random()
        return density if chance < rate / density else 0.0


@torch.no_grad()
def with_guesses(
    brain: Brain, inputs: Tensor, pixels: Tensor, state: State, share: float, rng: torch.Generator
) -> Tensor:
    """``inputs`` (R, T) with a share of them replaced by what the brain would have said in their place, drawn from its
    own probabilities. A block's first token, whose guess was another block's, and marks stay; ``pixels`` (R, T, 3)."""
    logits = brain(inputs, pixels, state).logits[:, :-1]
    logits[..., :MARK_COUNT] = -torch.inf
    races = torch.empty(logits.shape).exponential_(generator=rng)  # the first to arrive is drawn with its probability
    said = (logits.softmax(-1) / races.to(logits.device)).argmax(-1)
    share *= inputs.shape[1] / max(1, said.shape[1])
    chosen = torch.rand(said.shape, generator=rng).to(inputs.device) < share
    truth = inputs[:, 1:]
    mixed = torch.where(chosen & (truth >= MARK_COUNT), said, truth)
    return torch.cat([inputs[:, :1], mixed], 1)
