"""Exponential moving averages."""

from __future__ import annotations

import pytest
import torch

from brain.ops.backend import PYTORCH, Backend
from brain.ops.moving_averages import moving_averages
from tests.brain.conftest import assert_close_relative


@pytest.mark.parametrize("shape", [(2, 1, 3), (2, 1, 1)])
def test_moving_averages_match_their_definition(shape):
    """The scan equals the recurrence, and its gradients equal finite differences."""
    torch.manual_seed(0)
    inputs = torch.randn(7, 2, 3, dtype=torch.double, requires_grad=True)
    decays = torch.rand(shape, dtype=torch.double, requires_grad=True)
    start = torch.randn(2, 2, 3, dtype=torch.double, requires_grad=True)
    average = start
    for t, out in enumerate(moving_averages(inputs, decays, start, PYTORCH)):
        average = decays * average + (1 - decays) * inputs[t]
        torch.testing.assert_close(out, average)
    assert torch.autograd.gradcheck(lambda *x: moving_averages(*x, PYTORCH), (inputs, decays, start))


def test_kernels_compute_what_torch_computes(compiled: Backend):
    """Averages and all gradients, for more neurons than the kernel takes at once."""
    torch.manual_seed(0)
    given = torch.randn(40, 2, 301), torch.rand(2, 1, 301), torch.randn(2, 2, 301)
    given = tuple(tensor.requires_grad_() for tensor in given)
    outward, results = torch.randn(40, 2, 2, 301), []
    for backend in (PYTORCH, compiled):
        out = moving_averages(*given, backend)
        results.append([out, *torch.autograd.grad(out, given, outward)])
    for plain, fast in zip(*results, strict=True):
        assert_close_relative(plain, fast)
