"""AdamW (Loshchilov and Hutter 2019, arXiv 1711.05101) over torch's fused kernel.

The arithmetic is that of ``torch.optim.AdamW(fused=True)``, to the last bit; but that one loads torch's compiler at its
first use, which is a second and 70 MB of every wake.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.autograd.graph import increment_version

from brain.contract import Brain

BETA1, EPSILON = 0.9, 1e-8


class Moments(NamedTuple):
    """What it keeps of a parameter; the names are those under which souls keep them."""

    step: Tensor  # times it was moved, one float
    exp_avg: Tensor  # running average of its gradients
    exp_avg_sq: Tensor  # and of their squares


class AdamW:
    """Moves a brain's parameters; those that the brain wants decayed are pulled towards zero, too."""

    def __init__(self, brain: Brain, *, beta2: float, weight_decay: float):
        self._beta2, self._weight_decay = beta2, weight_decay
        self._parameters = dict(brain.named_parameters())
        self._decayed = {id(parameter) for parameter in brain.weight_decayed()}
        self._moments = {name: _fresh(parameter) for name, parameter in self._parameters.items()}

    @torch.no_grad()
    def step(self, rate: float, *, shrink: float = 1.0) -> None:
        """Move every parameter that has a gradient, by a ``shrink``-th of the gradient."""
        moved = [name for name, parameter in self._parameters.items() if parameter.grad is not None]
        for decay, wanted in ((self._weight_decay, True), (0.0, False)):
            if names := [name for name in moved if (id(self._parameters[name]) in self._decayed) == wanted]:
                self._move(names, rate, decay, shrink)

    def _move(self, names: list[str], rate: float, decay: float, shrink: float) -> None:
        parameters, moments = [self._parameters[name] for name in names], [self._moments[name] for name in names]
        steps, averages, squares = map(list, zip(*moments, strict=True))
        gradients, scale = [parameter.grad for parameter in parameters], None
        if shrink != 1 and gradients[0].device.type == "cpu":
            scale = torch.tensor(shrink, dtype=torch.float32)  # the kernel divides on the way
        elif shrink != 1:
            torch._foreach_div_(gradients, shrink)
        torch._foreach_add_(steps, 1)
        torch._fused_adamw_(
            parameters, gradients, averages, squares, [], steps, lr=rate, beta1=BETA1, beta2=self._beta2,
            weight_decay=decay, eps=EPSILON, amsgrad=False, maximize=False, grad_scale=scale,
        )  # fmt: skip
        increment_version(parameters)  # the kernel does not, and brains keep what they made of weights that rest

    def zero_grad(self) -> None:
        for parameter in self._parameters.values():
            parameter.grad = None

    def tensors(self) -> dict[str, Tensor]:
        """All moments, themselves, by the parameter's name and their own."""
        return {
            f"{name}/{key}": tensor
            for name, moments in self._moments.items()
            for key, tensor in moments._asdict().items()
        }

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Take over the values of such ``tensors``; what they lack begins afresh."""
        for path, tensor in self.tensors().items():
            if path in tensors:
                tensor.copy_(tensors[path])


def _fresh(parameter: nn.Parameter) -> Moments:
    step = torch.zeros((), dtype=torch.float32, device=parameter.device)
    return Moments(step, torch.zeros_like(parameter.detach()), torch.zeros_like(parameter.detach()))
