"""Backends to test with, brains away from the special values of a newborn, and something for them to read."""

from __future__ import annotations

import pytest
import torch

from brain import BrainConfig, build_brain
from brain.contract import Brain
from brain.ops.backend import PYTORCH, Backend
from brain.species.llama_config import LlamaConfig
from school.office.kernels import compile_kernels
from tests.conftest import TINY

VOCABULARY, MARKS = 60, 8
PIECES = [b""] * MARKS + [b" piece%d" % number for number in range(VOCABULARY - MARKS)]
TINY_LLAMA = LlamaConfig(
    vocabulary=300, embed_width=16, dropout=0.3, layers=2, heads=4, key_heads=2, hidden_width=24, context=16
)
TINIES = {"interneuron": TINY, "llama": TINY_LLAMA}


@pytest.fixture(scope="session")
def compiled() -> Backend:
    """With kernels, compiled once for all tests."""
    if (kernels := compile_kernels()) is None:
        pytest.skip("no C compiler here")
    return Backend(kernels)


@pytest.fixture(params=["torch", "kernels"])
def backend(request) -> Backend:
    """Once without the kernels, once with them."""
    return PYTORCH if request.param == "torch" else request.getfixturevalue("compiled")


@pytest.fixture(params=TINIES)
def tiny(request) -> BrainConfig:
    """A very small brain of each species; what is tested with it, every species promises."""
    return TINIES[request.param]


def build(config: BrainConfig, seed: int = 0) -> Brain:
    """A brain none of whose parameters is at a special value."""
    torch.manual_seed(seed)
    brain = build_brain(config, pieces=PIECES, turn_tokens=MARKS)
    with torch.no_grad():
        for parameter in brain.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
        brain.constrain()
    return brain


def some_input(streams: int, tokens: int, seed: int = 1) -> tuple[torch.Tensor, torch.Tensor]:
    rng = torch.Generator().manual_seed(seed)
    words = torch.randint(0, VOCABULARY, (streams, tokens), generator=rng)
    return words, torch.rand(streams, tokens, 3, generator=rng)


def assert_close_relative(one: torch.Tensor, other: torch.Tensor, share: float = 1e-4) -> None:
    """To so much of the largest entry: sums that cancel are as exact as what they are made of."""
    assert (one - other).abs().max() <= share * one.abs().max() + 1e-7
