"""The control species: a transformer in the manner of Llama (Touvron et al. 2023) that remembers a window of the past.

RMSNorm before every branch (Zhang and Sennrich 2019), rotary positions (Su et al. 2021), queries that share keys in
groups (Ainslie et al. 2023), SwiGLU (Shazeer 2020), one table of token vectors for input and output (brains that were
born elsewhere have two).

Shapes: B streams, T tokens, C tokens of context, D width, L layers, H heads, G key heads, E = D / H head width.

Every token attends to itself and the C tokens before it, in a block and in a step alike. Keys are kept as they were
before rotation and turned by their place in the window, so nothing that is carried counts the tokens of a life: after
years of talk the rotations are those of the first minute, and as exact.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from brain.contract import Brain, BrainOutput, State
from brain.gauges import Gauge
from brain.layers.linear import Linear
from brain.ops.backend import Backend
from brain.ops.dropout import Generator, dropout_mask
from brain.selfstate import SelfStateHead
from brain.species.llama_config import LlamaConfig


def rotations(places: range, width: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Cosine and sine of every place's angles, each (places, width / 2); wavelengths as in Su et al. 2021."""
    speeds = 10_000.0 ** (-torch.arange(0, width, 2, device=device) / width)
    angles = torch.arange(places.start, places.stop, device=device)[:, None] * speeds
    return angles.cos(), angles.sin()


def rotate(x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """Turn the pairs (x[i], x[i + E/2]) of (..., S, E) by the angles of their S places."""
    first, second = x.chunk(2, -1)
    return torch.cat([first * cosine - second * sine, second * cosine + first * sine], -1)


def visible(tokens: int, context: int, known: Tensor) -> Tensor:
    """Which of the C + T places each token may attend to: itself and the C before it, none before the stream began.

    ``known`` (B,): how many of the C kept places hold a token; they are the last ones. Returns bool (B, 1, T, C+T).
    """
    place = torch.arange(context + tokens, device=known.device)
    own = place[context:, None]
    window = (place <= own) & (place >= own - context)
    filled = place >= context - known[:, None]
    return (window & filled[:, None])[:, None]


def drop_channels(x: Tensor, share: float, rng: Generator | None) -> Tensor:
    """Drop a share of the channels of (B, T, D), per stream and for the whole block (Gal and Ghahramani 2016)."""
    if rng is None or not share:
        return x
    return x * dropout_mask((len(x), 1, x.shape[-1]), share, rng, x.device)


class Attention(nn.Module):
    def __init__(self, width: int, heads: int, key_heads: int, *, backend: Backend):
        super().__init__()
        self.heads, self.key_heads, self.head_width = heads, key_heads, width // heads
        self.read = Linear(width, (heads + 2 * key_heads) * self.head_width, bias=False, backend=backend)
        self.write = Linear(width, width, bias=False, backend=backend)

    def forward(
        self, x: Tensor, keys: Tensor, values: Tensor, angles: tuple[Tensor, Tensor], mask: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """``x`` (B, T, D); ``keys``, ``values`` (B, G, C, E) of the tokens before -> (B, T, D), both (B, G, C+T, E)."""
        read = self.read(x).unflatten(-1, (-1, self.head_width)).transpose(1, 2)
        queries, new_keys, new_values = read.split([self.heads, self.key_heads, self.key_heads], 1)
        keys, values = torch.cat([keys, new_keys], 2), torch.cat([values, new_values], 2)
        latest = [angle[-x.shape[1] :] for angle in angles]
        heads = F.scaled_dot_product_attention(
            rotate(queries, *latest), rotate(keys, *angles), values, attn_mask=mask, enable_gqa=True
        )
        return self.write(heads.transpose(1, 2).flatten(2)), keys, values


def rms(values: Tensor) -> float:
    return values.square().mean().sqrt().item()


class SwiGLU(nn.Module):
    def __init__(self, width: int, hidden: int, *, backend: Backend):
        super().__init__()
        self.read = Linear(width, 2 * hidden, bias=False, backend=backend)
        self.write = Linear(hidden, width, bias=False, backend=backend)

    def forward(self, x: Tensor) -> Tensor:
        gate, content = self.read(x).chunk(2, -1)
        return self.write(F.silu(gate) * content)


class Layer(nn.Module):
    def __init__(self, config: LlamaConfig, *, backend: Backend):
        super().__init__()
        width = config.embed_width
        self.attention_norm = nn.RMSNorm(width, config.epsilon)
        self.attention = Attention(width, config.heads, config.key_heads, backend=backend)
        self.feed_norm = nn.RMSNorm(width, config.epsilon)
        self.feed = SwiGLU(width, config.hidden_width, backend=backend)


class LlamaBrain(Brain):
    def __init__(self, config: LlamaConfig, *, vocabulary: int, backend: Backend):
        super().__init__(backend)
        self.context, self.dropout = config.context, config.dropout
        self.tokens = nn.Parameter(torch.randn(vocabulary, config.embed_width))
        self.token_norm = nn.RMSNorm(config.embed_width, config.epsilon) if config.tied else nn.Identity()
        self.speak = None if config.tied else nn.Parameter(torch.randn(vocabulary, config.embed_width))
        self.pixel = nn.Linear(3, config.embed_width)
        self.layers = nn.ModuleList(Layer(config, backend=backend) for _ in range(config.layers))
        self.norm = nn.RMSNorm(config.embed_width, config.epsilon)
        self.self_state = SelfStateHead(config.embed_width)
        self._initialise()

    @torch.no_grad()
    def _initialise(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Linear):
                module.weight.normal_(std=1 / math.sqrt(module.in_features))
                if module.bias is not None:
                    module.bias.zero_()
        for layer in self.layers:  # all branches together write as much as one (Radford et al. 2019)
            for branch in (layer.attention, layer.feed):
                branch.write.weight.div_(math.sqrt(2 * len(self.layers)))
        self.pixel.weight.mul_(0.1)
        # A token's own vector is in its hidden state, and tied: at this scale it raises its own logit by two, not by D.
        for table in self._tables():
            table.mul_(2 / table.shape[1])

    def _tables(self) -> list[Tensor]:
        """Of token vectors: the input's and the output's, which mostly are one."""
        return [self.tokens] if self.speak is None else [self.tokens, self.speak]

    def fresh_state(self, streams: int) -> State:
        attention = self.layers[0].attention
        window = (streams, len(self.layers), attention.key_heads, self.context, attention.head_width)
        device = self.tokens.device
        return {
            "keys": torch.zeros(window, device=device),
            "values": torch.zeros(window, device=device),
            "heard": torch.zeros(streams, dtype=torch.int64, device=device),  # tokens in the window; a name in souls
        }

    def forward(self, tokens: Tensor, pixels: Tensor, state: State, *, dropout: Generator | None = None) -> BrainOutput:
        length = tokens.shape[1]
        places = range(-self.context, length)  # small numbers for what is near: of large ones angles are less exact
        angles = rotations(places, self.layers[0].attention.head_width, tokens.device)
        mask = visible(length, self.context, state["heard"])
        x = self.token_norm(F.embedding(tokens, self.tokens)) + self.pixel(pixels)
        x = drop_channels(x, self.dropout, dropout)
        kept = {"keys": [], "values": []}
        for i, layer in enumerate(self.layers):
            past = state["keys"][:, i], state["values"][:, i]
            attended, keys, values = layer.attention(layer.attention_norm(x), *past, angles, mask)
            x = x + drop_channels(attended, self.dropout, dropout)
            x = x + drop_channels(layer.feed(layer.feed_norm(x)), self.dropout, dropout)
            kept["keys"].append(keys.detach()[:, :, length:])
            kept["values"].append(values.detach()[:, :, length:])
        hidden = self.norm(x)
        after = {name: torch.stack(windows, 1) for name, windows in kept.items()}
        after["heard"] = (state["heard"] + length).clamp(max=self.context)
        logits = F.linear(hidden, self._tables()[-1])
        return BrainOutput(logits, self.self_state(hidden, pixels), after, hidden)

    @torch.no_grad()
    def gauges(self) -> tuple[Gauge, ...]:
        """What the colour contributes to a token's vector beside the token itself, and how much each layer's branches
        add: root mean squares, of a grey pixel's vector and of the matrices."""
        token = rms(self.tokens if self.speak is not None else self.token_norm.weight)
        pixel = rms(self.pixel(self.tokens.new_full((3,), 0.5)))
        found = [
            Gauge("blend", None, size / (token + pixel), part) for part, size in (("token", token), ("pixel", pixel))
        ]
        for i, layer in enumerate(self.layers, 1):
            branches = (("attention", layer.attention), ("feed", layer.feed))
            found += [Gauge("layer", i, rms(branch.write.weight), part) for part, branch in branches]
        return tuple(found)

    def weight_decayed(self) -> list[nn.Parameter]:
        """All matrices but the token vectors: a rare word's would fade between two of its occurrences."""
        tables = self._tables()
        return [parameter for parameter in super().weight_decayed() if all(parameter is not table for table in tables)]
