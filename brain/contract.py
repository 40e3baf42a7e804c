"""What every species of brain promises: a pure function from (tokens, pixels, state) to (logits, pixels, state).

Shapes: B streams, T tokens, V vocabulary, R width of the hidden state.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import NamedTuple

import torch
from torch import Tensor, nn

from brain.gauges import Gauge
from brain.ops.backend import Backend
from brain.ops.dropout import Generator
from brain.selfstate import SelfStateHead

State = dict[str, Tensor]
"""Everything a brain carries from one token to the next. Every tensor leads with B; only the species reads inside."""


class BrainOutput(NamedTuple):
    logits: Tensor  # (B, T, V) of the next token
    pixels: Tensor  # (B, T, 3) the self-state it expects once that token is known, in [0, 1]
    state: State  # after the last token, detached
    hidden: Tensor | None = None  # (B, T, R) the hidden state that the self-state head read; of whole blocks only


class Brain(nn.Module, ABC):
    """A language model whose memory is a value: passed in, handed back, never kept inside.

    The colours of a block follow from how well it is predicted, so a block is read under those of the block before; but
    the head can be asked again, with ``self_state(hidden, pixels)``, once each token's last colour is known.
    """

    self_state: SelfStateHead

    def __init__(self, backend: Backend):
        super().__init__()
        self.backend = backend

    def use(self, backend: Backend) -> None:
        """Compute with another backend from now on; not while another thread reads."""
        for module in self.modules():
            if hasattr(module, "backend"):
                module.backend = backend

    @abstractmethod
    def fresh_state(self, streams: int) -> State:
        """The state of ``streams`` streams that have not read a token yet."""

    @abstractmethod
    def forward(self, tokens: Tensor, pixels: Tensor, state: State, *, dropout: Generator | None = None) -> BrainOutput:
        """Read a block. ``tokens`` (B, T) int64, ``pixels`` (B, T, 3); drops units only where ``dropout`` is given:
        what draws them, for the batch or row by row."""

    def step(self, token: Tensor, pixel: Tensor, state: State) -> BrainOutput:
        """Read one token per stream: ``token`` (B,), ``pixel`` (B, 3) -> logits (B, V), pixels (B, 3)."""
        out = self(token[:, None], pixel[:, None], state)
        return BrainOutput(out.logits[:, 0], out.pixels[:, 0], out.state)

    def refresh(self) -> None:
        """Compute what depends on the weights alone, once they have changed, before several threads read."""

    def weight_decayed(self) -> list[nn.Parameter]:
        """The parameters for which smaller is simpler: the matrices, not scales, biases or time constants."""
        return [parameter for parameter in self.parameters() if parameter.ndim >= 2]

    def constrain(self) -> None:
        """Bring the parameters back into their bounds; called after every optimizer step."""

    def gauges(self) -> tuple[Gauge, ...]:
        """The quantities this species tunes for itself, for the record and the screen."""
        return ()

    def source_shares(self, tokens: Tensor, pixels: Tensor, state: State) -> tuple[Gauge, ...]:
        """What share each of its inner sources has in what it makes of a block: named as in ``gauges``."""
        return ()


def stack_states(states: list[State]) -> State:
    """Put the streams of several states side by side."""
    return {name: torch.cat([state[name] for state in states]) for name in states[0]}


def pick_streams(state: State, rows: slice | list[int]) -> State:
    """Copy the streams ``rows`` out of a state."""
    return {name: tensor[rows].clone() for name, tensor in state.items()}
