"""Products of rounded factors: near enough, only while learning, and only when asked for."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from brain.layers.linear import Linear
from brain.ops.backend import PYTORCH, Backend
from brain.ops.linear import linear

HALF = Backend(half=True)


@pytest.fixture
def layer() -> Linear:
    torch.manual_seed(5)
    return Linear(200, 30, backend=PYTORCH)


def learned(layer: Linear, backend: Backend) -> list[torch.Tensor]:
    """What the layer says of some input, and the gradients of that input and of its weights."""
    layer.backend = backend
    x = torch.randn(4, 7, 200, generator=torch.Generator().manual_seed(6)).requires_grad_()
    out = layer(x)
    out.square().mean().backward()
    grads = [x.grad, layer.weight.grad.clone(), layer.bias.grad.clone()]
    layer.zero_grad()
    return [out.detach(), *grads]


def test_rounded_factors_are_off_by_little_and_not_by_nothing(layer):
    """Output and gradients are float32, within 2 % of the largest entry, and not the exact ones."""
    for one, other in zip(learned(layer, PYTORCH), learned(layer, HALF), strict=True):
        assert other.dtype == torch.float32
        assert 0 < (one - other).abs().max() < 0.02 * one.abs().max()


def test_talking_is_never_rounded(layer):
    """Without gradients the product is float32's, bit for bit."""
    x = torch.randn(3, 200)
    with torch.no_grad():
        exact = layer(x)
        assert torch.equal(linear(x, layer.weight, layer.bias, HALF), exact)


def test_a_product_without_bias(layer):
    """A layer may do without a bias; its other gradients are there."""
    weight = layer.weight.detach().clone().requires_grad_()
    linear(torch.ones(2, 200), weight, None, HALF).sum().backward()
    assert weight.grad.shape == weight.shape
    assert weight.grad.isfinite().all()


@pytest.fixture
def norm() -> nn.LayerNorm:
    torch.manual_seed(7)
    norm = nn.LayerNorm(200)
    nn.init.normal_(norm.weight, 1)
    nn.init.normal_(norm.bias)
    return norm


@pytest.mark.parametrize("backend", [PYTORCH, HALF])
def test_behind_a_norm_it_is_the_product_of_the_normalised(layer, norm, backend):
    """Output and all gradients are those of the norm and the layer one after the other, bit for bit."""
    layer.backend = backend
    x = torch.randn(4, 7, 200).requires_grad_()
    parts = [x, *norm.parameters(), *layer.parameters()]
    found = []
    for out in (layer(norm(x)), layer.of_normed(x, norm)):
        found.append([out, *torch.autograd.grad(out.square().mean(), parts)])
    for one, other in zip(*found, strict=True):
        assert torch.equal(one, other)


def test_what_a_norm_makes_is_not_kept(layer):
    """Until the backward pass what went into the norm is there, and nothing else of its size."""
    kept, norm = set(), nn.LayerNorm(200)

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        kept.update([tensor.data_ptr()] if tensor.shape == (64, 200) else [])
        return tensor

    x = torch.randn(64, 200).requires_grad_()
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        out = layer.of_normed(x, norm)
    assert kept == {x.data_ptr()}
    assert out.requires_grad
