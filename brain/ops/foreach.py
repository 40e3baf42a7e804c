"""Over many tensors at once: what torch does one tensor after the other, each time waking all threads anew, which for a
hundred parameters takes longer than the arithmetic."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.autograd.graph import increment_version

from brain.ops.backend import Backend


def norm(tensors: Sequence[Tensor], backend: Backend) -> float:
    """The root of the sum of the squares of all entries; 0 of no tensors."""
    tensors = [tensor.contiguous() for tensor in tensors]
    if not (run := backend.kernels_for(*tensors)):
        return torch.nn.utils.get_total_norm(tensors).item()
    sums = torch.zeros(torch.get_num_threads(), dtype=torch.float64)
    run("squares", _addresses(tensors), _sizes(tensors), sums, len(tensors))
    return sums.sum().sqrt().item()


@torch.no_grad()
def ema_update(averages: Sequence[Tensor], values: Sequence[Tensor], share: float, backend: Backend) -> None:
    """Move contiguous ``averages`` by ``share`` (0 to 1) of the way to ``values``, of the same shapes, in place."""
    if not (run := backend.kernels_for(*averages, *values)):
        torch._foreach_lerp_(averages, values, share)
        return
    given = _addresses(averages), _addresses(values), _sizes(averages), torch.tensor([share], dtype=torch.float32)
    run("ema_update", *given, len(averages))
    increment_version(averages)


def _addresses(tensors: Sequence[Tensor]) -> Tensor:
    return torch.tensor([tensor.data_ptr() for tensor in tensors])


def _sizes(tensors: Sequence[Tensor]) -> Tensor:
    return torch.tensor([tensor.numel() for tensor in tensors])
