"""Over many tensors at once: the same as one after the other, with kernels and without."""

from __future__ import annotations

import math
import shutil

import pytest
import torch

from brain.ops import native, together
from school.office import kernels as foundry

SHAPES = [(3, 5), (), (1,), (700, 301), (128,), (2, 3, 4)]


@pytest.fixture(params=["torch", "kernels"])
def way(request):
    """Once without the kernels, once with them."""
    if request.param == "kernels":
        if not any(map(shutil.which, foundry.COMPILERS)):
            pytest.skip("no C compiler here")
        assert foundry.forge()
    else:
        native.use(None)


def some(seed: int) -> list[torch.Tensor]:
    rng = torch.Generator().manual_seed(seed)
    return [torch.randn(shape, generator=rng) for shape in SHAPES]


def test_the_norm_is_that_of_all_entries(way):
    tensors = some(1)
    wanted = torch.cat([tensor.flatten() for tensor in tensors]).double().norm().item()
    assert together.norm(tensors) == pytest.approx(wanted, rel=1e-6)
    assert together.norm([tensors[3].t()]) == pytest.approx(tensors[3].norm().item(), rel=1e-6)
    assert together.norm([]) == 0


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_one_entry_that_is_no_number_shows(way, bad):
    tensors = some(1)
    tensors[3][699, 300] = bad
    assert not math.isfinite(together.norm(tensors))


@pytest.mark.parametrize("share", [0.0, 0.05, 1.0])
def test_what_follows_moves_its_share_of_the_way(way, share):
    """Those that lead stay; whoever keeps something made of the followers sees that they moved."""
    tensors, leaders = some(1), some(2)
    versions = [tensor._version for tensor in tensors]
    together.follow(tensors, leaders, share)
    for tensor, before, leader, same in zip(tensors, some(1), leaders, some(2), strict=True):
        torch.testing.assert_close(tensor, before + share * (leader - before), atol=1e-6, rtol=1e-6)
        assert torch.equal(leader, same)
    assert all(tensor._version > version for tensor, version in zip(tensors, versions, strict=True))
