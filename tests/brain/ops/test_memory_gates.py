"""Gates over two averages, the present and an answer."""

from __future__ import annotations

import pytest
import torch

from brain.ops.backend import PYTORCH, Backend
from brain.ops.memory_gates import Gate, add_answer, gated_memory
from tests.brain.conftest import assert_close_relative


def test_the_gate_is_a_softmax():
    """The fused gate equals torch's softmax and a weighted sum, and its gradients equal finite differences; gate g
    is that of neurons g and g + 3."""
    torch.manual_seed(0)
    scores = torch.randn(5, 2, 12, dtype=torch.double, requires_grad=True)
    averages = torch.randn(5, 2, 2, 6, dtype=torch.double, requires_grad=True)
    inputs = torch.randn(5, 2, 6, dtype=torch.double, requires_grad=True)
    gates = scores.unflatten(-1, (4, 3)).softmax(-2)
    gated, answer = Gate.apply(scores, averages, inputs)
    each = torch.cat([gates, gates], -1)
    expected = each[:, :, 0] * averages[:, 0] + each[:, :, 1] * averages[:, 1] + each[:, :, 2] * inputs
    torch.testing.assert_close(gated, expected)
    torch.testing.assert_close(answer, gates[:, :, 3])
    assert torch.autograd.gradcheck(Gate.apply, (scores, averages, inputs))


@pytest.mark.parametrize("gates", [1, 41, 205])
@pytest.mark.parametrize("tokens", [1, 70])
def test_kernels_compute_what_torch_computes(compiled: Backend, gates: int, tokens: int):
    """What is let through, the answer's gate, the averages, and every gradient that is learned from."""
    torch.manual_seed(0)
    scores, bias = torch.randn(tokens, 3, 4 * gates), torch.randn(4 * gates, requires_grad=True)
    inputs, decays = torch.randn(tokens, 3, 205), torch.rand(2, 1, 205)
    scores, inputs, decays = (tensor.requires_grad_() for tensor in (scores, inputs, decays))
    start, outward = torch.randn(2, 3, 205), (torch.randn(tokens, 3, 205), torch.randn(tokens, 3, gates))
    results = []
    for backend in (PYTORCH, compiled):
        given = scores * 1, bias, inputs, decays, start, backend  # * 1: it may overwrite
        gated, answer, after, again = gated_memory(*given)
        assert again is None or torch.equal(again(), gated)
        learned = scores, bias, inputs, decays
        results.append([gated.clone(), answer.clone(), after.clone()])
        results[-1] += torch.autograd.grad((gated, answer), learned, outward)
    for plain, fast in zip(*results, strict=True):
        assert_close_relative(plain, fast, 1e-3)


def test_kernels_add_answers_as_torch_does(compiled: Backend):
    """The sum, and its gradients by all three parts."""
    torch.manual_seed(0)
    shapes = (7, 3, 205), (7, 3, 41), (7, 3, 205)
    gated, gate, answer = parts = [torch.randn(shape, requires_grad=True) for shape in shapes]
    outward, results = torch.randn(7, 3, 205), []
    for backend in (PYTORCH, compiled):
        out = add_answer(gated * 1, gate, answer * 1, backend)  # * 1: their places may be taken
        results.append([out.detach(), *torch.autograd.grad(out, parts, outward)])
    for plain, fast in zip(*results, strict=True):
        assert_close_relative(plain, fast)
