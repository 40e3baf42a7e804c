"""The self-state: a colour that says how the model is doing, and the head that predicts it.

Shapes: T tokens, B streams, R width of the head's input.

The true colour at a token is made from the model's own condition there. Red is skill and energy: was it right, and how
often lately. Green is growth or overstimulation: how far the loss moved from its recent average. Blue is calm: doing
better than it has been used to. A pulse runs through red and blue, the faster the higher the loss. The channels and
their weights follow the first babyLLM's idea; the terms are bounded here and the averages are its own, per stream.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from brain.ops.backend import Backend
from brain.ops.moving_averages import moving_averages

Condition = dict[str, Tensor]
"""Running averages behind the colour, each (B,), and the pulse's phase in turns."""

RECENT, USUAL = 0.95, 0.998  # decay per token: about 20 and 500 tokens


def fresh_condition(streams: int, device: torch.device | None = None) -> Condition:
    start = {"skill": 0.0, "recent": 6.0, "usual": 6.0, "phase": 0.0}
    return {name: torch.full((streams,), value, device=device) for name, value in start.items()}


def true_pixels(losses: Tensor, correct: Tensor, condition: Condition, backend: Backend) -> tuple[Tensor, Condition]:
    """The colour at each token from its loss in nats (T, B) and whether the best guess was right (T, B).

    Returns pixels (T, B, 3) in [0, 1] and the condition after the block.
    """
    losses = losses.clamp(0, 20)
    right = correct.to(losses.dtype)
    start = torch.stack([condition["recent"], condition["usual"]])[:, None]  # (2, 1, B)
    decays = losses.new_tensor([RECENT, USUAL])[:, None, None]
    recent, usual = moving_averages(losses[:, None], decays, start, backend)[:, :, 0].unbind(1)
    skill = moving_averages(right[:, None], decays[:1], condition["skill"][None, None], backend)[:, 0, 0]
    speed = (1 + losses / 2) / 32  # turns per token: one in 32 tokens when all is known, faster with loss
    phase = (condition["phase"] + speed.cumsum(0)) % 1
    pulse = (1 + torch.sin(2 * math.pi * phase)) / 2
    red = 0.2 * pulse + 0.2 * (0.7 * skill + 0.3 * (losses / 10).clamp(max=1)) + 0.6 * right
    green = 0.1 + 0.9 * torch.tanh((losses - recent).abs() / 4)
    blue = 0.7 * torch.sigmoid(2 * (usual - recent)) + 0.3 * (1 - pulse)
    after = {"skill": skill[-1], "recent": recent[-1], "usual": usual[-1], "phase": phase[-1]}
    return torch.stack([red, green, blue], -1).clamp(0, 1), after


def one_late(pixels: Tensor, last: Tensor) -> Tensor:
    """The colour that was known at each token: ``last`` (B, 3), then ``pixels`` (B, T, 3) but the last; (B, T, 3)."""
    return torch.cat([last[:, None], pixels[:, :-1]], 1)


class SelfStateHead(nn.Module):
    """Predicts the colour that the coming token will bring, from what the brain knows and the colour it was shown.

    It reads the hidden state without steering it: its input is detached, so a good mood can't be bought with bad words.
    """

    def __init__(self, width: int, hidden: int = 64):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(width + 3, hidden), nn.GELU(), nn.Linear(hidden, 3), nn.Sigmoid())

    def forward(self, hidden: Tensor, pixels: Tensor) -> Tensor:
        return self.layers(torch.cat([hidden.detach(), pixels], -1))
