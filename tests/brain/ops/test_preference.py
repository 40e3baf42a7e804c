"""The loss of single verdicts, against its definition."""

from __future__ import annotations

import math

import pytest
import torch

from brain.ops.preference import preference_losses, reference_point

RATIOS = [-3.0, -0.2, 0.0, 0.7, 12.0]


def definition(ratio: float, liked: bool, reference: float, sharpness: float) -> float:
    """KTO's, for one answer: 1 - sigmoid(beta (r - z)) where it was liked, 1 - sigmoid(beta (z - r)) where not."""
    gain = ratio - reference if liked else reference - ratio
    return 1 - 1 / (1 + math.exp(-sharpness * gain))


@pytest.mark.parametrize("liked", [True, False])
@pytest.mark.parametrize("reference", [0.0, 1.5])
def test_losses_and_gradients_are_those_of_the_definition(liked: bool, reference: float):
    """Values, and slopes by central differences."""
    ratios = torch.tensor(RATIOS, dtype=torch.float64, requires_grad=True)
    losses = preference_losses(ratios, torch.full((5,), liked), torch.tensor(reference, dtype=torch.float64), 0.3)
    losses.sum().backward()
    for ratio, loss, slope in zip(RATIOS, losses.tolist(), ratios.grad.tolist(), strict=True):
        assert loss == pytest.approx(definition(ratio, liked, reference, 0.3), abs=1e-12)
        near = [definition(ratio + by, liked, reference, 0.3) for by in (1e-5, -1e-5)]
        assert slope == pytest.approx((near[0] - near[1]) / 2e-5, abs=1e-8)


def test_it_asks_for_more_of_what_was_liked_and_less_of_the_rest():
    """Down the gradient, a liked answer's ratio rises and another's falls."""
    ratios = torch.zeros(2, requires_grad=True)
    preference_losses(ratios, torch.tensor([True, False]), torch.zeros(()), 0.1).sum().backward()
    assert ratios.grad[0] < 0 < ratios.grad[1]


def test_the_reference_point_is_never_below_zero():
    """However far everything sank; of no mismatched answers it is 0, and no gradient flows through it."""
    assert reference_point(torch.tensor([-30.0, -40.0])) == 0
    assert reference_point(torch.tensor([1.0, 3.0])) == 2
    assert reference_point(torch.empty(0)) == 0
    assert not reference_point(torch.tensor([1.0], requires_grad=True)).requires_grad
