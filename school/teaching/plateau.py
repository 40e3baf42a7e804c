"""The best self, and how fast there is still something to learn.

Going over a small library again and again, a model learns it by heart and forgets how to write. So examinations decide
how high the rate is, and from which weights the lessons go on.
"""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from brain.contract import Brain
from school.teaching.settings import LessonSettings

SHORTEST_EXAM_STEPS = 25  # else an examination after every reading of the library
FINISHED = 0.03  # of the rate, below which another reading of the library teaches next to nothing


@dataclass(slots=True)
class Best:
    """The average that did best at an examination. ``waited``: examinations since then that were no better; ``taught``:
    whether people have taught it something since; ``brain``: one with these weights, once it was needed."""

    bits_per_byte: float
    weights: dict[str, Tensor]
    waited: int = 0
    taught: bool = False
    brain: Brain | None = None


class Plateau:
    """Whether it still gets better at held-out text, and what follows where it doesn't."""

    def __init__(self, settings: LessonSettings):
        self.settings = settings
        self.best: Best | None = None
        self.rate_scale, self.examined_step = 1.0, 0

    def begin_again(self) -> None:
        """There is something new to learn: with full strength."""
        self.best, self.rate_scale = None, 1.0

    @property
    def best_bits_per_byte(self) -> float | None:
        return self.best.bits_per_byte if self.best else None

    @property
    def knows_library(self) -> bool:
        """Whether examinations have found that it hardly learns from its library any more."""
        return self.best is not None and self.rate_scale < 1

    @property
    def finished(self) -> bool:
        """Whether it has learned what there is to be learned from its library."""
        return self.best is not None and self.rate_scale <= FINISHED

    @property
    def library_share(self) -> float:
        """At an anchored step, of what the library alone would have taught."""
        return min(1.0, self.rate_scale / self.settings.review_rate)

    def learning_rate(self, step: int, *, reviewing: bool) -> float:
        """Warm-up, then constant or falling with the square root of time, which needs no end date; never below the
        floor, so that a grown-up can still learn. Times what the examinations left of it, or more for what was taught.
        """
        settings = self.settings
        scale = max(self.rate_scale, settings.review_rate) if reviewing else self.rate_scale
        rate = min(1.0, (step + 1) / settings.warmup_steps)
        if settings.decay_steps:
            fallen = math.sqrt(settings.decay_steps / (settings.decay_steps + step))
            rate *= max(settings.learning_rate_floor, fallen)
        return settings.learning_rate * rate * scale

    def exam_due(self, step: int, *, epoch_steps: float) -> bool:
        """Whether this step is one to be examined at, and has not been; ``epoch_steps`` read the library once."""
        every = min(self.settings.evaluation_steps, max(SHORTEST_EXAM_STEPS, round(epoch_steps)))
        return step > 0 and step % every == 0 and self.examined_step != step

    def heed(self, step: int, bits_per_byte: float, brain: Brain, voice: Brain) -> None:
        """Take note of the examination at this step. When several have been no better than the best, the rate falls and
        the lessons go on from the average that did best, so that the averages of a month alone are never worse than the
        best of them. If people have taught it something since, that counts more, and it goes on as it is: the gate says
        how much that may cost. Something new in the library brings the full rate back."""
        self.examined_step = step
        if self.best is None or bits_per_byte < self.best.bits_per_byte:
            weights = {name: parameter.detach().clone() for name, parameter in voice.named_parameters()}
            self.best = Best(bits_per_byte, weights)
            return
        settings, best = self.settings, self.best
        best.waited += 1
        patience = 1 if best.taught else settings.plateau_patience  # with no best to go back to, it must not drift
        if best.waited < patience or settings.plateau_factor == 1:
            return
        best.waited = 0
        self.rate_scale = max(settings.plateau_floor, self.rate_scale * settings.plateau_factor)
        if not best.taught:
            self._go_back(brain, voice)

    @torch.no_grad()
    def _go_back(self, brain: Brain, voice: Brain) -> None:
        """Both go on from the best average."""
        for name, parameter in voice.named_parameters():
            parameter.copy_(self.best.weights[name])
        torch._foreach_copy_(list(brain.parameters()), list(voice.parameters()))

    def best_self(self, voice: Brain) -> Brain:
        """A brain like ``voice`` with the weights that did best: themselves, not copies. There must be a best."""
        best = self.best
        if best.brain is None:
            own = {id(p): nn.Parameter(best.weights[name], requires_grad=False) for name, p in voice.named_parameters()}
            best.brain = copy.deepcopy(voice, own)
            best.brain.refresh()
        return best.brain
