"""A vector blended with its own LayerNorm."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from brain.ops.backend import PYTORCH, Backend
from brain.ops.blended_norm import blended_norm
from tests.brain.conftest import assert_close_relative


def some() -> tuple[torch.Tensor, ...]:
    torch.manual_seed(0)
    shapes = (9, 2, 201), (201,), (201,), (2,)
    return tuple(torch.randn(shape).add_(0.3).requires_grad_() for shape in shapes)


def test_it_is_two_scaled_terms(backend: Backend):
    x, weight, bias, scales = some()
    wanted = scales[0] * x + scales[1] * F.layer_norm(x, (201,), weight, bias)
    torch.testing.assert_close(blended_norm(x, weight, bias, scales, backend), wanted, atol=1e-5, rtol=1e-5)


def test_kernels_learn_as_torch_does(compiled: Backend):
    x, *parameters = given = some()
    outward = torch.randn(9, 2, 201)
    plain, fast = (
        torch.autograd.grad(blended_norm(x * 1, *parameters, how), given, outward)  # * 1: its place may be taken
        for how in (PYTORCH, compiled)
    )
    for one, other in zip(plain, fast, strict=True):
        assert_close_relative(one, other)
