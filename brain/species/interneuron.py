"""The default species: embedding, neurons, windows, two memory layers, logits, self-state. No attention.

Shapes: B streams, T tokens, V vocabulary, D embedding width, N neurons, L longest window.
Inside, time leads (T, B, ...), so that the recurrences walk over contiguous memory.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from brain.contract import Brain, BrainOutput, State
from brain.layers.embedding import BlendedNorm, Embedding, turn_positions
from brain.layers.memory import MemoryLayer
from brain.layers.spelling import Parts, Spelling, shared_parts
from brain.layers.windows import InterneuronNetwork
from brain.layers.words import WordMemory
from brain.ops.dropout import dropout_mask
from brain.ops.linear import Linear, linear
from brain.ops.native import Call, kernels_for
from brain.selfstate import SelfStateHead

MOST_TOGETHER = 16  # streams that the step's kernel takes; measured faster with 1 and with 3
HEARD = ("short", "long", "present", "answer")  # what a memory layer chooses between
CARRIED = ("position", "history", "memory1", "memory2")  # the state that the step's kernel makes, in its order


class _Fire(torch.autograd.Function):
    """Bias, GELU and silence by the kernels, in one pass over memory forward and one backward."""

    @staticmethod
    def forward(ctx, sums: Tensor, bias: Tensor, heard: Tensor) -> Tensor:
        out, ctx.shape = torch.empty_like(sums), (sums[..., 0].numel(), *heard.shape)
        kernels_for(sums)("fire_forward", sums, bias, heard, out, *ctx.shape)
        ctx.save_for_backward(sums, bias, heard)
        return out

    @staticmethod
    def backward(ctx, grad: Tensor):
        sums, bias, heard = ctx.saved_tensors
        grad_sums, grad_bias = torch.empty_like(sums), bias.new_zeros(torch.get_num_threads(), *bias.shape)
        given = sums, bias, heard, grad.contiguous()
        kernels_for(sums)("fire_backward", *given, grad_sums, grad_bias, *ctx.shape)
        return grad_sums, grad_bias.sum(0), None


class Neurons(nn.Module):
    """N parallel neurons, one number each per token: GELU of a scaled dot product with a row of unit norm or less."""

    def __init__(self, width: int, neurons: int):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.rows = nn.Parameter(F.normalize(torch.randn(neurons, width), dim=1))
        self.bias = nn.Parameter(torch.zeros(neurons))
        self.gain = nn.Parameter(torch.ones(()))

    def forward(self, x: Tensor, heard: Tensor) -> Tensor:
        """``x`` (T, B, D); ``heard`` (B, N): what counts of each neuron in this block, 0 or more."""
        sums = linear(self.norm(x) * self.gain, self.rows)
        if kernels_for(sums):
            return _Fire.apply(sums, self.bias, heard)
        return F.gelu(sums + self.bias) * heard

    @torch.no_grad()
    def constrain(self) -> None:
        self.rows.div_(self.rows.norm(dim=1, keepdim=True).clamp(min=1))


class Logits(nn.Module):
    """Activations to words: through a narrow layer of thoughts, then against every token's vector."""

    def __init__(self, neurons: int, width: int, vocabulary: int, *, blend_norm: bool, parts: Parts | None = None):
        super().__init__()
        self.norm = BlendedNorm(neurons)
        self.think = Linear(neurons, width)
        self.thought_norm = nn.LayerNorm(width)
        self.speak = nn.Linear(width, vocabulary)
        self.spelling = Spelling(parts, width, size=0.0) if parts else None
        self.blend = BlendedNorm(vocabulary) if blend_norm else nn.Identity()

    def forward(self, activations: Tensor) -> tuple[Tensor, Tensor]:
        """(T, B, N) -> thoughts (T, B, D), logits (T, B, V)."""
        thoughts = self.thought_norm(self.think(self.norm(activations)))
        return thoughts, self.blend(linear(thoughts, self.table(), self.speak.bias))

    def table(self) -> Tensor:
        """What each word listens for in a thought, (V, D)."""
        return self.speak.weight if self.spelling is None else self.spelling(self.speak.weight)


class InterneuronBrain(Brain):
    def __init__(
        self,
        vocabulary: int,
        *,
        pieces: Sequence[bytes],
        turn_tokens: int,
        embed_width: int,
        neurons: int,
        windows: tuple[float, ...],
        longest_window: int,
        bottleneck: int,
        memory_width: int,
        thought_width: int,
        positions: int,
        dropout: float,
        echo: bool = True,
        spelling: bool = True,
        word_memory: bool = True,
        neurons_per_gate: int = 1,
        shared_cerebellum: bool = False,
        shared_decays: bool = False,
        blend_logit_norm: bool = True,
    ):
        super().__init__()
        self.turn_tokens, self.position_limit = turn_tokens, positions
        self.neuron_count, self.longest_window, self.dropout = neurons, longest_window, dropout
        parts = shared_parts(pieces) if spelling else None
        self.embedding = Embedding(vocabulary, embed_width, positions, echo=echo, parts=parts)
        self.neurons = Neurons(embed_width, neurons)
        self.interneurons = InterneuronNetwork(
            neurons,
            windows=windows,
            longest=longest_window,
            bottleneck=bottleneck,
            shared_cerebellum=shared_cerebellum,
        )
        memory = {"width": memory_width, "gates": neurons // neurons_per_gate, "shared_decays": shared_decays}
        self.memory1 = MemoryLayer(neurons, short=0.7, long=0.95, **memory)
        self.memory2 = MemoryLayer(neurons, short=0.9, long=0.99, **memory)
        self.logits = Logits(neurons, thought_width, vocabulary, blend_norm=blend_logit_norm, parts=parts)
        self.words = WordMemory(vocabulary, thought_width, marks=turn_tokens) if word_memory else None
        self.self_state = SelfStateHead(thought_width)
        self._initialise()
        self._spoken, self._shape = self._for_speaking(), self._sizes()

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
        device = self.neurons.bias.device
        neurons = self.neuron_count
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

    def forward(
        self, tokens: Tensor, pixels: Tensor, state: State, *, dropout: torch.Generator | None = None
    ) -> BrainOutput:
        tokens, pixels = tokens.t(), pixels.transpose(0, 1)
        activations, position = self._fire(tokens, pixels, state, dropout if self.dropout else None)
        first = self.interneurons(activations, state["history"])
        second, memory1 = self.memory1(first, state["memory1"].transpose(0, 1))
        third, memory2 = self.memory2((first + second) / 2, state["memory2"].transpose(0, 1))
        thoughts, logits = self.logits(third)
        logits, words = self._recall(logits, thoughts, tokens, state)
        after = words | {
            "history": self._latest(state["history"], activations),
            "memory1": memory1.transpose(0, 1),
            "memory2": memory2.transpose(0, 1),
            "position": position,
            "previous": tokens[-1],
        }
        after = {name: tensor.detach().contiguous() for name, tensor in after.items()}
        expected = self.self_state(thoughts, pixels)
        logits, expected, thoughts = (tensor.transpose(0, 1) for tensor in (logits, expected, thoughts))
        return BrainOutput(logits, expected, after, thoughts)

    def _recall(
        self, logits: Tensor, thoughts: Tensor, tokens: Tensor, state: State
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """What the memory of words, if there is one, adds to ``logits`` (T, B, V), and its state after ``tokens``."""
        if self.words is None:
            return logits, {}
        logits, counts = self.words(logits, thoughts, tokens, state["words"].transpose(0, 1))
        return logits, {"words": counts.transpose(0, 1)}

    def _fire(
        self, tokens: Tensor, pixels: Tensor, state: State, dropout: torch.Generator | None
    ) -> tuple[Tensor, Tensor]:
        """``tokens`` (T, B), ``pixels`` (T, B, 3) -> activations (T, B, N), position after them (B,)."""
        positions, position = turn_positions(tokens, state["position"], self.turn_tokens, self.position_limit)
        heard = self._heard(tokens.shape[1], pixels, dropout)
        return self.neurons(self.embedding(tokens, state["previous"], positions, pixels, dropout), heard), position

    def step(self, token: Tensor, pixel: Tensor, state: State) -> BrainOutput:
        run = kernels_for(pixel, self.neurons.bias)
        if run is None or torch.is_grad_enabled() or len(token) > MOST_TOGETHER:
            return super().step(token, pixel, state)
        return self._speak(run, token, pixel, state)

    def _speak(self, run: Call, token: Tensor, pixel: Tensor, state: State) -> BrainOutput:
        """One token per stream in one call."""
        spelled = {id(self.embedding.tokens): self.embedding.table(), id(self.logits.speak.weight): self.logits.table()}
        weights = torch.tensor([spelled.get(id(part), part).data_ptr() for part in self._spoken])
        sizes = [len(token), *self._shape]
        given = [state[name].contiguous() for name in CARRIED]
        after = [torch.empty_like(tensor) for tensor in given]
        _, vocabulary, width, neurons, _, _, bottleneck, memory, thought, hidden, *_ = sizes
        logits, thoughts = (pixel.new_empty(len(token), size) for size in (vocabulary, thought))
        expected = torch.empty_like(pixel)
        floats = width + 5 * neurons + 2 * bottleneck + 3 * memory + thought + vocabulary + hidden
        scratch = pixel.new_empty(len(token) * floats)
        token, previous = token.contiguous(), state["previous"].contiguous()
        run(
            "step", weights, torch.tensor(sizes), token, previous, pixel.contiguous(), *given,
            *after, logits, expected, thoughts, scratch,
        )  # fmt: skip
        after = dict(zip(CARRIED, after, strict=True), previous=token)
        recalled, words = self._recall(logits[None], thoughts[None], token[None], state)
        return BrainOutput(recalled[0], expected, after | {name: each.contiguous() for name, each in words.items()})

    def _sizes(self) -> list[int]:
        """In the order of ``Shape`` in kernels.c, after the number of streams."""
        embedding, logits = self.embedding, self.logits
        return [
            *embedding.tokens.shape,
            self.neuron_count,
            len(self.interneurons.log_sizes),
            self.longest_window,
            self.interneurons.refine[1].out_features,
            self.memory1.reduce.out_features,
            logits.think.out_features,
            self.self_state.layers[0].out_features,
            self.memory1.gates,
            self.position_limit,
            self.turn_tokens,
            int(self.interneurons.cerebellum.shape[1] == 1),
            int(self.memory1.decay_logits.shape[2] == 1),
            int(isinstance(logits.blend, BlendedNorm)),
            int(embedding.before is not None),
        ]

    def _for_speaking(self) -> list[nn.Parameter]:
        """Its parameters in the order in which kernels.c names them."""
        embedding, neurons, network, logits = self.embedding, self.neurons, self.interneurons, self.logits
        echo = embedding.tokens if embedding.before is None else embedding.before
        ordered: list[nn.Parameter | nn.Module] = [embedding.tokens, echo, embedding.positions, embedding.pixel]
        ordered += [embedding.norm.norm, embedding.norm.scales, embedding.blend, neurons.norm, neurons.rows]
        ordered += [neurons.bias, neurons.gain, network.log_sizes, network.cerebellum, network.refine]
        for memory in (self.memory1, self.memory2):
            ordered += [memory.decay_logits, memory.norm, memory.reduce, memory.gate, memory.project, memory.answer]
        ordered += [logits.norm.norm, logits.norm.scales, logits.think, logits.thought_norm, logits.speak]
        ordered += [self.self_state]
        if isinstance(logits.blend, BlendedNorm):
            ordered += [logits.blend.norm, logits.blend.scales]
        parts = [[part] if isinstance(part, nn.Parameter) else part.parameters() for part in ordered]
        return [parameter for part in parts for parameter in part]

    def _latest(self, history: Tensor, activations: Tensor) -> Tensor:
        """The last L tokens of (B, L, N) and (T, B, N), batch first."""
        new = activations.detach()[-self.longest_window :].transpose(0, 1)
        return torch.cat([history[:, new.shape[1] :], new], 1) if new.shape[1] < self.longest_window else new

    def _heard(self, streams: int, like: Tensor, rng: torch.Generator | None) -> Tensor:
        """How much of each neuron counts, (B, N): a share of them is silenced, per stream and for the whole block (Gal
        and Ghahramani 2016, "A theoretically grounded application of dropout in recurrent neural networks"). One that
        is silent now is silent in the windows and memories too, and it costs one draw per block, not one per token."""
        if rng is None:
            return like.new_ones(streams, self.neuron_count)
        return dropout_mask((streams, self.neuron_count), self.dropout, rng, like.device)

    def settle(self) -> None:
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
    def gauges(self) -> dict[str, float]:
        blend = self.embedding.blend.softmax(0).tolist()
        named = dict(zip(("blend_token", "blend_position", "blend_pixel"), blend, strict=True))
        for i, size in enumerate(self.interneurons.sizes().tolist(), 1):
            named[f"window{i}"] = size
        for name, memory in (("memory1", self.memory1), ("memory2", self.memory2)):
            short, long = memory.decays().mean((1, 2)).tolist()
            named |= {f"{name}_short": short, f"{name}_long": long}
        return named

    @torch.no_grad()
    def listening(self, tokens: Tensor, pixels: Tensor, state: State) -> dict[str, float]:
        """What each window weighs in the mix, and what share of its attention each memory gives to its sources."""
        activations, _ = self._fire(tokens.t(), pixels.transpose(0, 1), state, None)
        first = self.interneurons(activations, state["history"])
        second, _ = self.memory1(first, state["memory1"].transpose(0, 1))
        weights = self.interneurons.cerebellum.abs().mean(1)
        named = {f"window{i}_weight": weight for i, weight in enumerate((weights / weights.sum()).tolist(), 1)}
        for name, memory, heard in (("memory1", self.memory1, first), ("memory2", self.memory2, (first + second) / 2)):
            shares = memory.shares(heard).tolist()
            named |= {f"{name}_{source}_share": share for source, share in zip(HEARD, shares, strict=True)}
        return named
