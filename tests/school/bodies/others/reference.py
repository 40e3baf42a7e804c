"""A llama as its formats define it, in NumPy and written for these tests: what else reads our files finds the same."""

from __future__ import annotations

import numpy as np

NAMES = ("attention_norm", "queries", "keys", "values", "attended", "feed_norm", "gate", "content", "fed")


def normed(x: np.ndarray, weight: np.ndarray, epsilon: float) -> np.ndarray:
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + epsilon) * weight


def turned(x: np.ndarray) -> np.ndarray:
    """(T, H, E) of which neighbours (x[2i], x[2i + 1]) are turned by place * 10000^(-2i / E)."""
    places, width = np.arange(len(x))[:, None], x.shape[-1]
    angles = (places * 10_000.0 ** (-np.arange(0, width, 2) / width))[:, None]
    even, odd = x[..., ::2], x[..., 1::2]
    both = [even * np.cos(angles) - odd * np.sin(angles), odd * np.cos(angles) + even * np.sin(angles)]
    return np.stack(both, -1).reshape(x.shape)


def logits(model: dict, ids: list[int], *, heads: int, key_heads: int, epsilon: float) -> np.ndarray:
    """(T, V). ``model``: tokens, norm, speak, and for each layer a dict of NAMES; all matrices (out, in)."""
    x = model["tokens"][ids].astype(np.float64)
    count, width = x.shape
    future = np.triu(np.full((count, count), -np.inf), 1)
    for layer in model["layers"]:
        read = normed(x, layer["attention_norm"], epsilon)
        queries, keys, values = ((read @ layer[name].T).reshape(count, -1, width // heads) for name in NAMES[1:4])
        queries, keys = turned(queries), turned(keys)
        keys, values = (np.repeat(part, heads // key_heads, 1) for part in (keys, values))
        scores = np.einsum("thd,shd->hts", queries, keys) / np.sqrt(width // heads) + future
        shares = np.exp(scores - scores.max(-1, keepdims=True))
        shares /= shares.sum(-1, keepdims=True)
        x = x + np.einsum("hts,shd->thd", shares, values).reshape(count, width) @ layer["attended"].T
        read = normed(x, layer["feed_norm"], epsilon)
        gate = read @ layer["gate"].T
        x = x + (gate / (1 + np.exp(-gate)) * (read @ layer["content"].T)) @ layer["fed"].T
    return normed(x, model["norm"], epsilon) @ model["speak"].T
