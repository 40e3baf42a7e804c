"""The counts: how often each token was heard in each context. What was heard can be taken back to the last bit.

Shapes: N tokens, K contexts, S slots, E entries.

``PlainTables`` is the definition, ``PackedTables`` what the compiled loops work on: 24 bytes a context and 8 a token in
it. Of a context of one or two tokens it is counted, too, in how many longer ones each token was heard in: Kneser and
Ney's continuation counts (1995), which are a function of the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from brain.ops.backend import Kernels

ORDERS = 3  # the first contexts: the last one, two and three tokens
ENTRIES_AT_FIRST, SLOTS_AT_FIRST = 1 << 14, 1 << 12
SIZES = 18  # of rooms, in hippocampus.c

Row = tuple[int, int, int, int]  # key, token, how often, in how many longer contexts


class Tables(Protocol):
    @property
    def bytes(self) -> int: ...
    def hear(self, keys: np.ndarray, tokens: np.ndarray, sign: int = 1) -> None:
        """Count ``tokens`` (N,) behind their contexts ``keys`` (N, K), or with ``sign`` -1 take them back. Raises
        ValueError where they were not heard."""

    def rows(self) -> Iterator[Row]:
        """Everything that is counted, in order of keys and tokens."""


class PlainTables:
    """As dictionaries."""

    def __init__(self) -> None:
        self.counts: dict[int, dict[int, list[int]]] = {}

    @property
    def bytes(self) -> int:
        return 24 * len(self.counts) + 8 * sum(map(len, self.counts.values()))

    def hear(self, keys: np.ndarray, tokens: np.ndarray, sign: int = 1) -> None:
        for contexts, token in zip(keys.tolist(), tokens.tolist(), strict=True):
            longer = 0
            for number in (*reversed(range(ORDERS)), *range(ORDERS, len(contexts))):
                spread = longer if number < ORDERS - 1 else 0
                longer = self._change(contexts[number], token, sign, spread)

    def _change(self, key: int, token: int, heard: int, spread: int) -> int:
        """Returns whether that was the first time, 1, or had been the last, -1; else 0."""
        entries = self.counts.setdefault(key, {})
        before = token in entries
        entry = entries.setdefault(token, [0, 0])
        entry[0], entry[1] = entry[0] + heard, entry[1] + spread
        if min(entry) < 0:
            raise ValueError("what is taken back was never heard")
        if entry == [0, 0]:
            del entries[token]
            if not entries:
                del self.counts[key]
            return -1
        return 0 if before else 1

    def rows(self) -> Iterator[Row]:
        for key, entries in sorted(self.counts.items()):
            for token, (heard, spread) in sorted(entries.items()):
                yield key, token, heard, spread


class PackedTables:
    """As the kernels read them, see hippocampus.c. They grow by doubling."""

    def __init__(self, run: Kernels) -> None:
        self._run = run
        self.slots = torch.zeros(SLOTS_AT_FIRST, 3, dtype=torch.int64)
        self.entries = torch.zeros(ENTRIES_AT_FIRST, dtype=torch.int64)
        self._used = torch.zeros(2 + SIZES, dtype=torch.int64)

    @property
    def bytes(self) -> int:
        return 8 * (self.slots.numel() + self.entries.numel())

    def hear(self, keys: np.ndarray, tokens: np.ndarray, sign: int = 1) -> None:
        done = torch.zeros(2, dtype=torch.int64)
        rows, count = as_words(keys), torch.from_numpy(np.ascontiguousarray(tokens, dtype=np.int64))
        place, missing = 0, 0
        while True:
            room = len(self.slots), len(self.entries)
            tables = self.slots, self.entries, self._used
            self._run("hear", *tables, rows, count, done, *room, place, *rows.shape, sign)
            place, missing = int(done[0]), missing + int(done[1])
            if place == len(rows):
                break
            self._grow()
        if missing:
            raise ValueError("what is taken back was never heard")

    def _grow(self) -> None:
        used_slots, used_entries = self._used[:2].tolist()
        slots = len(self.slots) * (2 if 2.5 * used_slots > len(self.slots) else 1)
        entries = len(self.entries) * (2 if 2 * used_entries > len(self.entries) else 1)
        if (slots, entries) == (len(self.slots), len(self.entries)):
            entries *= 2
        into = torch.zeros(slots, 3, dtype=torch.int64), torch.zeros(entries, dtype=torch.int64)
        self._run("move", self.slots, self.entries, *into, self._used, len(self.slots), slots)
        self.slots, self.entries = into

    def rows(self) -> Iterator[Row]:
        slots = self.slots.numpy().view(np.uint64)
        entries = self.entries.numpy().view(np.uint64)
        for key, where, _ in sorted(slots[slots[:, 0] > 0].tolist()):
            start, kinds = where & 0xFFFFFFFF, where >> 32
            for entry in entries[start : start + kinds].tolist():
                yield key, entry & 0xFFFF, entry >> 16 & 0xFFFFFF, entry >> 40


def as_words(keys: np.ndarray) -> Tensor:
    """Unsigned keys as torch takes them."""
    return torch.from_numpy(np.ascontiguousarray(keys).view(np.int64))


def tables_for(run: Kernels | None) -> Tables:
    """Empty ones."""
    return PackedTables(run) if run else PlainTables()
