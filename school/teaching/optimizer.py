"""What the tutor asks of an optimizer, and a row for each that there is; ``lessons.optimizer`` chooses one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from torch import Tensor

from brain.contract import Brain
from school.office.mistakes import Mistake
from school.teaching.adamw import AdamW
from school.teaching.settings import LessonSettings


class Optimizer(Protocol):
    """Moves the parameters of the one brain that it was made for."""

    def step(self, rate: float, *, shrink: float = 1.0) -> None:
        """Move every parameter that has a gradient, by a ``shrink``-th of the gradient."""

    def zero_grad(self) -> None:
        """Drop all gradients."""

    def tensors(self) -> dict[str, Tensor]:
        """All that it remembers, the tensors themselves, by names under which a soul keeps them."""

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Take over the values of such ``tensors``; what they lack begins afresh."""


OPTIMIZERS: dict[str, Callable[[Brain, LessonSettings], Optimizer]] = {
    "adamw": lambda brain, lessons: AdamW(brain, beta2=lessons.beta2, weight_decay=lessons.weight_decay),
}


def optimizer_for(brain: Brain, lessons: LessonSettings) -> Optimizer:
    """The one that the settings name. Raises Mistake if there is none of that name."""
    if lessons.optimizer not in OPTIMIZERS:
        known = ", ".join(f'"{name}"' for name in OPTIMIZERS)
        raise Mistake(f'lessons.optimizer must be one of {known}, not "{lessons.optimizer}".')
    return OPTIMIZERS[lessons.optimizer](brain, lessons)
