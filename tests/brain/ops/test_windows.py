"""Causal windows of fractional size: three ways to the same means."""

from __future__ import annotations

import pytest
import torch

from brain.ops.backend import PYTORCH, Backend
from brain.ops.windows import CHUNK, RunningMix, weigh_directly, window_mix
from tests.brain.conftest import assert_close_relative


def test_windows_match_their_definition():
    """The running-sum form equals weighing the history outright, and its gradients equal finite differences."""
    torch.manual_seed(0)
    length, tokens, streams, neurons = 9, 12, 2, 3
    padded = torch.randn(length + tokens, streams, neurons, dtype=torch.double, requires_grad=True)
    sizes = torch.tensor([1.01, 3.4, 8.7], dtype=torch.double, requires_grad=True)
    weights = torch.randn(3, neurons, dtype=torch.double, requires_grad=True)
    torch.testing.assert_close(
        RunningMix.apply(padded, sizes, weights, tokens), weigh_directly(padded, sizes, weights, tokens)
    )
    assert torch.autograd.gradcheck(lambda *x: RunningMix.apply(*x, tokens), (padded, sizes, weights))


def test_a_window_is_the_mean_of_its_last_tokens():
    """A window of 2.5 counts the third-last token by half; its size has the gradient (oldest - mean) / size."""
    values = torch.tensor([8.0, 4.0, 2.0, 1.0], dtype=torch.double)[:, None, None]
    size = torch.tensor([2.5], dtype=torch.double, requires_grad=True)
    one = torch.ones(1, 1, dtype=torch.double)
    mean = RunningMix.apply(torch.cat([torch.zeros(3, 1, 1, dtype=torch.double), values]), size, one, 4)[-1, 0, 0]
    assert mean.item() == pytest.approx((1 + 2 + 0.5 * 4) / 2.5)
    mean.backward()
    assert size.grad.item() == pytest.approx((4 - mean.item()) / 2.5)


def test_long_blocks_are_cut_without_a_seam(backend: Backend):
    """A block longer than a chunk gives what token-by-token reading gives."""
    torch.manual_seed(0)
    values, history = torch.rand(CHUNK * 2 + 5, 2, 4), torch.rand(2, 8, 4)
    sizes, weights = torch.tensor([1.0, 2.3, 8.0]), torch.randn(3, 4)
    direct = weigh_directly(torch.cat([history.transpose(0, 1), values]), sizes, weights, len(values))
    torch.testing.assert_close(window_mix(values, history, sizes, weights, backend), values + direct, atol=5e-5, rtol=0)


@pytest.mark.parametrize("tokens", [1, 9, 300])
def test_kernels_compute_what_torch_computes(compiled: Backend, tokens: int):
    """Values and the gradients of values, sizes and weights; more neurons than the kernel takes at once."""
    torch.manual_seed(0)
    values, history = torch.randn(tokens, 2, 205, requires_grad=True), torch.randn(2, 32, 205)
    sizes = torch.tensor([1.01, 2.5, 8.3, 31.9], requires_grad=True)  # a whole size has two slopes, and either is right
    weights = torch.randn(4, 205, requires_grad=True)
    outward, results = torch.randn(tokens, 2, 205), []
    for backend in (PYTORCH, compiled):
        out = window_mix(values, history, sizes, weights, backend)
        results.append([out, *torch.autograd.grad(out, (values, sizes, weights), outward)])
    for plain, fast in zip(*results, strict=True):
        assert_close_relative(plain, fast, 1e-3)
