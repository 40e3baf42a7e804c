"""Fading counts of words, added to the logits."""

from __future__ import annotations

import pytest
import torch

from brain.ops.backend import PYTORCH, Backend
from brain.ops.word_counts import add_word_counts
from tests.brain.conftest import assert_close_relative


@pytest.mark.parametrize("tokens", [1, 60])
def test_kernels_compute_what_torch_computes(compiled: Backend, tokens: int):
    """Logits, counts and every gradient, for more words than the kernel takes at once."""
    torch.manual_seed(0)
    logits, scales = torch.randn(tokens, 2, 700, requires_grad=True), torch.randn(tokens, 2, 2, requires_grad=True)
    weight, text = torch.randn(2, 700, requires_grad=True), torch.randint(0, 700, (tokens, 2))
    text[tokens // 2 :] = text[0]
    counts, kept, outward = torch.rand(2, 2, 700), torch.tensor([0.97, 0.997]), torch.randn(tokens, 2, 700)
    results = []
    for backend in (PYTORCH, compiled):
        given = logits * 1, scales, weight, text, counts, kept  # * 1: their place may be taken
        out, after = add_word_counts(*given, marks=5, backend=backend)
        results.append([out, after, *torch.autograd.grad(out, (logits, scales, weight), outward)])
    for plain, fast in zip(*results, strict=True):
        assert_close_relative(plain, fast)
