"""What is silenced while learning."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from brain.ops.dropout import dropout_mask
from school.teaching.row_generator import RowGenerator

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


@pytest.mark.parametrize(("shape", "rows"), [((10, 37), 0), ((5, 10, 3), 1)])
def test_a_rows_mask_does_not_depend_on_the_others(shape, rows):
    """Ten rows at once, or in any parts: each is silenced alike; another draw or another seed silences other places."""

    def masks(*parts: range, seed: int = 7) -> list[torch.Tensor]:
        rng, here = RowGenerator(seed, parts), list(shape)
        here[rows] = sum(map(len, parts))
        return [dropout_mask(tuple(here), 0.3, rng, CPU, rows=rows) for _ in range(2)]

    whole, again = masks(range(10))
    assert not torch.equal(whole, again)
    assert not torch.equal(whole, masks(range(10), seed=8)[0])
    for parts in ([range(3), range(3, 10)], [range(7), range(7, 8), range(8, 10)]):
        cut = [masks(part) for part in parts]
        for draw, wanted in enumerate((whole, again)):
            assert torch.equal(torch.cat([part[draw] for part in cut], rows), wanted)
        assert torch.equal(masks(*parts)[0], whole)


def test_row_by_row_the_mean_stays_one():
    mask = dropout_mask((100, 1000), 0.3, RowGenerator(7, [range(100)]), CPU)
    assert (mask == 0).float().mean() == pytest.approx(0.3, abs=0.01)
    assert mask.mean() == pytest.approx(1, abs=0.01)
    assert np.corrcoef(mask[::2].flatten(), mask[1::2].flatten())[0, 1] == pytest.approx(0, abs=0.02)
