"""The verdicts that count: which of its answers people liked, and which not, as tokens.

Only for as long as nobody who had a part in one is forgotten, and of many only the latest.

Shapes: R answers, T tokens of the longest row.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from school.door.lesson_sources import LIKED, PLAYED
from school.door.values import Pair, Scope
from school.texts.tokenizer import BABY, END, PERSON, Tokenizer

KEPT = 256  # verdicts, the latest
QUESTION, ANSWER = 64, 96  # tokens of each that are read, at most


@dataclass(frozen=True, slots=True)
class Verdict:
    """An answer as tokens, with the question it was given to; ``weight`` is how much the verdict counts. ``pair`` is
    what somebody said; None where it is only guessed, and then ``score`` says by how much more than others it would be
    liked."""

    question: tuple[int, ...]
    answer: tuple[int, ...]
    liked: bool
    weight: float
    pair: Pair | None = None
    score: float = 0.0


class Rows(NamedTuple):
    tokens: Tensor  # (R, T+1) int64
    counted: Tensor  # (R, T) whether a target belongs to the answer


class Verdicts:
    """In the order in which they were given; besides, those that self-play made, each of which counts ``played``."""

    def __init__(self, kept: int = KEPT, *, played: float = 0.0):
        self._kept, self._weight = kept, played
        self._verdicts: dict[str, Verdict] = {}
        self._played: dict[str, Verdict] = {}

    def __len__(self) -> int:
        return len(self._verdicts)

    def __iter__(self) -> Iterator[Verdict]:
        return iter(self._verdicts.values())

    @property
    def ids(self) -> frozenset[str]:
        return frozenset(self._verdicts | self._played)

    @property
    def played(self) -> list[Verdict]:
        """Those that self-play made."""
        return list(self._played.values())

    def add(self, pair: Pair, tokenizer: Tokenizer) -> None:
        """Raises KeyError for a pair that is no verdict."""
        question, answer = tokenizer.encode(pair.prompt), tokenizer.encode(pair.answer)
        whole = (*answer, END)[:ANSWER]
        kept, weight = self._verdicts, pair.weight
        if pair.source in PLAYED:
            kept, weight = self._played, self._weight
        if weight:
            kept[pair.id] = Verdict(tuple(question[-QUESTION:]), whole, LIKED[pair.source], weight, pair)
        if len(kept) > self._kept:
            del kept[next(iter(kept))]

    def forget(self, scope: Scope) -> frozenset[str]:
        """Returns the ids of those that went."""
        return self._drop(scope.covers)

    def keep_texts(self, texts: Collection[str]) -> frozenset[str]:
        """Without what self-play made of others; returns the ids of those that went."""
        return self._drop(lambda pair: bool(pair.text) and pair.text not in texts)

    def _drop(self, goes: Callable[[Pair], bool]) -> frozenset[str]:
        gone: set[str] = set()
        for kept in (self._verdicts, self._played):
            here = {key for key, verdict in kept.items() if goes(verdict.pair)}
            for key in here:
                del kept[key]
            gone |= here
        return frozenset(gone)


def balanced(verdicts: Sequence[Verdict], rng: np.random.Generator, count: int) -> list[Verdict]:
    """At most ``count`` different ones of these, as many liked as not where there are enough of either."""
    kinds = [[one for one in verdicts if one.liked == liked] for liked in (True, False)]
    shuffled = [[kind[i] for i in rng.permutation(len(kind))] for kind in kinds]
    few = min(len(shuffled[0]), count - min(len(shuffled[1]), count // 2))
    return shuffled[0][:few] + shuffled[1][: count - few]


def matched(drawn: Sequence[Verdict]) -> Rows:
    """Every answer behind its question."""
    return _rows([(one.question, one.answer) for one in drawn])


def mismatched(drawn: Sequence[Verdict]) -> Rows | None:
    """Every answer behind the next one's question; None where there are no two."""
    if len(drawn) < 2:
        return None
    return _rows([(other.question, one.answer) for one, other in zip(drawn, [*drawn[1:], drawn[0]], strict=True)])


def _rows(turns: Sequence[tuple[tuple[int, ...], tuple[int, ...]]]) -> Rows:
    asked = [[PERSON, *question, END, BABY] for question, _ in turns]
    return padded(
        [
            ([*question, *answer], [False] * len(question) + [True] * len(answer))
            for question, (_, answer) in zip(asked, turns, strict=True)
        ]
    )


def padded(rows: Sequence[tuple[Sequence[int], Sequence[bool]]]) -> Rows:
    """Tokens, and which of them count as targets, side by side; the first of each is no target."""
    length = max(len(ids) for ids, _ in rows)
    tokens = np.zeros((len(rows), length), dtype=np.int64)
    counted = np.zeros((len(rows), length), dtype=bool)
    for row, (ids, counts) in enumerate(rows):
        tokens[row, : len(ids)], counted[row, : len(ids)] = ids, counts
    return Rows(torch.from_numpy(tokens), torch.from_numpy(counted[:, 1:]))
