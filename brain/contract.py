"""What every species of brain promises: a pure function from (tokens, pixels, state) to (logits, pixels, state).

Shapes: B streams, T tokens, V vocabulary.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import NamedTuple

import torch
from torch import Tensor, nn

from brain.ops.dropout import Generator
from brain.selfstate import SelfStateHead

State = dict[str, Tensor]
"""Everything a brain carries from one token to the next. Every tensor leads with B; only the species reads inside."""


class BrainOutput(NamedTuple):
    logits: Tensor  # (B, T, V) of the next token
    pixels: Tensor  # (B, T, 3) the self-state it expects once that token is known, in [0, 1]
    state: State  # after the last token, detached
    thoughts: Tensor | None = None  # (B, T, R) what the self-state head heard; of whole blocks only


class Brain(nn.Module, ABC):
    """A language model whose memory is a value: passed in, handed back, never kept inside.

    The colours of a block follow from how well it is foretold, so a block is read under those of the block before; but
    the head can be asked again, with ``self_state(thoughts, pixels)``, once each token's last colour is known.
    """

    self_state: SelfStateHead

    @abstractmethod
    def fresh_state(self, streams: int) -> State:
        """The state of ``streams`` streams that have not heard a token yet."""

    @abstractmethod
    def forward(self, tokens: Tensor, pixels: Tensor, state: State, *, dropout: Generator | None = None) -> BrainOutput:
        """Read a block. ``tokens`` (B, T) int64, ``pixels`` (B, T, 3); drops units only where ``dropout`` is given:
        what draws them, for the batch or row by row."""

    def step(self, token: Tensor, pixel: Tensor, state: State) -> BrainOutput:
        """Read one token per stream: ``token`` (B,), ``pixel`` (B, 3) -> logits (B, V), pixels (B, 3)."""
        out = self(token[:, None], pixel[:, None], state)
        return BrainOutput(out.logits[:, 0], out.pixels[:, 0], out.state)

    def settle(self) -> None:
        """Make what is made of the weights once they have moved, for whoever reads next, perhaps on several threads."""

    def weight_decayed(self) -> list[nn.Parameter]:
        """The parameters for which smaller is simpler: the matrices, not scales, biases or time constants."""
        return [parameter for parameter in self.parameters() if parameter.ndim >= 2]

    def constrain(self) -> None:
        """Bring the parameters back into their bounds; called after every optimizer step."""

    def gauges(self) -> dict[str, float]:
        """The quantities this species tunes for itself, by name, for the record and the screen."""
        return {}

    def listening(self, tokens: Tensor, pixels: Tensor, state: State) -> dict[str, float]:
        """How this species listens as it reads a block, where it can choose: mean shares by name."""
        return {}


def stack_states(states: list[State]) -> State:
    """Put the streams of several states side by side."""
    return {name: torch.cat([state[name] for state in states]) for name in states[0]}


def pick_streams(state: State, rows: slice | list[int]) -> State:
    """Copy the streams ``rows`` out of a state."""
    return {name: tensor[rows].clone() for name, tensor in state.items()}
