"""How the operations are computed: a value that is handed to the brain when it is built.

Whatever it says, the same is computed, but for rounding: the tests hold each compiled form against its definition.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

Kernels = Callable[..., None]
"""``kernels(name, *arguments)``: run one on contiguous CPU tensors (float32, ids int64) and integers; the number of
threads follows."""


@dataclass(frozen=True, slots=True)
class Backend:
    """``kernels``: the compiled forms; None: everything from its definition in PyTorch. ``half``: while learning,
    matrix products have bfloat16 factors."""

    kernels: Kernels | None = None
    half: bool = False

    def kernels_for(self, *tensors: Tensor) -> Kernels | None:
        """The kernels, if there are any and they can read such tensors."""
        fit = all(tensor.dtype == torch.float32 and tensor.device.type == "cpu" for tensor in tensors)
        return self.kernels if fit else None

    def __deepcopy__(self, memo: dict) -> Backend:
        return self  # a copied brain computes as the original does


PYTORCH = Backend()
