"""Where compiled kernels are plugged in. Without any, everything runs from its definition in PyTorch.

Nothing else in the brain depends on how it was started; this is the one switch, set once before the first lesson, and
both of its positions compute the same (``kernels.c`` has the loops, the tests hold the two against each other).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

Call = Callable[..., None]
"""``call(name, *arguments)``: run a kernel on contiguous float32 CPU tensors and integers; the thread count follows."""

_call: Call | None = None


def use(call: Call | None) -> None:
    """From now on, run kernels through ``call``; None: go back to PyTorch."""
    global _call
    _call = call


def kernels_for(*tensors: Tensor) -> Call | None:
    """The way to run kernels on such tensors, if there is one."""
    if _call is None or not all(tensor.dtype == torch.float32 and tensor.device.type == "cpu" for tensor in tensors):
        return None
    return _call
