"""The interneuron brain in NumPy, one token at a time. Its definition is ``brain/species/interneuron.py``.

Shapes: N neurons, L longest window, K windows, G gates, D width, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from school.bodies.alone.layers import (
    BlendedNorm,
    Linear,
    Norm,
    SelfState,
    Weights,
    gelu,
    laid_out,
    normed,
    sigmoid,
    softmax,
)

ROOM = 4  # how many times the longest window fits into what is kept of the past; the more, the less is moved


@dataclass(slots=True)
class State:
    """What it carries from token to token."""

    past: np.ndarray  # (ROOM * L, N): what the neurons did, up to ``end``
    end: int
    averages: list[np.ndarray]  # of each memory layer (2, N)
    counts: np.ndarray  # (2, V) of every word
    position: int = 0  # tokens since the last mark
    previous: int = 0

    def copy(self) -> State:
        averages = [each.copy() for each in self.averages]
        return State(self.past.copy(), self.end, averages, self.counts.copy(), self.position, self.previous)


class InterneuronBrain:
    """``config`` and ``weights`` as they lie in a body: there the tables of tokens are finished, and the shared parts
    of their spelling are in them already."""

    def __init__(self, config: Mapping[str, Any], weights: Weights, *, marks: int, kept: list[float]):
        self._marks, self._last_place = marks, config["positions"] - 1
        self._neurons, self._longest = config["neurons"], config["longest_window"]
        token, place, colour = softmax(weights["embedding.blend"])
        self._words = token * BlendedNorm(weights, "embedding.norm")(weights["embedding.tokens"])
        self._echoes = token * weights["embedding.before"] if "embedding.before" in weights else None
        self._places = place * weights["embedding.positions"] + colour * weights["embedding.pixel.bias"]
        self._colours = colour * weights["embedding.pixel.weight"]
        self._norm, self._bias = Norm(weights, "neurons.norm"), weights["neurons.bias"]
        self._rows = laid_out(weights["neurons.gain"] * weights["neurons.rows"])
        sizes = np.exp(weights["interneurons.log_sizes"])[:, None]
        ages = np.arange(self._longest - 1, -1, -1, dtype=np.float32)
        self._windows = np.clip(sizes - ages, 0, 1) / sizes  # (K, L)
        self._mix = weights["interneurons.cerebellum"]
        self._refine = [Norm(weights, "interneurons.refine.0"), Linear(weights, "interneurons.refine.1")]
        self._refine += [gelu, Norm(weights, "interneurons.refine.3"), Linear(weights, "interneurons.refine.4")]
        gates = self._neurons // config["neurons_per_gate"]
        self._memories = [_Memory(weights, name, gates) for name in ("memory1", "memory2")]
        self._out_norm, self._think = BlendedNorm(weights, "logits.norm"), Linear(weights, "logits.think")
        self._thought_norm, self._speak = Norm(weights, "logits.thought_norm"), Linear(weights, "logits.speak")
        self._blend = BlendedNorm(weights, "logits.blend")
        self._word_memory = config["word_memory"]
        if self._word_memory:
            self._kept = np.array(kept, np.float32)[:, None]
            self._counted, self._gate = weights["words.weight"], Linear(weights, "words.gate")
        self._self_state = SelfState(weights)
        self._vocabulary = len(weights["embedding.tokens"])

    def fresh(self) -> State:
        """Of somebody who has not read a token yet."""
        past = np.zeros((ROOM * self._longest, self._neurons), np.float32)
        averages = [np.zeros((2, self._neurons), np.float32) for _ in self._memories]
        return State(past, self._longest, averages, np.zeros((2, self._vocabulary), np.float32))

    def step(self, token: int, pixel: np.ndarray, state: State) -> tuple[np.ndarray, np.ndarray]:
        """Read a token under a colour ``pixel`` (3,); moves the state. Returns logits (V,), the colour expected (3,).

        The parts are named as in the definition.
        """
        return self._answer(token, pixel, self._activate(token, pixel, state), state)

    def read(self, token: int, pixel: np.ndarray, state: State) -> None:
        """As ``step``, where nobody wants to hear what it makes of it."""
        self._activate(token, pixel, state)

    def _activate(self, token: int, pixel: np.ndarray, state: State) -> np.ndarray:
        """Up to the second memory, (N,)."""
        state.position = 0 if token < self._marks else min(state.position + 1, self._last_place)
        embedded = self._words[token] + self._places[state.position] + self._colours @ pixel
        if self._echoes is not None:
            embedded = embedded + self._echoes[state.previous]
        state.previous = token
        if self._word_memory:
            state.counts *= self._kept
            if token >= self._marks:
                state.counts[:, token] += 1
        activations = gelu(self._rows @ self._norm(embedded) + self._bias)
        means = self._windows @ self._remember(activations, state)
        mixed = activations + (means * self._mix).sum(0)
        first = mixed
        for part in self._refine:
            first = part(first)
        first = mixed + first
        second = self._memories[0](first, state.averages[0])
        return self._memories[1]((first + second) / 2, state.averages[1])

    def _remember(self, activations: np.ndarray, state: State) -> np.ndarray:
        """The last L tokens' activations, these included, (L, N)."""
        if state.end == len(state.past):
            state.past[: self._longest] = state.past[-self._longest :]
            state.end = self._longest
        state.past[state.end] = activations
        state.end += 1
        return state.past[state.end - self._longest : state.end]

    def _answer(
        self, token: int, pixel: np.ndarray, activations: np.ndarray, state: State
    ) -> tuple[np.ndarray, np.ndarray]:
        hidden = self._thought_norm(self._think(self._out_norm(activations)))
        logits = self._blend(self._speak(hidden))
        if self._word_memory:
            scales = 1 + self._gate(hidden)
            for scale, weight, counts in zip(scales, self._counted, state.counts, strict=True):
                logits += scale * weight * np.log1p(counts)
        return logits, self._self_state(hidden, pixel)


class _Memory:
    """A memory layer: two moving averages, and gates that choose what is used of them."""

    def __init__(self, weights: Weights, name: str, gates: int):
        self._gates, self._kept = gates, sigmoid(weights[f"{name}.decay_logits"][:, 0])
        # One product with both matrices reads the input once; the norm's scale is part of the first.
        norm, reduce = (weights[f"{name}.{part}.weight"] for part in ("norm", "reduce"))
        self._reduce = reduce * norm
        self._reduce_bias = weights[f"{name}.reduce.bias"] + reduce @ weights[f"{name}.norm.bias"]
        self._gate, self._project = Linear(weights, f"{name}.gate"), Linear(weights, f"{name}.project")
        self._answer_norm, self._answer = Norm(weights, f"{name}.answer.1"), Linear(weights, f"{name}.answer.2")

    def __call__(self, inputs: np.ndarray, averages: np.ndarray) -> np.ndarray:
        """(N,) -> (N,); moves the ``averages`` (2, N)."""
        averages += (1 - self._kept) * (inputs - averages)
        reduced = self._reduce @ normed(inputs) + self._reduce_bias
        short, long, present, answering = softmax(self._gate(reduced).reshape(4, -1))
        by_gate = (-1, self._gates)
        gated = short * averages[0].reshape(by_gate) + long * averages[1].reshape(by_gate)
        gated += present * inputs.reshape(by_gate)
        answer = self._answer(self._answer_norm(gelu(reduced + self._project(gated.reshape(-1)))))
        return (gated + answering * answer.reshape(by_gate)).reshape(-1)
