"""How much at a time: a micro-step has as many streams as can be taught before a question has waited long enough.

The size of a micro-step changes when somebody is answered and how sums are rounded, not what is taught. So it may
follow the machine: it is measured at birth, and from then on each micro-step is a measurement.
"""

from __future__ import annotations

import logging
import statistics
import time
from collections.abc import Callable
from functools import partial

import torch

from brain.contract import Brain
from brain.ops.token_losses import token_losses
from school.teaching.streams import Streams
from school.teaching.threads import WorkerThreads

LOOKS = 25  # micro-steps between judgements
# Tokens of a task that are enough, and multiplications by all weights in it. At `toddler` 1,024 tokens at a time are
# read 1 % faster than 512 and take a sixth more of the process's memory; 256 take 22 % longer. A newborn's small tasks
# gain up to 2,048.
ENOUGH, ENOUGH_WORK = 512, 1 << 30
TOO_SLOW = 1.25  # times as long as it may take, before there are fewer streams

Timer = Callable[[int], float]  # rows -> seconds in which each worker teaches so many

log = logging.getLogger(__name__)


class Pace:
    """``micro_streams``: the streams of a task; ``threads``: the workers who do tasks side by side. Where a micro-step
    has a ``limit`` in seconds, a task follows it, from one stream up to ``most``."""

    def __init__(self, micro_streams: int, threads: WorkerThreads, *, limit: float | None = None, most: int = 0):
        self.micro_streams, self.threads = micro_streams, threads
        self.limit, self.most = limit, most
        self._seconds: list[float] = []

    @classmethod
    def measured(
        cls,
        brain: Brain,
        *,
        streams: int,
        length: int,
        seconds: float,
        wanted: int = 0,
        kept: int = 0,
        timer: Callable[[WorkerThreads], Timer] | None = None,
    ) -> Pace:
        """For steps of so many ``streams`` with blocks of ``length`` tokens, none of whose micro-steps is to take more
        than ``seconds``. ``wanted``: the streams of a task where that is settled; ``kept``: what they were yesterday,
        to begin with; ``timer`` measures."""
        device = next(brain.parameters()).device
        timer = timer or (lambda threads: partial(time_rows, brain, threads, length=length, limit=seconds))
        threads = WorkerThreads(torch.get_num_threads(), device)
        time_of, most = timer(threads), -(-streams // threads.count)
        if device.type == "cpu":
            most = min(most, enough_rows(brain, length))
        micro_streams = wanted or min(kept, most) or most_rows(time_of, share=most, seconds=seconds)
        if threads.count > 1 and streams > micro_streams == 1 and time_of(1) > seconds:
            threads = WorkerThreads(1, device)  # one task at a time, on all threads
        return cls(micro_streams, threads, limit=None if wanted else seconds, most=most)

    def took(self, seconds: float) -> None:
        """A micro-step of whole tasks, and nothing else, took so long. From the next step on there may be more streams
        in a task, or fewer."""
        if self.limit is None:
            return
        self._seconds.append(seconds)
        if len(self._seconds) < LOOKS:
            return
        usual, before = statistics.median(self._seconds), self.micro_streams
        self._seconds.clear()
        if usual > TOO_SLOW * self.limit:
            self.micro_streams = max(1, before // 2)
        elif 2 * usual <= self.limit:
            self.micro_streams = min(2 * before, self.most)
        if self.micro_streams != before:
            log.info("a micro-step takes %.2f s: tasks of %d streams, not %d", usual, self.micro_streams, before)


def enough_rows(brain: Brain, length: int) -> int:
    """Of ``length`` tokens each; more only take more memory on a processor."""
    weights = sum(parameter.numel() for parameter in brain.parameters())
    return max(1, max(ENOUGH, ENOUGH_WORK // weights) // length)


def most_rows(time_of: Timer, *, share: int, seconds: float) -> int:
    """The most streams for each worker that stay within ``seconds``, doubling from one up to its ``share``; from above,
    a large brain would try out more than there is memory for."""
    rows = 1
    while rows < share and time_of(min(2 * rows, share)) <= seconds:
        rows = min(2 * rows, share)
    return rows


def time_rows(brain: Brain, threads: WorkerThreads, rows: int, *, length: int, limit: float) -> float:
    """Seconds in which each worker goes forward and backward over ``rows`` blocks of ``length`` tokens, the best of
    two, or of some more where the machine's being busy just now could decide about the ``limit``; changes nothing."""
    device = next(brain.parameters()).device
    tokens = torch.zeros(rows, length, dtype=torch.int64, device=device)
    own, seconds = Streams.fresh(brain, rows, length), []

    def read() -> None:
        logits = brain(tokens, own.pixels, own.state).logits
        loss = token_losses(logits.transpose(0, 1), tokens.t(), brain.backend)[0].sum()
        torch.autograd.grad(loss, list(brain.parameters()), allow_unused=True)

    while len(seconds) < 2 or len(seconds) < 6 and limit < min(seconds) < 4 * limit:
        started = time.perf_counter()
        threads.run([read] * threads.count)
        if device.type == "cuda":
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - started)
    return min(seconds)
