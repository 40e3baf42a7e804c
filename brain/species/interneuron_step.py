"""The compiled form of ``InterneuronBrain.step``: one token per stream in one call instead of sixty."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from brain.contract import State
from brain.ops.backend import Kernels

if TYPE_CHECKING:
    from brain.species.interneuron import InterneuronBrain

MOST_STREAMS = 16  # that it takes; measured faster with 1 and with 3
CARRIED = ("position", "history", "memory1", "memory2")  # the state that it makes, in the kernel's order


class CompiledStep:
    """Made for one brain, whose parameters it looks up anew at every call."""

    def __init__(self, brain: InterneuronBrain):
        self._parameters, self._sizes = parameters(brain), sizes(brain)
        made = {id(brain.embedding.tokens): brain.embedding, id(brain.logits.speak.weight): brain.logits}
        self._tables = [(place, made[id(part)]) for place, part in enumerate(self._parameters) if id(part) in made]
        self._known: tuple[list[int], Tensor] = [], torch.empty(0)  # addresses, and the same as a tensor
        self._shapes: dict[int, Tensor] = {}  # the kernel's, by the number of streams

    def __call__(
        self, run: Kernels, token: Tensor, pixel: Tensor, state: State
    ) -> tuple[Tensor, Tensor, Tensor, State]:
        """``token`` (B,), ``pixel`` (B, 3) -> logits (B, V) without the memory of words, expected pixels (B, 3), hidden
        state (B, D), and the state after the token but for the words."""
        weights, streams = self._addresses(), len(token)
        given = [state[name].contiguous() for name in CARRIED]
        after = [torch.empty_like(tensor) for tensor in given]
        vocabulary, width, neurons, windows, _, bottleneck, memory, hidden_width, head, *_ = self._sizes
        logits, hidden = pixel.new_empty(streams, vocabulary), pixel.new_empty(streams, hidden_width)
        expected = torch.empty_like(pixel)
        floats = width + 5 * neurons + 2 * bottleneck + 3 * memory + hidden_width + vocabulary + head
        scratch = pixel.new_empty(streams * floats + windows + 3 * width)
        token, previous = token.contiguous(), state["previous"].contiguous()
        run(
            "step", weights, self._shape(streams), token, previous, pixel.contiguous(), *given,
            *after, logits, expected, hidden, scratch,
        )  # fmt: skip
        return logits, expected, hidden, dict(zip(CARRIED, after, strict=True), previous=token)

    def _shape(self, streams: int) -> Tensor:
        if streams not in self._shapes:
            self._shapes[streams] = torch.tensor([streams, *self._sizes])
        return self._shapes[streams]

    def _addresses(self) -> Tensor:
        """Of all weights; those of tokens are replaced by the tables that spelling makes of them."""
        addresses = [parameter.data_ptr() for parameter in self._parameters]
        for place, layer in self._tables:
            addresses[place] = layer.table().data_ptr()
        if addresses != self._known[0]:
            self._known = addresses, torch.tensor(addresses)
        return self._known[1]


def sizes(brain: InterneuronBrain) -> list[int]:
    """In the order of ``Shape`` in step.h, after the number of streams."""
    return [
        *brain.embedding.tokens.shape,
        brain.neuron_count,
        len(brain.interneurons.log_sizes),
        brain.longest_window,
        brain.interneurons.refine[1].out_features,
        brain.memory1.reduce.out_features,
        brain.logits.think.out_features,
        brain.self_state.layers[0].out_features,
        brain.memory1.gates,
        brain.position_limit,
        brain.turn_tokens,
        int(brain.memory1.decay_logits.shape[2] == 1),
        int(brain.embedding.before is not None),
    ]


def parameters(brain: InterneuronBrain) -> list[nn.Parameter]:
    """In the order in which step.h names them."""
    embedding, neurons, network, logits = brain.embedding, brain.neurons, brain.interneurons, brain.logits
    echo = embedding.tokens if embedding.before is None else embedding.before
    ordered: list[nn.Parameter | nn.Module] = [embedding.tokens, echo, embedding.positions, embedding.pixel]
    ordered += [embedding.norm.norm, embedding.norm.scales, embedding.blend, neurons.norm, neurons.rows]
    ordered += [neurons.bias, neurons.gain, network.log_sizes, network.cerebellum, network.refine]
    for memory in (brain.memory1, brain.memory2):
        ordered += [memory.decay_logits, memory.norm, memory.reduce, memory.gate, memory.project, memory.answer]
    ordered += [logits.norm.norm, logits.norm.scales, logits.think, logits.thought_norm, logits.speak]
    ordered += [brain.self_state, logits.blend.norm, logits.blend.scales]
    parts = [[part] if isinstance(part, nn.Parameter) else part.parameters() for part in ordered]
    return [parameter for part in parts for parameter in part]
