"""A neuron's output."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from brain.ops.backend import PYTORCH, Backend
from brain.ops.neurons import activate
from tests.brain.conftest import assert_close_relative


def some() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    mask = torch.tensor([0.0, 1.5]).repeat(101)[:201].repeat(2, 1)
    return 4 * torch.randn(9, 2, 201, requires_grad=True), torch.randn(201, requires_grad=True), mask


def test_it_is_a_masked_gelu(backend: Backend):
    sums, bias, mask = some()
    torch.testing.assert_close(activate(sums, bias, mask, backend), F.gelu(sums + bias) * mask, atol=1e-5, rtol=1e-5)


def test_kernels_learn_as_torch_does(compiled: Backend):
    sums, bias, mask = some()
    outward = torch.randn(9, 2, 201)
    plain, fast = (
        torch.autograd.grad(activate(sums, bias, mask, backend), (sums, bias), outward)
        for backend in (PYTORCH, compiled)
    )
    for one, other in zip(plain, fast, strict=True):
        assert_close_relative(one, other)
