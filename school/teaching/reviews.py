"""Taught pairs come back: soon after they were taught, then at ever longer intervals.

Spaced repetition after Ebbinghaus (1885) with a fixed growth of the interval, counted in steps so that a replayed life
is the same life. Answers that the owner taught by hand are to be known by heart: until a recital finds that they are,
they come back every few steps, and where one finds that they no longer are, again (as cards that go back to the first
box, Leitner 1972). Only ids, dates and figures live here (and so in a soul); the words stay in the record.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from school.door.lesson_sources import STAFF
from school.door.values import ME, Pair, Scope
from school.texts.tokenizer import BABY, DOCUMENT, PERSON, Tokenizer

OWN, OWN_SHARE = "good", 0.5  # source of its own answers that people liked; of these rows they never have more
BY_HAND = ("fix", "teach")  # sources of what one person meant to teach
LONGEST_BY_HEART = 128  # tokens of question and answer
AGAIN = 4.0  # steps between two returns of what is not known by heart yet
PASSED_OVER = 200  # pairs that find no room, before the rest of thousands that are due is not tried


class Before(NamedTuple):
    """How it was when a pair was taught: the step, how surprising the answer was (nats per token), and held-out bits
    per byte."""

    step: int
    surprise: float
    held_out: float | None


class Dates(NamedTuple):
    """The step at which a pair is due, the steps from one return to the next, and whether these grow: then it is known
    by heart, or need not be."""

    due: int
    interval: float
    known: bool = True


@dataclass(frozen=True, slots=True)
class Review:
    """A pair as tokens with a weight per target, and when it is due next."""

    tokens: tuple[int, ...]
    weights: tuple[float, ...]  # one fewer than tokens
    due: int
    interval: float
    pair: Pair
    before: Before | None = None
    known: bool = True  # by heart, or it need not be

    @property
    def is_for_heart(self) -> bool:
        pair = self.pair
        by_hand = pair.person == ME and pair.source in BY_HAND
        return by_hand and bool(pair.prompt) and len(self.weights) <= LONGEST_BY_HEART


def as_tokens(pair: Pair, tokenizer: Tokenizer, prompt_weight: float) -> tuple[list[int], list[float]]:
    """Ids of a pair, and the weight of each as a target: the answer's in full, the prompt's as configured."""
    if not pair.prompt:
        body = tokenizer.encode(pair.answer)
        return [DOCUMENT, *body, DOCUMENT], [0.0, *[pair.weight] * (len(body) + 1)]
    asked, answer = tokenizer.encode(pair.prompt), tokenizer.encode(pair.answer)
    light = prompt_weight * pair.weight
    question, cue = tokenizer.turn(PERSON, asked), tokenizer.mark(BABY)
    told = tokenizer.turn(BABY, answer)
    before = len(question) - len(asked) - 1
    weights = [0.0] * before + [light] * (len(asked) + 1) + [0.0] * len(cue) + [pair.weight] * (len(told) - len(cue))
    return [*question, *told], weights


class Reviews:
    """The pairs under instruction, each with its next date."""

    def __init__(self, *, growth: float, prompt_weight: float, limit: int):
        self.growth, self.prompt_weight, self.limit = growth, prompt_weight, limit
        self._reviews: dict[str, Review] = {}

    def __len__(self) -> int:
        return len(self._reviews)

    def __contains__(self, pair_id: str) -> bool:
        return pair_id in self._reviews

    def __getitem__(self, pair_id: str) -> Review:
        return self._reviews[pair_id]

    @property
    def all(self) -> list[Review]:
        return list(self._reviews.values())

    def last_of(self, person: str) -> str:
        """The id of the last pair that this person taught; "" where there is none."""
        mine = (key for key, r in self._reviews.items() if r.pair.person == person and r.pair.source in BY_HAND)
        return max(mine, default="")

    def note(self, pair_id: str, before: Before) -> None:
        """How it was when this pair was taught."""
        if pair_id in self._reviews:
            self._reviews[pair_id] = replace(self._reviews[pair_id], before=before)

    def add(self, pair: Pair, tokenizer: Tokenizer, step: int, dates: Dates | None = None) -> None:
        """Put a pair on the list, due at the coming step or at the ``dates`` that a soul kept."""
        tokens, weights = as_tokens(pair, tokenizer, self.prompt_weight)
        due, interval, known = dates or Dates(step, 1.0)
        review = Review(tuple(tokens), tuple(weights[1:]), due, interval, pair, known=known)
        if dates is None and review.is_for_heart:
            review = replace(review, interval=AGAIN, known=False)
        self._reviews[pair.id] = review
        if len(self._reviews) > self.limit:  # the best-known one makes room
            del self._reviews[max(self._reviews, key=lambda key: self._reviews[key].interval)]

    def forget(self, scope: Scope) -> int:
        """Take the pairs that go off the list; returns how many."""
        gone = [key for key, review in self._reviews.items() if scope.covers(review.pair)]
        for key in gone:
            del self._reviews[key]
        return len(gone)

    def people_are_due(self, step: int) -> bool:
        """Whether something is due that people taught, not only the staff."""
        return any(review.due <= step and review.pair.source not in STAFF for review in self._reviews.values())

    def rows(self, step: int, *, rows: int, length: int, rows_for_heart: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """What is due at this step, packed into at most ``rows`` rows, or ``rows_for_heart`` for what is not known by
        heart yet; what does not fit stays due, and so do its own answers beyond their share. What has waited longest
        comes first, what is short may fill the gaps behind it.

        Returns ids (R, length+1) and weights (R, length). A text longer than a row is cut into several; one longer than
        all the rows shows its next part each time, and its interval grows with each pass.
        """
        due = sorted((r.due, key) for key, r in self._reviews.items() if r.due <= step)
        packed: list[tuple[list[int], list[float]]] = []
        own, passed = 0, Counter[bool]()  # tokens; pairs that found no room, known ones and others
        for _, key in due:
            review = self._reviews[key]
            if passed[review.known] > PASSED_OVER:
                continue
            size, is_own = len(review.weights), review.pair.source == OWN
            if is_own and own and own + size > OWN_SHARE * rows * length:
                continue
            most = rows if review.known else max(rows, rows_for_heart)
            parts = -(-size // (rows * length))
            part = round(math.log(review.interval, self.growth) * parts) % parts if parts > 1 else 0
            if not _pack(packed, *_part(review, part, rows * length), most, length):
                passed[review.known] += 1
                continue
            own += is_own * size
            interval = review.interval * self.growth ** (1 / parts) if review.known else AGAIN
            self._reviews[key] = replace(review, due=step + max(1, round(interval)), interval=interval)
        return _as_arrays(packed, length)

    def for_heart(self) -> list[Pair]:
        """The answers that the owner taught by hand, to each question the last."""
        pairs = [review.pair for _, review in sorted(self._reviews.items()) if review.is_for_heart]
        return list({pair.prompt.strip().casefold(): pair for pair in pairs}.values())

    def recited(self, known: Mapping[str, bool], step: int) -> None:
        """What a recital found. What was taught another answer since then need not be known any more."""
        outdated = {key for key, review in self._reviews.items() if not review.known} - {p.id for p in self.for_heart()}
        for key, knows in (dict(known) | dict.fromkeys(outdated, True)).items():
            review = self._reviews[key]
            if knows != review.known:
                due = review.due if knows else min(review.due, step + round(AGAIN))
                self._reviews[key] = replace(review, known=knows, due=due, interval=AGAIN)

    def unknown(self) -> list[str]:
        """The ids of what is not known by heart yet."""
        return [key for key, review in self._reviews.items() if not review.known]

    def made_since(self, since: str) -> list[str]:
        """The ids of the pairs that people made since then, the oldest first."""
        return sorted(key for key, r in self._reviews.items() if key >= since and r.pair.source not in STAFF)

    def pack(self, keys: Iterable[str], *, rows: int, length: int) -> tuple[int, np.ndarray, np.ndarray]:
        """As many of these pairs, in order, as fit into so many rows, whatever their dates; returns how many were dealt
        with, ids and weights. Of a long one the beginning; one that is off the list is passed over."""
        packed: list[tuple[list[int], list[float]]] = []
        taken = 0
        for key in keys:
            review = self._reviews.get(key)
            if review and not _pack(packed, *_part(review, 0, rows * length), rows, length):
                break
            taken += 1
        return taken, *_as_arrays(packed, length)

    def dates(self) -> dict[str, Any]:
        """Due step and interval of every pair, and how it was before, where that is known; for a soul."""
        return {key: [review.due, review.interval, *(review.before or ())] for key, review in self._reviews.items()}


def _as_arrays(packed: list[tuple[list[int], list[float]]], length: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows as ids (R, length+1) and weights (R, length), filled up with nothing."""
    ids = np.zeros((len(packed), length + 1), dtype=np.int64)
    weights = np.zeros((len(packed), length), dtype=np.float32)
    for i, (row, row_weights) in enumerate(packed):
        ids[i, : len(row)] = row
        weights[i, : len(row_weights)] = row_weights
    return ids, weights


def _part(review: Review, part: int, room: int) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """All of a review that has at most ``room`` targets, else so many of them: the ``part``-th or the last."""
    first = max(0, min(part * room, len(review.weights) - room))
    return review.tokens[first : first + room + 1], review.weights[first : first + room]


def _pack(
    packed: list[tuple[list[int], list[float]]],
    tokens: tuple[int, ...],
    weights: tuple[float, ...],
    rows: int,
    length: int,
) -> bool:
    """Append to the first row in which the whole fits (a row holds length + 1 tokens), else to new rows, if any."""
    for row, row_weights in packed:
        if len(row) + len(tokens) <= length + 1:
            row.extend(tokens)
            row_weights.extend((0.0, *weights))
            return True
    starts = range(0, max(1, len(tokens) - 1), length)
    if len(packed) + len(starts) > rows:
        return False
    for start in starts:
        packed.append((list(tokens[start : start + length + 1]), list(weights[start : start + length])))
    return True
