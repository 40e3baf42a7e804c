"""The llama brain in NumPy, one token at a time. Its definition is ``brain/species/llama.py``.

Shapes: C tokens of context, D width, H heads, G key heads, E head width, F width between attentions, V vocabulary.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from school.bodies.alone.layers import Linear, SelfState, Weights, laid_out

EPSILON = 2**-23  # of its norms, where the body says no other
ROOM = 2  # how many times what it looks back at fits into what is kept; the more, the less is moved


@dataclass(slots=True)
class State:
    """Keys and values of the last tokens, up to ``end``; (layers, G, ROOM * (C + 1), E)."""

    keys: np.ndarray  # as they are
    turned: np.ndarray  # by their place
    values: np.ndarray
    end: int = 0
    heard: int = 0  # tokens that it looks back at

    def copy(self) -> State:
        return State(self.keys.copy(), self.turned.copy(), self.values.copy(), self.end, self.heard)


class LlamaBrain:
    def __init__(self, config: Mapping[str, Any], weights: Weights, *, marks: int, kept: list[float]):
        self._context, self._heads, self._key_heads = config["context"], config["heads"], config["key_heads"]
        self._width, self._epsilon = config["embed_width"] // config["heads"], config.get("epsilon", EPSILON)
        self._words, self._speak = weights["tokens"], weights.get("speak")
        if self._speak is None:  # one table serves both
            squares = np.mean(self._words**2, -1, keepdims=True)
            self._speak, norm = self._words, weights["token_norm.weight"]
            self._words = self._words / np.sqrt(squares + np.float32(self._epsilon)) * norm
        self._speak = laid_out(self._speak)
        self._pixel, self._self_state = Linear(weights, "pixel"), SelfState(weights)
        self._layers = [self._layer(weights, f"layers.{number}.") for number in range(config["layers"])]
        self._norm = weights["norm.weight"]
        speeds = 10_000.0 ** (-np.arange(0, self._width, 2) / self._width)
        angles = np.arange(ROOM * (self._context + 1))[:, None] * speeds
        self._cosine, self._sine = np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)

    def _layer(self, weights: Weights, name: str) -> tuple[np.ndarray, ...]:
        """Its matrices, with each norm's weight in the one that reads what was normed."""
        read = weights[f"{name}attention.read.weight"] * weights[f"{name}attention_norm.weight"]
        feed = weights[f"{name}feed.read.weight"] * weights[f"{name}feed_norm.weight"]
        written = (weights[f"{name}{part}.write.weight"] for part in ("attention", "feed"))
        return tuple(map(laid_out, (read, feed, *written)))

    def fresh(self) -> State:
        """Of somebody who has not read a token yet."""
        shape = (len(self._layers), self._key_heads, ROOM * (self._context + 1), self._width)
        return State(*(np.zeros(shape, np.float32) for _ in range(3)))

    def step(self, token: int, pixel: np.ndarray, state: State) -> tuple[np.ndarray, np.ndarray]:
        """Read a token under a colour ``pixel`` (3,); moves the state. Returns logits (V,) and the colour that
        it expects (3,)."""
        x = self._words[token] + self._pixel(pixel)
        self._make_room(state)
        for number, (read, feed, write, fed) in enumerate(self._layers):
            x = x + write @ self._attend(number, read @ self._normed(x), state)
            gate, content = (feed @ self._normed(x)).reshape(2, -1)
            x = x + fed @ (gate * content / (1 + np.exp(-gate)))
        hidden = self._normed(x) * self._norm
        return self._speak @ hidden, self._self_state(hidden, pixel)

    read = step  # the last layer's part is small

    def _normed(self, x: np.ndarray) -> np.ndarray:
        return x * np.float32(1 / math.sqrt(float(x @ x) / len(x) + self._epsilon))

    def _make_room(self, state: State) -> None:
        """For one token more. What moves to the beginning is turned anew, so no angle grows with a life's length."""
        if state.end == state.keys.shape[2]:
            for kept in (state.keys, state.values):
                kept[:, :, : self._context] = kept[:, :, kept.shape[2] - self._context :]
            places = slice(0, self._context)
            state.turned[:, :, places] = self._turned(state.keys[:, :, places], places)
            state.end = self._context
        state.end += 1
        state.heard = min(state.heard + 1, self._context + 1)

    def _attend(self, number: int, read: np.ndarray, state: State) -> np.ndarray:
        """What the heads find, (D,); ``read`` are queries, keys and values of the token, one after the other."""
        rows, own = read.reshape(-1, self._width), state.end - 1
        known, back = self._heads + self._key_heads, slice(state.end - state.heard, state.end)
        turned = self._turned(rows[:known], own)
        state.keys[number, :, own], state.values[number, :, own] = rows[self._heads : known], rows[known:]
        state.turned[number, :, own] = turned[self._heads :]
        queries = turned[: self._heads].reshape(self._key_heads, -1, self._width)
        scores = queries @ state.turned[number, :, back].swapaxes(1, 2) * np.float32(1 / math.sqrt(self._width))
        shares = np.exp(scores - scores.max(-1, keepdims=True))
        shares /= shares.sum(-1, keepdims=True)
        return (shares @ state.values[number, :, back]).reshape(-1)

    def _turned(self, x: np.ndarray, places: Any) -> np.ndarray:
        """The pairs (x[i], x[i + E/2]) turned by the angles of their places."""
        first, second = np.split(x, 2, -1)
        cosine, sine = self._cosine[places], self._sine[places]
        return np.concatenate([first * cosine - second * sine, second * cosine + first * sine], -1)
