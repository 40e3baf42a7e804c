"""The windows learn."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from brain.layers.windows import InterneuronNetwork
from brain.ops.backend import PYTORCH
from brain.ops.windows import window_mix


def test_window_sizes_learn_to_be_what_is_needed():
    """Trained to return the mean of the last five tokens, a window of two grows to five."""
    torch.manual_seed(0)
    net = InterneuronNetwork(4, windows=(2.0,), longest=8, bottleneck=4, backend=PYTORCH)
    net.cerebellum.data.fill_(1.0)
    optimizer = torch.optim.Adam([net.log_sizes], lr=0.05)
    for _ in range(200):
        values = torch.randn(64, 4, 4)
        history = torch.zeros(4, 8, 4)
        wanted = window_mix(values, history, torch.tensor([5.0]), torch.ones(1, 4), PYTORCH)
        loss = F.mse_loss(window_mix(values, history, net.sizes(), net.cerebellum, PYTORCH), wanted)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        net.constrain()
    assert net.sizes().item() == pytest.approx(5, abs=0.3)
