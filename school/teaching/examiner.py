"""The examiner: bits per byte on text that was not taught, chunk by chunk, so that nobody waits long for an answer.

Shapes: R readers, T tokens per chunk, V vocabulary.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from brain.contract import Brain
from brain.selfstate import fresh_condition, one_late, true_pixels
from school.door.events import ExamResult
from school.teaching.remembering import Judge

NEUTRAL = 0.5  # the colour shown before any is known
REPEAT_SPAN = 32  # tokens within which a token counts as said again


class Exam:
    """Reads given rows once. Call ``advance`` until it says done, then ``result``. ``judge``: with whom it reads them
    with the hippocampus, too."""

    def __init__(
        self,
        rows: np.ndarray,
        counts: np.ndarray,
        *,
        byte_lengths: np.ndarray,
        chunk: int,
        judge: Judge | None = None,
    ):
        self._rows, self._judge, self._remembered = rows, judge, 0.0
        self._tokens, self._counts = torch.from_numpy(rows), torch.from_numpy(counts)
        self._bytes = int(byte_lengths[rows[:, 1:]][counts].sum())
        self._repeats = _repeat_rate(rows, counts)
        self._chunk, self._place = chunk, 0
        self._sums = np.zeros(7)
        self._carried: tuple | None = None

    @torch.no_grad()
    def advance(self, brain: Brain) -> bool:
        """Read one chunk; True when all has been read."""
        tokens = self._tokens[:, self._place : self._place + self._chunk + 1]
        length = tokens.shape[1] - 1
        if length <= 0:
            return True
        device = next(brain.parameters()).device
        readers = len(tokens)
        if self._carried is None:
            shown = torch.full((readers, self._chunk, 3), NEUTRAL, device=device)
            self._carried = brain.fresh_state(readers), shown, fresh_condition(readers, device), shown[:, 0]
        state, shown, condition, last = self._carried
        counted = self._counts[:, self._place : self._place + length]
        counts = counted.to(device)
        tokens = tokens.to(device)
        out = brain(tokens[:, :-1], shown[:, :length], state)
        logits, targets = out.logits, tokens[:, 1:]
        log_probabilities = logits.log_softmax(-1)
        if self._judge:
            self._remembered += self._judge.nats(log_probabilities, self._rows, self._place, counted.numpy())
        losses = -log_probabilities.gather(-1, targets[..., None])[..., 0]
        right = logits.argmax(-1) == targets
        pixels, condition = true_pixels(losses.t(), right.t(), condition, brain.backend)
        pixels = pixels.transpose(0, 1)
        true_logit = logits.gather(-1, targets[..., None])[..., 0]
        probabilities = log_probabilities.exp_()  # in its place, like the squares below: nothing here is larger
        mean = _dot(probabilities, logits)
        variance = _dot(probabilities, logits.square_()) - mean.square()
        before = one_late(pixels, last)
        expected = brain.self_state(out.hidden, before)
        squares = [F.mse_loss(guess, pixels, reduction="none").sum(-1) for guess in (expected, before)]
        columns = torch.stack([losses, right.float(), true_logit - mean, variance, *squares, torch.ones_like(losses)])
        self._sums += (columns * counts).double().sum((1, 2)).cpu().numpy()
        shown = torch.cat([pixels, shown[:, length:]], 1)
        self._carried = out.state, shown, condition, pixels[:, -1]
        self._place += self._chunk
        return self._place >= self._tokens.shape[1] - 1

    def run(self, brain: Brain) -> ExamResult:
        """Read all of it at once, where nobody waits."""
        while not self.advance(brain):
            pass
        return self.result()

    def result(self) -> ExamResult:
        nats, right, gradient, curvature, error, persistence, tokens = self._sums.tolist()
        sharper = 1 + gradient / max(curvature, 1e-9)  # one Newton step on the inverse temperature, from 1
        return ExamResult(
            bits_per_byte=nats / math.log(2) / max(1, self._bytes),
            remembering=self._remembered / math.log(2) / max(1, self._bytes) if self._judge else None,
            tokens=int(tokens),
            bytes=self._bytes,
            accuracy=right / max(1, tokens),
            temperature=1 / min(max(sharper, 0.8), 1.25),
            self_state_error=error / max(persistence, 1e-9),
            repeats=self._repeats,
        )


def _dot(a: Tensor, b: Tensor) -> Tensor:
    """Of the last dimension, without products that are kept: (..., V), (..., V) -> (...)."""
    return (a[..., None, :] @ b[..., None])[..., 0, 0]


def _repeat_rate(rows: np.ndarray, counts: np.ndarray) -> float:
    tokens = rows[:, 1:]
    seen = np.zeros_like(counts)
    for lag in range(1, min(REPEAT_SPAN + 1, tokens.shape[1])):
        seen[:, lag:] |= tokens[:, lag:] == tokens[:, :-lag]
    return float(seen[counts].mean()) if counts.any() else 0.0
