"""The llama brain in NumPy, one token at a time. Its definition is ``brain/species/llama.py``.

Shapes: C tokens of context, D width, H heads, G key heads, E head width, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from school.bodies.alone.layers import Linear, SelfState, Weights, sigmoid, softmax

EPSILON = 2**-23  # of its norms, where the body says no other


@dataclass(slots=True)
class State:
    """Keys and values of the last tokens, the latest last."""

    keys: np.ndarray  # (layers, G, C + 1, E), not turned yet
    values: np.ndarray
    heard: int = 0  # of them that hold a token

    def copy(self) -> State:
        return State(self.keys.copy(), self.values.copy(), self.heard)


def rms_normed(x: np.ndarray, weight: np.ndarray, epsilon: float) -> np.ndarray:
    return x / np.sqrt(np.mean(x * x, -1, keepdims=True) + np.float32(epsilon)) * weight


class LlamaBrain:
    def __init__(self, config: Mapping[str, Any], weights: Weights, *, marks: int, kept: list[float]):
        self._weights, self._layers, self._context = weights, config["layers"], config["context"]
        self._heads, self._key_heads = config["heads"], config["key_heads"]
        self._width, self._epsilon = config["embed_width"] // config["heads"], config.get("epsilon", EPSILON)
        self._words, self._speak = weights["tokens"], weights.get("speak")
        if self._speak is None:  # one table serves both
            self._words, self._speak = self._normed(self._words, "token_norm.weight"), self._words
        self._pixel, self._self_state = Linear(weights, "pixel"), SelfState(weights)
        speeds = 10_000.0 ** (-np.arange(0, self._width, 2, dtype=np.float32) / self._width)
        angles = (np.arange(-self._context, 1)[:, None] * speeds).astype(np.float32)
        self._cosine, self._sine = np.cos(angles), np.sin(angles)

    def fresh(self) -> State:
        """Of somebody who has not read a token yet."""
        shape = (self._layers, self._key_heads, self._context + 1, self._width)
        return State(np.zeros(shape, np.float32), np.zeros(shape, np.float32))

    def step(self, token: int, pixel: np.ndarray, state: State) -> tuple[np.ndarray, np.ndarray]:
        """Read a token under a colour ``pixel`` (3,); moves the state. Returns logits (V,) and the colour that
        it expects (3,)."""
        x = self._words[token] + self._pixel(pixel)
        state.heard = min(state.heard + 1, self._context + 1)
        for kept in (state.keys, state.values):
            kept[:, :, :-1] = kept[:, :, 1:]
        for number in range(self._layers):
            x = x + self._attend(number, x, state)
            x = x + self._feed(number, x)
        hidden = self._normed(x, "norm.weight")
        return self._speak @ hidden, self._self_state(hidden, pixel)

    read = step  # the last layer's part is small

    def _normed(self, x: np.ndarray, name: str) -> np.ndarray:
        return rms_normed(x, self._weights[name], self._epsilon)

    def _attend(self, number: int, x: np.ndarray, state: State) -> np.ndarray:
        name, weights = f"layers.{number}.", self._weights
        x = weights[f"{name}attention.read.weight"] @ self._normed(x, f"{name}attention_norm.weight")
        read = x.reshape(-1, self._width)
        queries, key, value = np.split(read, [self._heads, self._heads + self._key_heads])
        state.keys[number, :, -1], state.values[number, :, -1] = key, value
        keys, values = state.keys[number, :, -state.heard :], state.values[number, :, -state.heard :]
        turned = self._turned(keys, slice(-state.heard, None))  # (G, S, E)
        queries = self._turned(queries, -1).reshape(self._key_heads, -1, self._width)
        scores = queries @ turned.swapaxes(1, 2) / np.sqrt(np.float32(self._width))
        shares = softmax(scores.transpose(2, 0, 1)).transpose(1, 2, 0)
        return weights[f"{name}attention.write.weight"] @ (shares @ values).reshape(-1)

    def _turned(self, x: np.ndarray, places: Any) -> np.ndarray:
        """The pairs (x[i], x[i + E/2]) turned by the angles of their places."""
        first, second = np.split(x, 2, -1)
        cosine, sine = self._cosine[places], self._sine[places]
        return np.concatenate([first * cosine - second * sine, second * cosine + first * sine], -1)

    def _feed(self, number: int, x: np.ndarray) -> np.ndarray:
        name, weights = f"layers.{number}.feed", self._weights
        gate, content = np.split(weights[f"{name}.read.weight"] @ self._normed(x, f"{name}_norm.weight"), 2)
        return weights[f"{name}.write.weight"] @ (gate * sigmoid(gate) * content)
