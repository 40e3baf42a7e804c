"""The default species: embedding, neurons, windows, two memory layers, logits, self-state. No attention.

Shapes: B streams, T tokens, V vocabulary, N neurons, L longest window.
Inside, time leads (T, B, ...), so that the recurrences walk over contiguous memory.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from brain.contract import Brain, BrainOutput, State
from brain.gauges import Gauge
from brain.layers.embedding import Embedding, turn_positions
from brain.layers.memory import MemoryLayer
from brain.layers.neurons import Neurons
from brain.layers.output import OutputHead
from brain.layers.spelling import shared_parts
from brain.layers.windows import InterneuronNetwork
from brain.layers.words import WordMemory
from brain.ops.backend import Backend
from brain.ops.dropout import Generator, dropout_mask
from brain.ops.memory_gates import SOURCES
from brain.selfstate import SelfStateHead
from brain.species.interneuron_config import InterneuronConfig
from brain.species.interneuron_step import MOST_STREAMS, CompiledStep


class InterneuronBrain(Brain):
    def __init__(self, config: InterneuronConfig, *, pieces: Sequence[bytes], turn_tokens: int, backend: Backend):
        super().__init__(backend)
        vocabulary, neurons, width = len(pieces), config.neurons, config.thought_width
        self.turn_tokens, self.position_limit = turn_tokens, config.positions
        self.neuron_count, self.longest_window, self.dropout = neurons, config.longest_window, config.dropout
        parts = shared_parts(pieces) if config.spelling else None
        self.embedding = Embedding(
            vocabulary, config.embed_width, config.positions, echo=config.echo, parts=parts, backend=backend
        )
        self.neurons = Neurons(config.embed_width, neurons, backend=backend)
        self.interneurons = InterneuronNetwork(
            neurons,
            windows=config.windows,
            longest=config.longest_window,
            bottleneck=config.bottleneck,
            backend=backend,
        )
        memory = {
            "width": config.memory_width,
            "gates": neurons // config.neurons_per_gate,
            "shared_decays": config.shared_decays,
            "backend": backend,
        }
        self.memory1 = MemoryLayer(neurons, short=0.7, long=0.95, **memory)
        self.memory2 = MemoryLayer(neurons, short=0.9, long=0.99, **memory)
        self.logits = OutputHead(neurons, width, vocabulary, parts=parts, backend=backend)
        self.words = WordMemory(vocabulary, width, marks=turn_tokens, backend=backend) if config.word_memory else None
        self.self_state = SelfStateHead(width)
        self._initialise()
        self._compiled_step = CompiledStep(self)

    @torch.no_grad()
    def _initialise(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Linear):
                module.weight.normal_(std=1 / math.sqrt(module.in_features))
                module.bias.zero_()
        self.interneurons.cerebellum.mul_(0.5)
        self.logits.speak.weight.mul_(0.3)
        if self.words is not None:
            self.words.gate.weight.zero_()

    def fresh_state(self, streams: int) -> State:
        device, neurons = self.neurons.bias.device, self.neuron_count
        state = {
            "history": torch.zeros(streams, self.longest_window, neurons, device=device),
            "memory1": torch.zeros(streams, 2, neurons, device=device),
            "memory2": torch.zeros(streams, 2, neurons, device=device),
            "position": torch.zeros(streams, dtype=torch.int64, device=device),
            "previous": torch.zeros(streams, dtype=torch.int64, device=device),
        }
        if self.words is not None:
            state["words"] = torch.zeros(streams, *self.words.weight.shape, device=device)
        return state

    def forward(self, tokens: Tensor, pixels: Tensor, state: State, *, dropout: Generator | None = None) -> BrainOutput:
        tokens, pixels = tokens.t(), pixels.transpose(0, 1)
        activations, position = self._activate(tokens, pixels, state, dropout if self.dropout else None)
        first = self.interneurons(activations, state["history"])
        passed, memory1 = self.memory1(first, state["memory1"].transpose(0, 1))
        passed, memory2 = self.memory2((first + passed).div_(2), state["memory2"].transpose(0, 1))
        hidden, logits = self.logits(passed)
        logits, words = self._add_words(logits, hidden, tokens, state)
        expected = self.self_state(hidden, pixels)

        after = words | {
            "memory1": memory1.transpose(0, 1),
            "memory2": memory2.transpose(0, 1),
            "position": position,
            "previous": tokens[-1],
        }
        after = {name: tensor.detach().contiguous() for name, tensor in after.items()}
        after["history"] = self._latest(state["history"], activations)
        logits, expected, hidden = (tensor.transpose(0, 1) for tensor in (logits, expected, hidden))
        return BrainOutput(logits, expected, after, hidden)

    def step(self, token: Tensor, pixel: Tensor, state: State) -> BrainOutput:
        run = self.backend.kernels_for(pixel, self.neurons.bias)
        if run is None or torch.is_grad_enabled() or len(token) > MOST_STREAMS:
            return super().step(token, pixel, state)
        logits, expected, hidden, after = self._compiled_step(run, token, pixel, state)
        logits, words = self._add_words(logits[None], hidden[None], token.contiguous()[None], state)
        return BrainOutput(logits[0], expected, after | {name: each.contiguous() for name, each in words.items()})

    # ---- the parts of a block ------------------------------------------------------------------------------------

    def _activate(
        self, tokens: Tensor, pixels: Tensor, state: State, dropout: Generator | None
    ) -> tuple[Tensor, Tensor]:
        """``tokens`` (T, B), ``pixels`` (T, B, 3) -> activations (T, B, N), position after them (B,)."""
        positions, position = turn_positions(tokens, state["position"], self.turn_tokens, self.position_limit)
        mask = self._mask(tokens.shape[1], pixels, dropout)
        return self.neurons(self.embedding(tokens, state["previous"], positions, pixels, dropout), mask), position

    def _mask(self, streams: int, like: Tensor, rng: Generator | None) -> Tensor:
        """How much of each neuron counts, (B, N): a share of them is dropped, per stream and for the whole block (Gal
        and Ghahramani 2016, "A theoretically grounded application of dropout in recurrent neural networks"). One that
        is dropped is so in the windows and memories too, and it costs one draw per block, not one per token."""
        if rng is None:
            return like.new_ones(streams, self.neuron_count)
        return dropout_mask((streams, self.neuron_count), self.dropout, rng, like.device)

    def _add_words(
        self, logits: Tensor, hidden: Tensor, tokens: Tensor, state: State
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """What the memory of words, if there is one, adds to ``logits`` (T, B, V), and its state after ``tokens``."""
        if self.words is None:
            return logits, {}
        logits, counts = self.words(logits, hidden, tokens, state["words"].transpose(0, 1))
        return logits, {"words": counts.transpose(0, 1)}

    def _latest(self, history: Tensor, activations: Tensor) -> Tensor:
        """The last L tokens of (B, L, N) and (T, B, N), batch first. A block of just as many is not copied: while it is
        learned from, it is kept anyway."""
        longest = self.longest_window
        new = activations.detach()[-longest:].transpose(0, 1)
        if len(activations) == longest:
            return new
        return torch.cat([history[:, new.shape[1] :], new], 1) if new.shape[1] < longest else new.contiguous()

    # ---- the rest of the contract --------------------------------------------------------------------------------

    def refresh(self) -> None:
        self.embedding.table()
        self.logits.table()

    def weight_decayed(self) -> list[nn.Parameter]:
        """All matrices but the memories' decays, which zero would pull towards a span of two tokens."""
        spans = {id(memory.decay_logits) for memory in (self.memory1, self.memory2)}
        return [parameter for parameter in super().weight_decayed() if id(parameter) not in spans]

    def constrain(self) -> None:
        for part in (self.neurons, self.interneurons, self.memory1, self.memory2):
            part.constrain()

    @torch.no_grad()
    def gauges(self) -> tuple[Gauge, ...]:
        """What its input is blended from, window sizes in tokens, what the memories keep of themselves per token."""
        blend = zip(("token", "position", "pixel"), self.embedding.blend.softmax(0).tolist(), strict=True)
        found = [Gauge("blend", None, share, part) for part, share in blend]
        found += [Gauge("window", i, size) for i, size in enumerate(self.interneurons.sizes().tolist(), 1)]
        for i, memory in enumerate((self.memory1, self.memory2), 1):
            kept = memory.decays().mean((1, 2)).tolist()
            found += [Gauge("memory", i, share, part) for part, share in zip(SOURCES, kept, strict=False)]
        return tuple(found)

    @torch.no_grad()
    def source_shares(self, tokens: Tensor, pixels: Tensor, state: State) -> tuple[Gauge, ...]:
        """What each window weighs in the mix, and each source in what a memory passes on."""
        activations, _ = self._activate(tokens.t(), pixels.transpose(0, 1), state, None)
        first = self.interneurons(activations, state["history"])
        second, _ = self.memory1(first, state["memory1"].transpose(0, 1))
        weights = self.interneurons.cerebellum.abs().mean(1)
        found = [Gauge("window", i, weight) for i, weight in enumerate((weights / weights.sum()).tolist(), 1)]
        for i, (memory, inputs) in enumerate(((self.memory1, first), (self.memory2, (first + second) / 2)), 1):
            shares = zip(SOURCES, memory.shares(inputs).tolist(), strict=True)
            found += [Gauge("memory", i, share, part) for part, share in shares]
        return tuple(found)
