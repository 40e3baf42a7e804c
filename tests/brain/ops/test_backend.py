"""How the operations are computed is a value of each brain."""

from __future__ import annotations

import copy

import torch

from brain.ops.backend import PYTORCH, Backend
from tests.brain.conftest import TINY_LLAMA, build
from tests.conftest import TINY


def test_kernels_are_for_tensors_that_they_can_read(compiled: Backend):
    """Float32 on the CPU; anything else is computed by PyTorch."""
    assert compiled.kernels_for(torch.zeros(2)) is compiled.kernels
    assert compiled.kernels_for(torch.zeros(2), torch.zeros(2, dtype=torch.double)) is None
    assert compiled.kernels_for(torch.zeros(2, device="meta")) is None
    assert PYTORCH.kernels_for(torch.zeros(2)) is None


def test_a_copy_computes_as_the_original_does():
    """In every part of it; and two brains of one process may compute in two ways."""
    for shape in (TINY, TINY_LLAMA):
        brain, backend = build(shape), Backend(half=True)
        brain.use(backend)
        twin = copy.deepcopy(brain)
        brain.use(PYTORCH)
        assert {id(part.backend) for part in twin.modules() if hasattr(part, "backend")} == {id(backend)}
        assert {id(part.backend) for part in brain.modules() if hasattr(part, "backend")} == {id(PYTORCH)}
