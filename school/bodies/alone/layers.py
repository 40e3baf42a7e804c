"""What the species are made of, for one token at a time. Vectors are (N,), matrices (out, in), all float32."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

Weights = Mapping[str, np.ndarray]
EPSILON = 1e-5  # torch's, of its LayerNorm

# The normal distribution function between -REACH and REACH. NumPy has none; read off a table with a straight line
# between two entries it is right to 2e-8, and takes a tenth of the time of the standard library's, value by value.
REACH, PER_UNIT = 6, 1024
_PLACES = [i / PER_UNIT - REACH for i in range(2 * REACH * PER_UNIT + 2)]
_BELOW = np.array([(1 + math.erf(x / math.sqrt(2))) / 2 for x in _PLACES], np.float32)
_BELOW[0], _BELOW[-2:] = 0, 1  # and so beyond its ends
_RISE = np.diff(_BELOW)


def gelu(x: np.ndarray) -> np.ndarray:
    """``x`` times the share of a normal distribution below it (Hendrycks and Gimpel 2016, arXiv 1606.08415)."""
    place = (np.minimum(np.maximum(x, -REACH), REACH) + REACH) * PER_UNIT
    index = place.astype(np.int32)
    return x * (_BELOW[index] + (place - index.astype(np.float32)) * _RISE[index])


def laid_out(matrix: np.ndarray) -> np.ndarray:
    """The same matrix as its products with vectors are quickest: of more rows than columns, column by column. To add a
    few long columns takes two thirds of the time of many short sums."""
    return np.asfortranarray(matrix) if len(matrix) > matrix.shape[1] else matrix


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def softmax(x: np.ndarray) -> np.ndarray:
    """Over the first axis."""
    x = np.exp(x - x.max(0))
    return x / x.sum(0)


def normed(x: np.ndarray) -> np.ndarray:
    """With mean 0 and variance 1, over the last axis."""
    x = x - x.mean(-1, keepdims=True)
    return x / np.sqrt(np.mean(x * x, -1, keepdims=True) + EPSILON)


class Norm:
    """A LayerNorm."""

    def __init__(self, weights: Weights, name: str):
        self._weight, self._bias = weights[f"{name}.weight"], weights[f"{name}.bias"]

    def __call__(self, x: np.ndarray) -> np.ndarray:
        return normed(x) * self._weight + self._bias


class BlendedNorm(Norm):
    """``a * x + b * LayerNorm(x)``."""

    def __init__(self, weights: Weights, name: str):
        super().__init__(weights, f"{name}.norm")
        self._plain, share = weights[f"{name}.scales"]
        self._weight, self._bias = share * self._weight, share * self._bias

    def __call__(self, x: np.ndarray) -> np.ndarray:
        return self._plain * x + super().__call__(x)


class Linear:
    def __init__(self, weights: Weights, name: str):
        self._weight, self._bias = laid_out(weights[f"{name}.weight"]), weights[f"{name}.bias"]

    def __call__(self, x: np.ndarray) -> np.ndarray:
        return self._weight @ x + self._bias


class SelfState:
    """The colour that it expects, (3,), from the hidden state and the colour that it was shown."""

    def __init__(self, weights: Weights):
        self._first, self._last = Linear(weights, "self_state.layers.0"), Linear(weights, "self_state.layers.2")

    def __call__(self, hidden: np.ndarray, pixel: np.ndarray) -> np.ndarray:
        return sigmoid(self._last(gelu(self._first(np.concatenate([hidden, pixel])))))
