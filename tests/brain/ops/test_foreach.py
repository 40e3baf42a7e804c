"""Over many tensors at once: the same as one after the other, with kernels and without."""

from __future__ import annotations

import math

import pytest
import torch

from brain.ops.backend import Backend
from brain.ops.foreach import ema_update, norm

SHAPES = [(3, 5), (), (1,), (700, 301), (128,), (2, 3, 4)]


def some(seed: int) -> list[torch.Tensor]:
    rng = torch.Generator().manual_seed(seed)
    return [torch.randn(shape, generator=rng) for shape in SHAPES]


def test_the_norm_is_that_of_all_entries(backend: Backend):
    tensors = some(1)
    wanted = torch.cat([tensor.flatten() for tensor in tensors]).double().norm().item()
    assert norm(tensors, backend) == pytest.approx(wanted, rel=1e-6)
    assert norm([tensors[3].t()], backend) == pytest.approx(tensors[3].norm().item(), rel=1e-6)
    assert norm([], backend) == 0


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_one_entry_that_is_no_number_shows(backend: Backend, bad):
    tensors = some(1)
    tensors[3][699, 300] = bad
    assert not math.isfinite(norm(tensors, backend))


@pytest.mark.parametrize("share", [0.0, 0.05, 1.0])
def test_an_average_moves_its_share_of_the_way(backend: Backend, share):
    """The values stay; whoever keeps something made of the averages sees that they moved."""
    tensors, values = some(1), some(2)
    versions = [tensor._version for tensor in tensors]
    ema_update(tensors, values, share, backend)
    for tensor, before, value, same in zip(tensors, some(1), values, some(2), strict=True):
        torch.testing.assert_close(tensor, before + share * (value - before), atol=1e-6, rtol=1e-6)
        assert torch.equal(value, same)
    assert all(tensor._version > version for tensor, version in zip(tensors, versions, strict=True))
