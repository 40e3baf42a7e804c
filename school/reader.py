"""The reader: goes through a new text once, foretelling each token before it learns it (prequential, Dawid 1984).

A block of the text is foretold with the weights as they are and then learned, together with a few blocks of what was
read before, drawn at random: without going over it again a small brain sees each page once and keeps little.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from brain.contract import Brain
from school.librarian import Librarian
from school.tutor import LessonSettings, Tutor, _Step, _Task

BLOCK = 64  # tokens foretold with the same weights
AGAIN = 7  # blocks read before that are learned along with each new one
SAY_SECONDS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """``tail_bits_per_byte``: over the last tenth of the bytes."""

    bytes: int
    tokens: int
    bits_per_byte: float
    tail_bits_per_byte: float


class Reader(Tutor):
    """A tutor whose only lesson is one text, in order."""

    def __init__(self, brain: Brain, librarian: Librarian, settings: LessonSettings, tokens: np.ndarray):
        alone = settings.model_copy(update={"streams": 1, "micro_streams": 1})
        super().__init__(brain, librarian, alone, block_tokens=BLOCK)
        self.text, self.place = tokens, 0

    def read(self, say: Callable[[str], None]) -> Reading:
        """Read to the end of the text, saying now and then how far it is."""
        say_at = time.monotonic() + SAY_SECONDS
        lengths = self.librarian.byte_lengths
        nats, sizes = [], []
        while self.place < len(self.text) - 1:
            targets = self.text[self.place + 1 : self.place + 1 + BLOCK]
            report = None
            while report is None:
                report = self.micro_step()
            nats.append(report.loss * BLOCK)
            sizes.append(int(lengths[targets].sum()))
            if time.monotonic() > say_at:
                say_at = time.monotonic() + SAY_SECONDS
                so_far = sum(nats) / math.log(2) / sum(sizes)
                say(f"read {100 * self.place / len(self.text):.0f} %: {so_far:.3f} bits/byte so far")
        total = max(1, sum(sizes))
        ends = np.cumsum(sizes)
        tail = ends > 0.9 * total
        bits = np.array(nats) / math.log(2)
        return Reading(
            bytes=total,
            tokens=len(self.text) - 1,
            bits_per_byte=float(bits.sum() / total),
            tail_bits_per_byte=float(bits[tail].sum() / max(1, np.array(sizes)[tail].sum())),
        )

    def _plan(self) -> _Step:
        tokens = np.zeros((1, BLOCK + 1), dtype=np.int64)
        piece = self.text[self.place : self.place + BLOCK + 1]
        tokens[0, : len(piece)] = piece
        weights = (np.arange(BLOCK) < len(piece) - 1).astype(np.float32)[None]
        task = _Task(torch.from_numpy(tokens).to(self.device), torch.from_numpy(weights).to(self.device), slice(0, 1))
        if self.place > BLOCK:
            rng = np.random.default_rng([self.settings.seed, self.step, *b"again"])
            starts = rng.integers(0, self.place - BLOCK, AGAIN)
            again = np.stack([self.text[start : start + BLOCK + 1] for start in starts])
            task.add(again, np.ones((AGAIN, BLOCK), dtype=np.float32))
        self.place += BLOCK
        read_bytes = self.librarian.byte_count(tokens[:, 1:])
        return _Step([task], float(task.weights.sum()), read_bytes, 0)
