"""The hippocampus in the course of a life: it hears the library, and learns at examinations how far to rely on that.

Shapes: R readers, T tokens of a chunk, V vocabulary.

How to mix is learned on held-out text, for of what is taught the brain knows too much. So that no figure is told of
text on which that was learned, there are two sets of weights: each reader is judged by the one that only ever learned
from the other half of the readers, and which goes on learning as it judges, in a copy that ends with the examination.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future
from functools import partial
from threading import Event, Thread
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from brain.hippocampus import REACH, Hippocampus, MixingWeights
from brain.ops.backend import Backend
from school.texts.circle import Quiet
from school.texts.tokenizer import DOCUMENT

BYTES_PER_TOKEN = 210  # that a text takes at most, as a rule


class Text(Protocol):
    """``learn``: its tokens; ``context``: whether others have their say in it, which is read but not learned;
    ``written``: when, in ns."""

    @property
    def learn(self) -> np.ndarray: ...
    @property
    def context(self) -> bool: ...
    @property
    def written(self) -> int: ...


Texts = Sequence[Text]
Halves = tuple[MixingWeights, MixingWeights]

log = logging.getLogger(__name__)


class Remembering:
    """``heard`` brings the hippocampus once it has heard the library. ``megabytes`` bound its counts, and so how long
    that takes, whatever the size of the library: a second for a million tokens, of which a usual budget holds two."""

    def __init__(self, pieces: list[bytes], backend: Backend, megabytes: int):
        self._hear = partial(hear, pieces=pieces, backend=backend, megabytes=megabytes)
        self._stopped, self._thread = Event(), Thread()
        self.heard: Future[Hippocampus] = Future()
        self.halves = MixingWeights.fresh(), MixingWeights.fresh()

    def begin(self, texts: Texts) -> Future[Hippocampus]:
        """Hear these texts, and forget others, on a thread of its own, until ``stop``."""
        self.stop()
        self._stopped = stopped = Event()
        self.heard = heard = Future()

        def hear_all() -> None:
            try:
                heard.set_result(self._hear(texts, stop=stopped.is_set))
            except BaseException as error:  # it is raised where the result is awaited
                heard.set_exception(error)

        self._thread = Thread(target=hear_all, name="hippocampus", daemon=True)
        self._thread.start()
        return heard

    def stop(self) -> None:
        """Hear no more. A thread that still computes as the interpreter ends aborts the process (SIGABRT)."""
        self._stopped.set()
        if self._thread.ident is not None:
            self._thread.join()

    def now(self, texts: Texts) -> Remembering:
        """Hear these texts at once; returns itself."""
        self.heard = Future()
        self.heard.set_result(self._hear(texts))
        return self

    def judge(self) -> Judge | None:
        """For one examination on the library; waits until the library is heard. None where it could not be."""
        return self._judge(self.halves, lasting=True)

    def adviser(self) -> Judge | None:
        """For a text from elsewhere: nothing is kept of what it learns."""
        return self._judge((self.weights, self.weights), lasting=False)

    def _judge(self, halves: Halves, *, lasting: bool) -> Judge | None:
        if why := self.heard.exception():
            log.warning("the hippocampus could not hear the library (%s)", type(why).__name__)
            return None
        return Judge(self.heard.result(), halves, lasting=lasting)

    @property
    def weights(self) -> MixingWeights:
        """To speak with: the mean of both."""
        one, other = self.halves
        return MixingWeights((one.values + other.values) / 2, (one.squares + other.squares) / 2)

    def tensors(self) -> dict[str, Tensor]:
        """For a soul; what was heard is in the library."""
        named = zip(("0", "1"), self.halves, strict=True)
        return {f"{kind}.{name}": getattr(half, kind) for name, half in named for kind in ("values", "squares")}

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Those of a soul, if they are of this form; an older soul has none."""
        for name, mine in self.tensors().items():
            if name in tensors and tensors[name].shape == mine.shape and tensors[name].isfinite().all():
                mine.copy_(tensors[name])


def hear(
    texts: Texts, pieces: list[bytes], backend: Backend, megabytes: int, *, stop: Callable[[], bool] = lambda: False
) -> Hippocampus:
    """Every text for which there is room, those first that were written last; of a text all or nothing. What others say
    in it is not counted. Raises CancelledError where it is to ``stop``."""
    hippocampus, unheard = Hippocampus(pieces, DOCUMENT, run=backend.kernels), 0
    for text in sorted(texts, key=lambda text: -text.written):
        if stop():
            raise CancelledError
        if hippocampus.bytes + len(text.learn) * BYTES_PER_TOKEN > megabytes << 20:
            unheard += 1
            continue
        counted = Quiet(text.learn).learned(0, len(text.learn)) if text.context else None
        hippocampus.hear(np.concatenate([[DOCUMENT], text.learn]).astype(np.int64), counted=counted)
    if unheard:
        log.info("the hippocampus is full: it heard %d of %d texts", len(texts) - unheard, len(texts))
    return hippocampus


class Judge:
    """Predicts an examination's text with the hippocampus. ``lasting``: whether the halves learn from it."""

    def __init__(self, hippocampus: Hippocampus, halves: Halves, *, lasting: bool):
        self._hippocampus, self._lasting = hippocampus, halves if lasting else ()
        self._passing = tuple(half.copy() for half in halves)

    def nats(self, brain: Tensor, rows: np.ndarray, place: int, counts: np.ndarray) -> float:
        """What the targets that count cost together: ``brain`` (R, T, V) log probabilities of the tokens that follow
        ``place`` in ``rows`` (R, S+1), ``counts`` (R, T)."""
        total = 0.0
        for reader, (row, count) in enumerate(zip(rows, counts, strict=True)):
            if not count.any():
                continue
            first, stop = int(count.argmax()), len(count) - int(count[::-1].argmax())
            window = row[max(0, place + 1 + first - REACH) : place + 1 + stop]
            likely = brain[reader, first:stop].float().cpu()
            half = 2 * reader // len(rows)
            if self._lasting:
                self._hippocampus.judge(likely, window, self._lasting[1 - half], learn=True)
            nats = self._hippocampus.judge(likely, window, self._passing[half], learn=True)
            total -= float(nats[torch.from_numpy(count[first:stop])].sum())
        return total
