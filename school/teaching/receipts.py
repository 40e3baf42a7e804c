"""Receipts in the course of a life: where an answer's words come from, and what became of a lesson."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from concurrent.futures import Executor
from itertools import islice, starmap

import numpy as np
import torch
from torch.nn import functional as F

from brain.contract import Brain
from school.door.lesson_sources import STAFF
from school.door.mailbox import Follow, Trace, fail, fulfil
from school.door.receipts import Progress, Receipt, Source
from school.door.values import Pair
from school.teaching.examiner import NEUTRAL
from school.teaching.recital import by_heart
from school.teaching.reviews import Before, Review, as_tokens
from school.teaching.tracing import Traced, trace
from school.teaching.tutor import Tutor
from school.texts.shelf import Text
from school.texts.tokenizer import BABY, Tokenizer

NAMED = 3  # sources at most
READ_AT_MOST = 32 << 20  # tokens of texts that are searched for one answer: some ten seconds
LONGEST = 256  # tokens of a lesson whose surprise is looked at, at its end
SHORTEST_RUN = 8  # bytes; what has less in common with an answer is no source of it

log = logging.getLogger(__name__)


class Receipts:
    """Of what the tutor teaches; on its thread, but for searches, which the thread of ``searcher`` does."""

    def __init__(self, tutor: Tutor, searcher: Executor):
        self.tutor, self._searcher = tutor, searcher

    def note(self, pair: Pair, held_out: float | None) -> None:
        """How it is before it has learned a pair that it was just taught."""
        if pair.source not in STAFF and math.isfinite(nats := self._surprise(pair)):
            held_out = held_out if held_out is not None and math.isfinite(held_out) else None
            self.tutor.reviews.note(pair.id, Before(self.tutor.step, nats, held_out))

    def follow(self, request: Follow, held_out: float | None) -> None:
        reviews, step = self.tutor.reviews, self.tutor.step
        key = request.pair or reviews.last_of(request.person)
        if key not in reviews:
            fulfil(request.future, None)
            return
        review = reviews[key]
        before = review.before or Before(step, math.nan, None)
        progress = Progress(
            pair=review.pair,
            steps=step - before.step,
            surprise_before=None if math.isnan(before.surprise) else before.surprise,
            surprise=self._surprise(review.pair),
            held_out_before=before.held_out,
            held_out=held_out,
            by_heart=by_heart(self.tutor.voice, [review.pair], self.tutor.librarian.tokenizer)[0],
            next_in=max(0, review.due - step),
        )
        fulfil(request.future, progress)

    def _surprise(self, pair: Pair) -> float:
        return surprise(self.tutor.voice, pair, self.tutor.librarian.tokenizer)

    def want(self, request: Trace) -> None:
        librarian, reviews = self.tutor.librarian, self.tutor.reviews.all
        self._searcher.submit(_search, request, librarian.tokenizer, librarian.texts, reviews)


@torch.no_grad()
def surprise(voice: Brain, pair: Pair, tokenizer: Tokenizer) -> float:
    """Nats per token of the pair's answer, of a long one its end, from a fresh conversation."""
    tokens, weights = (row[-LONGEST:] for row in as_tokens(pair, tokenizer, 0.0))
    device = next(voice.parameters()).device
    ids = torch.tensor([tokens], device=device)
    shown = torch.full((1, len(tokens) - 1, 3), NEUTRAL, device=device)
    logits = voice(ids[:, :-1], shown, voice.fresh_state(1)).logits
    losses = F.cross_entropy(logits[0].float(), ids[0, 1:], reduction="none")
    return losses[torch.tensor(weights[1:], device=device) > 0].mean().item()


def _search(request: Trace, tokenizer: Tokenizer, texts: Sequence[Text], reviews: Sequence[Review]) -> None:
    if request.future.cancelled():
        return
    try:
        fulfil(request.future, receipt(request.answer, request.told, tokenizer, texts, reviews))
    except Exception as error:
        log.exception("the sources of an answer could not be looked for")
        fail(request.future, error)


def receipt(answer: str, told: str, tokenizer: Tokenizer, texts: Sequence[Text], reviews: Sequence[Review]) -> Receipt:
    """What is known of where an answer comes from, ``told`` being what it was held to; of texts, as far as they are
    read."""
    said = tokenizer.turn(BABY, tokenizer.encode(answer))
    reviews = [review for review in reviews if review.pair.source not in STAFF]
    searched = _within_reach(texts)
    arrays = [*(text.learn for text in searched), *map(_tokens, reviews)]
    traced = trace(said, arrays, separator=tokenizer.size)

    def source(number: int, share: float) -> Source:
        place, run = traced.longest[number]
        words = tokenizer.decode(said[place - run + 1 : place + 1]).strip()
        if number < len(searched):
            text = searched[number]
            return Source(kind="text", name=text.name, private=text.private, share=share, words=words)
        pair = reviews[number - len(searched)].pair
        return Source(kind="taught", name=pair.id, private=True, share=share, words=words, pair=pair)

    return Receipt(
        told=next((review.pair for review in reviews if review.pair.id == told), None),
        sources=tuple(islice(filter(_is_one, starmap(source, _by_share(traced))), NAMED)),
        read=sum(len(text.learn) for text in searched),
        of=sum(len(text.learn) for text in texts),
    )


def _within_reach(texts: Sequence[Text]) -> list[Text]:
    """The first of them, as many as may be read."""
    found, read = [], 0
    for text in texts:
        read += len(text.learn)
        if read > READ_AT_MOST:
            break
        found.append(text)
    return found


def _tokens(review: Review) -> np.ndarray:
    return np.array(review.tokens, dtype=np.int64)


def _is_one(source: Source) -> bool:
    return len(source.words.encode()) >= SHORTEST_RUN


def _by_share(traced: Traced) -> list[tuple[int, float]]:
    """The sources and their shares of all, that which did most first."""
    whole = sum(traced.credit.values()) or 1.0
    found = sorted(traced.credit.items(), key=lambda one: (-one[1], one[0]))
    return [(number, nats / whole) for number, nats in found if nats]
