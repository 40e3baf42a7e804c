"""Weights in Dubrovsky's format that anybody can make anew: a hash of each number's place (the mixing steps of
splitmix64, Steele et al. 2014), scaled by the table that it stands in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

SCALES = {"norm": (0.125, 1.0), "embedding": (1.0, 0.0), "queries": (0.125, 0.0), "rest": (0.09375, 0.0)}
OUT, HEAD = (0.125, 0.0), (0.25, 0.0)
GOLDEN = json.loads(Path(__file__).with_name("dubrovsky.json").read_text("utf-8"))
SMALL = {
    "dim": 48, "n_layers": 2, "n_heads": 6, "n_kv_heads": 2, "vocab_size": 88, "max_seq_len": 64, "norm_eps": 1e-5,
    "rope_theta": 10000.0, "head_dim": 8, "hidden_dim": 64, "n_kv_groups": 3,
}  # fmt: skip


def tables(config: dict[str, Any]) -> list[tuple[int, tuple[float, float]]]:
    """How many numbers each table has, and their scale and middle, in the order of the file."""
    width, keys, hidden = config["dim"], config["n_kv_heads"] * config["head_dim"], config["hidden_dim"]
    norm, rest = (width, SCALES["norm"]), SCALES["rest"]
    layer = [norm, (width * width, SCALES["queries"]), (keys * width, SCALES["queries"])]
    layer += [(keys * width, rest), (width * width, rest), norm]
    layer += [(hidden * width, rest), (hidden * width, rest), (hidden * width, OUT)]
    letters = config["vocab_size"] * width
    return [(letters, SCALES["embedding"]), *layer * config["n_layers"], norm, (letters, HEAD)]


def numbers(config: dict[str, Any], seed: int = 1) -> np.ndarray:
    parts = tables(config)
    count = sum(size for size, _ in parts)
    z = (np.arange(count, dtype=np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(seed)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        z = (z ^ (z >> np.uint64(shift))) * np.uint64(factor)
    z ^= z >> np.uint64(31)
    values = (z >> np.uint64(40)).astype(np.float32) / np.float32(2**23) - np.float32(1)
    start = 0
    for size, (scale, middle) in parts:
        values[start : start + size] = values[start : start + size] * np.float32(scale) + np.float32(middle)
        start += size
    return values


def write(folder: Path, config: dict[str, Any], kind: str = "<f4") -> tuple[Path, Path, Path]:
    """Its three files."""
    known = {letter: i for i, letter in enumerate(GOLDEN["alphabet"])}
    files = folder / "weights.bin", folder / "config.json", folder / "tokenizer.json"
    files[0].write_bytes(numbers(config).astype(kind).tobytes())
    files[1].write_text(json.dumps(config))
    files[2].write_text(json.dumps({"char_to_id": known, "vocab_size": len(known)}))
    return files
