"""The reader: goes through a new text once, predicting each token before it learns it (prequential, Dawid 1984).

A block of the text is predicted with the weights as they are and then learned, together with blocks of what was read
before, drawn at random: without going over it again a small brain sees each page once and keeps little. The more it has
read the more it goes over: of a few pages, read over and over, it would learn the words by heart and nothing else.

It predicts without dropout, and twice: with the brain as it learns, which knows the last page, and with the voice, its
average, which is steadier. The mean of the two probabilities is what the hippocampus mixes with all that it has heard,
each token as soon as it has come.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from brain.contract import Brain
from brain.hippocampus import REACH, Hippocampus
from brain.selfstate import true_pixels
from school.teaching.calibrate import Pace
from school.teaching.planner import Agenda, Shape
from school.teaching.settings import LessonSettings
from school.teaching.streams import Step, Streams, Task
from school.teaching.talks import Talks
from school.teaching.threads import WorkerThreads
from school.teaching.tutor import Tutor
from school.texts.librarian import Librarian

BLOCK = 64  # tokens predicted with the same weights
AGAIN_PER_TOKENS = 12_000  # read so far, for each block (one at least) that is learned again along with each new one
AGAIN_AT_MOST = 15
SAY_SECONDS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """``tail_bits_per_byte``: over the last tenth of the bytes."""

    bytes: int
    tokens: int
    bits_per_byte: float
    tail_bits_per_byte: float


class Predictor:
    """Follows the text with the weights of ``brain`` as they are at each block, and a memory of its own."""

    def __init__(self, brain: Brain):
        self.brain, self.carried = brain, Streams.fresh(brain, 1, BLOCK)

    @torch.no_grad()
    def predict(self, tokens: Tensor) -> Tensor:
        """``tokens`` (1, T+1), T at most BLOCK -> log probabilities (T, V) of each but the first."""
        targets, carried = tokens[:, 1:], self.carried
        out = self.brain(tokens[:, :-1], carried.pixels[:, : targets.shape[1]], carried.state)
        everything = out.logits.log_softmax(-1)
        likely = everything.gather(-1, targets[..., None])[..., 0]
        right = out.logits.argmax(-1) == targets
        pixels, condition = true_pixels(-likely.t(), right.t(), carried.condition, self.brain.backend)
        self.carried = Streams(out.state, pixels.transpose(0, 1), condition)
        return everything[0]


def predicted(predictors: Sequence[Predictor], tokens: Tensor) -> Tensor:
    """Log of the mean of what they predict for ``tokens`` (1, T+1) -> (T, V), on the CPU."""
    likely = torch.stack([predictor.predict(tokens) for predictor in predictors])
    return (likely.logsumexp(0) - math.log(len(likely))).float().cpu()


def _for_smaller_steps(settings: LessonSettings) -> LessonSettings:
    """For steps of 2 to 16 blocks, about half of those in which a library is taught: twice as many for the same text,
    and shorter by the root of that."""
    root = math.sqrt(2)
    changes = {"learning_rate": settings.learning_rate / root, "decay_steps": round(root * settings.decay_steps)}
    changes |= {"warmup_steps": round(root * settings.warmup_steps), "averaging_steps": 2 * settings.averaging_steps}
    return settings.model_copy(update={"streams": 1, "micro_streams": 1} | changes)


class TextPlanner:
    """Plans for one text, in order; ``own`` says which of its tokens are learned. The agenda of the soul is carried
    along and left as it is."""

    def __init__(
        self, text: np.ndarray, own: np.ndarray, librarian: Librarian, settings: LessonSettings, device: torch.device
    ):
        self.text, self.own, self.librarian, self.settings, self.device = text, own, librarian, settings, device
        self.shape, self.agenda = Shape(1, BLOCK), Agenda.empty(settings)
        self.place = 0  # of the next block

    def plan(self, step: int, *, talks: Talks, anchored: bool, strength: float, micro_streams: int) -> Step:
        tokens = np.zeros((1, BLOCK + 1), dtype=np.int64)
        piece = self.text[self.place : self.place + BLOCK + 1]
        tokens[0, : len(piece)] = piece
        weights = np.zeros((1, BLOCK), dtype=np.float32)
        weights[0, : len(piece) - 1] = self.own[self.place + 1 : self.place + len(piece)]
        task = Task(torch.from_numpy(tokens).to(self.device), torch.from_numpy(weights).to(self.device), slice(0, 1))
        if self.place > BLOCK:
            rng = np.random.default_rng([self.settings.seed, step, *b"again"])
            count = min(AGAIN_AT_MOST, 1 + self.place // AGAIN_PER_TOKENS)
            starts = rng.integers(0, self.place - BLOCK, count)
            again = np.stack([self.text[start : start + BLOCK + 1] for start in starts])
            own = np.stack([self.own[start + 1 : start + BLOCK + 1] for start in starts])
            task.add(again, own.astype(np.float32))
        self.place += BLOCK
        return Step([task], max(1.0, float(task.weights.sum())), self.librarian.byte_count(tokens[:, 1:]), 0)


class Reader:
    """Has its ``tutor`` read one text. ``nats``: what each token cost, (tokens - 1,); ``alone``: what it would have
    cost the brain without the hippocampus. ``own`` (tokens,): which of them are learned and counted; all, if not given.
    """

    def __init__(
        self,
        brain: Brain,
        librarian: Librarian,
        settings: LessonSettings,
        tokens: np.ndarray,
        hippocampus: Hippocampus,
        own: np.ndarray | None = None,
    ):
        settings, device = _for_smaller_steps(settings), next(brain.parameters()).device
        own = np.ones(len(tokens), dtype=bool) if own is None else own
        self.plan = TextPlanner(tokens, own, librarian, settings, device)
        pace = Pace(1, WorkerThreads(torch.get_num_threads(), device))
        self.tutor = Tutor(brain, self.plan, settings, pace=pace)
        self.hippocampus = hippocampus
        self.nats, self.alone = np.zeros((2, len(tokens) - 1))
        self.predictors = [Predictor(self.tutor.brain), Predictor(self.tutor.voice)]

    def read(self, say: Callable[[str], None]) -> Reading:
        """Read to the end of the text, saying now and then how far it is. With full strength: a text that is read is
        new, whatever the examinations on the library left of the rate (with 0.5 % of it, only 7 to 23 % was learned of
        what a newborn learns from the same text)."""
        self.tutor.plateau.rate_scale = 1.0
        say_at = time.monotonic() + SAY_SECONDS
        own = self.plan.own[1:]
        ends = np.cumsum(self.plan.librarian.byte_lengths[self.plan.text[1:]] * own)
        while self.plan.place < len(self.nats):
            self._predict()
            while self.tutor.micro_step() is None:
                pass
            if time.monotonic() > say_at:
                say_at = time.monotonic() + SAY_SECONDS
                read = min(self.plan.place, len(ends))
                so_far = (self.nats * own).sum() / math.log(2) / max(1, ends[read - 1])
                say(f"read {100 * read / len(ends):.0f} %: {so_far:.3f} bits/byte so far")
        bits, total = self.nats * own / math.log(2), max(1, int(ends[-1]))
        tail = ends > 0.9 * total
        return Reading(
            bytes=total,
            tokens=int(own.sum()),
            bits_per_byte=float(bits.sum() / total),
            tail_bits_per_byte=float(bits[tail].sum() / max(1, total - ends[~tail].max(initial=0))),
        )

    def _predict(self) -> None:
        """Enter what the next block costs, with the weights as they are."""
        place = self.plan.place
        tokens = torch.from_numpy(self.plan.text[place : place + BLOCK + 1]).to(self.tutor.device)[None]
        mean = predicted(self.predictors, tokens)
        block = slice(place, place + len(mean))
        self.alone[block] = -mean.gather(1, tokens[0, 1:, None].cpu())[:, 0].numpy()
        window = self.plan.text[max(0, place + 1 - REACH) : place + len(mean) + 1]
        self.nats[block] = -self.hippocampus.read(mean, window).numpy()
