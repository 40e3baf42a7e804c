"""The colour: what it says of how the model is doing."""

from __future__ import annotations

import torch

from brain.ops.backend import Backend
from brain.selfstate import fresh_condition, true_pixels


def test_colours_mean_what_they_say(backend: Backend):
    """Red is higher where it was right, green where the loss jumped, blue where it does better than it used to."""
    losses = torch.full((400, 1), 3.0)
    losses[200:] = 0.5
    right = torch.zeros(400, 1, dtype=torch.bool)
    right[300:] = True
    pixels, after = true_pixels(losses, right, fresh_condition(1), backend)
    red, green, blue = pixels[:, 0].T
    assert pixels.min() >= 0
    assert pixels.max() <= 1
    assert red[320:].mean() > red[220:300].mean() + 0.4
    assert green[200:205].mean() > green[190:200].mean() + 0.1
    assert blue[260:].mean() > blue[150:200].mean()
    first, middle = true_pixels(losses[:150], right[:150], fresh_condition(1), backend)
    second, end = true_pixels(losses[150:], right[150:], middle, backend)
    torch.testing.assert_close(torch.cat([first, second]), pixels, atol=1e-4, rtol=0)
    for name in after:
        torch.testing.assert_close(end[name], after[name], atol=1e-4, rtol=0)
