"""Over many tensors at once: what torch does one tensor after the other, each time waking all threads anew, which for a
hundred parameters takes longer than the arithmetic."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.autograd.graph import increment_version

from brain.ops.native import kernels_for


def norm(tensors: Sequence[Tensor]) -> float:
    """The root of the sum of the squares of all entries; 0 of no tensors."""
    tensors = [tensor.contiguous() for tensor in tensors]
    if not (run := kernels_for(*tensors)):
        return torch.nn.utils.get_total_norm(tensors).item()
    sums = torch.zeros(torch.get_num_threads(), dtype=torch.float64)
    run("squares", _addresses(tensors), _sizes(tensors), sums, len(tensors))
    return sums.sum().sqrt().item()


@torch.no_grad()
def follow(tensors: Sequence[Tensor], leaders: Sequence[Tensor], share: float) -> None:
    """Move contiguous ``tensors`` so much of the way (0 to 1) to their ``leaders``, of the same shapes."""
    if not (run := kernels_for(*tensors, *leaders)):
        torch._foreach_lerp_(tensors, leaders, share)
        return
    given = _addresses(tensors), _addresses(leaders), _sizes(tensors), torch.tensor([share], dtype=torch.float32)
    run("follow", *given, len(tensors))
    increment_version(tensors)


def _addresses(tensors: Sequence[Tensor]) -> Tensor:
    return torch.tensor([tensor.data_ptr() for tensor in tensors])


def _sizes(tensors: Sequence[Tensor]) -> Tensor:
    return torch.tensor([tensor.numel() for tensor in tensors])
