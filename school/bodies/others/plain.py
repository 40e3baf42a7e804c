"""The llama brain as everybody else has one: two tables, a matrix for each purpose, and no colours.

Shapes: V vocabulary, D width, H heads, G key heads, E = D / H head width, F hidden width; matrices are (out, in).

Ours keeps queries, keys and values in one matrix, gate and content in another, and normalises its one table of token
vectors on the way in. Its colour is here that of somebody who feels nothing yet, and is added to each token's vector.
Turned pairs are (x[i], x[i + E/2]), as in Hugging Face's; others have neighbours (x[2i], x[2i + 1]).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from brain.species.llama_config import LlamaConfig
from school.bodies.body import Body
from school.bodies.compact import brain_of
from school.office.mistakes import Mistake
from school.teaching.examiner import NEUTRAL
from school.texts.tokenizer import MARK_COUNT, Tokenizer

THETA = 10_000.0  # of the rotations


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    attention_norm: Tensor  # (D,)
    queries: Tensor  # (D, D)
    keys: Tensor  # (G E, D)
    values: Tensor  # (G E, D)
    attended: Tensor  # (D, D)
    feed_norm: Tensor  # (D,)
    gate: Tensor  # (F, D)
    content: Tensor  # (F, D)
    fed: Tensor  # (D, F)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plain:
    """``places``: how many tokens it attends to, the last one included; ``speak``: the output's table."""

    heads: int
    key_heads: int
    places: int
    epsilon: float
    tokens: Tensor  # (V, D)
    layers: tuple[Layer, ...]
    norm: Tensor  # (D,)
    speak: Tensor  # (V, D)

    @property
    def width(self) -> int:
        return self.tokens.shape[1]

    @property
    def hidden_width(self) -> int:
        return len(self.layers[0].gate)

    def rows(self, ids: list[int]) -> Plain:
        """With these tokens only, in this order."""
        return replace(self, tokens=self.tokens[ids], speak=self.speak[ids])

    def with_neighbours(self) -> Plain:
        """With turned pairs that are neighbours."""
        return self._turned(lambda x: x.unflatten(1, (2, -1)).transpose(1, 2).flatten(1, 2))

    def with_halves(self) -> Plain:
        """The other way round."""
        return self._turned(lambda x: x.unflatten(1, (-1, 2)).transpose(1, 2).flatten(1, 2))

    def _turned(self, order: Any) -> Plain:
        """``order`` moves the rows (H, E, D) of each head."""

        def turned(matrix: Tensor, heads: int) -> Tensor:
            return order(matrix.unflatten(0, (heads, -1))).flatten(0, 1).contiguous()

        layers = tuple(
            replace(layer, queries=turned(layer.queries, self.heads), keys=turned(layer.keys, self.key_heads))
            for layer in self.layers
        )
        return replace(self, layers=layers)


@torch.no_grad()
def plain_of(body: Body) -> Plain:
    """Raises Mistake for another species, which no other program knows."""
    if body.card.species != "llama":
        raise Mistake(
            f"{body.card.species} is a species of brain that no other program knows; only a llama (brain.species = "
            '"llama", at its birth) can be exported. What anybody can talk with: share FILE.pyz or FILE.html.'
        )
    brain = brain_of(body, Tokenizer.from_json(body.tokenizer))
    colour = brain.pixel(torch.full((3,), NEUTRAL))
    config, weights = body.config, dict(brain.named_parameters())
    return Plain(
        heads=config["heads"],
        key_heads=config["key_heads"],
        places=config["context"] + 1,
        epsilon=config.get("epsilon", LlamaConfig().epsilon),
        tokens=brain.token_norm(brain.tokens) + colour,
        layers=tuple(_layer(weights, number, config) for number in range(config["layers"])),
        norm=brain.norm.weight.detach(),
        speak=weights.get("speak", brain.tokens).detach(),
    )


def _layer(weights: Mapping[str, Tensor], number: int, config: Mapping[str, Any]) -> Layer:
    def of(name: str) -> Tensor:
        return weights[f"layers.{number}.{name}"].detach()

    width = config["embed_width"] // config["heads"]
    shares = [config["heads"] * width, *[config["key_heads"] * width] * 2]
    queries, keys, values = of("attention.read.weight").split(shares)
    gate, content = of("feed.read.weight").chunk(2)
    return Layer(
        attention_norm=of("attention_norm.weight"),
        queries=queries,
        keys=keys,
        values=values,
        attended=of("attention.write.weight"),
        feed_norm=of("feed_norm.weight"),
        gate=gate,
        content=content,
        fed=of("feed.write.weight"),
    )


def weights_of(plain: Plain) -> dict[str, Tensor]:
    """Those of a brain with two tables, which has our marks before its tokens and never says them; but for the parts
    that are about colours."""
    marks = plain.tokens.new_zeros(MARK_COUNT, plain.width)
    found = {
        "tokens": torch.cat([marks, plain.tokens]),
        "speak": torch.cat([marks, plain.speak]),
        "norm.weight": plain.norm,
    }
    for number, layer in enumerate(plain.layers):
        own = {
            "attention_norm.weight": layer.attention_norm,
            "attention.read.weight": torch.cat([layer.queries, layer.keys, layer.values]),
            "attention.write.weight": layer.attended,
            "feed_norm.weight": layer.feed_norm,
            "feed.read.weight": torch.cat([layer.gate, layer.content]),
            "feed.write.weight": layer.fed,
        }
        found |= {f"layers.{number}.{name}": tensor for name, tensor in own.items()}
    return found
