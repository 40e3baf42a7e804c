"""What is silenced while learning."""

from __future__ import annotations

import pytest
import torch

from brain.ops.dropout import dropout_mask

CPU = torch.device("cpu")


def seeded() -> torch.Generator:
    return torch.Generator().manual_seed(7)


def test_the_mean_stays_one():
    """A share is silent, the others count for them."""
    mask = dropout_mask((100, 1000), 0.3, seeded(), CPU)
    assert set(mask.unique().tolist()) == {0.0, (torch.ones(()) / torch.tensor(0.7)).item()}
    assert (mask == 0).float().mean() == pytest.approx(0.3, abs=0.01)
    assert mask.mean() == pytest.approx(1, abs=0.01)


def test_every_device_draws_the_same():
    """A draw for another device moves the dice as far as one for the CPU, and ends there."""
    here, there = seeded(), seeded()
    assert dropout_mask((5, 3), 0.5, here, CPU).shape == dropout_mask((5, 3), 0.5, there, torch.device("meta")).shape
    assert torch.equal(dropout_mask((9,), 0.5, here, CPU), dropout_mask((9,), 0.5, there, CPU))
