"""Windows of learnable, fractional size over the neurons' recent past, mixed by the cerebellum.

Shapes: T tokens, L tokens of history, B streams, N neurons, K windows.

Before its first token a stream's neurons were silent (zero).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from brain.layers.linear import Linear
from brain.ops.backend import Backend
from brain.ops.windows import window_mix


class InterneuronNetwork(nn.Module):
    """Windows, the cerebellum that mixes them, and a bottleneck that refines the mix."""

    def __init__(self, neurons: int, *, windows: tuple[float, ...], longest: int, bottleneck: int, backend: Backend):
        super().__init__()
        self.longest, self.backend = longest, backend
        self.log_sizes = nn.Parameter(torch.tensor(windows, dtype=torch.float32).log())
        self.cerebellum = nn.Parameter(torch.randn(len(windows), neurons))
        self.refine = nn.Sequential(
            nn.LayerNorm(neurons),
            Linear(neurons, bottleneck, backend=backend),
            nn.GELU(),
            nn.LayerNorm(bottleneck),
            Linear(bottleneck, neurons, backend=backend),
        )

    def forward(self, activations: Tensor, history: Tensor) -> Tensor:
        """``activations`` (T, B, N), ``history`` (B, L, N): those of the tokens before -> (T, B, N)."""
        mixed = window_mix(activations, history, self.sizes(), self.cerebellum, self.backend)
        norm, narrow, bend, narrow_norm, widen = self.refine
        bent = bend(narrow.of_normed(mixed, norm))
        return mixed + widen.of_normed(bent, narrow_norm)

    def sizes(self) -> Tensor:
        """Window sizes in tokens, (K,)."""
        return self.log_sizes.exp()

    @torch.no_grad()
    def constrain(self) -> None:
        self.log_sizes.clamp_(0, torch.tensor(float(self.longest)).log().item())
