"""The verdicts that count: which of its answers people liked, and which not, as tokens.

Only for as long as nobody who had a part in one is forgotten, and of many only the latest.

Shapes: R answers, T tokens of the longest row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from school.door.values import LIKED, Pair, Scope
from school.texts.tokenizer import BABY, END, PERSON, Tokenizer

KEPT = 256  # verdicts, the latest
QUESTION, ANSWER = 64, 96  # tokens of each that are read, at most


@dataclass(frozen=True, slots=True)
class Verdict:
    """An answer as tokens, with the question it was given to; ``pair.weight`` is how much the verdict counts."""

    question: tuple[int, ...]
    answer: tuple[int, ...]
    liked: bool
    pair: Pair


class Rows(NamedTuple):
    tokens: Tensor  # (R, T+1) int64
    counted: Tensor  # (R, T) whether a target belongs to the answer


class Verdicts:
    """In the order in which they were given."""

    def __init__(self, kept: int = KEPT):
        self._kept = kept
        self._verdicts: dict[str, Verdict] = {}

    def __len__(self) -> int:
        return len(self._verdicts)

    def __iter__(self) -> Iterator[Verdict]:
        return iter(self._verdicts.values())

    @property
    def ids(self) -> frozenset[str]:
        return frozenset(self._verdicts)

    def add(self, pair: Pair, tokenizer: Tokenizer) -> None:
        """Raises KeyError for a pair that is no verdict."""
        question, answer = tokenizer.encode(pair.prompt), tokenizer.encode(pair.answer)
        whole = (*answer, END)[:ANSWER]
        self._verdicts[pair.id] = Verdict(tuple(question[-QUESTION:]), whole, LIKED[pair.source], pair)
        if len(self._verdicts) > self._kept:
            del self._verdicts[next(iter(self._verdicts))]

    def forget(self, scope: Scope) -> frozenset[str]:
        """Returns the ids of those that went."""
        gone = frozenset(key for key, verdict in self._verdicts.items() if scope.covers(verdict.pair))
        for key in gone:
            del self._verdicts[key]
        return gone

    def draw(self, rng: np.random.Generator, count: int) -> list[Verdict]:
        """At most ``count`` different ones, as many liked as not where there are enough of either."""
        kinds = [[one for one in self._verdicts.values() if one.liked == liked] for liked in (True, False)]
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
    length = max(len(question) + len(answer) for question, (_, answer) in zip(asked, turns, strict=True))
    tokens = np.zeros((len(turns), length), dtype=np.int64)
    counted = np.zeros((len(turns), length - 1), dtype=bool)
    for row, (question, (_, answer)) in enumerate(zip(asked, turns, strict=True)):
        stop = len(question) + len(answer)
        tokens[row, :stop] = [*question, *answer]
        counted[row, len(question) - 1 : stop - 1] = True
    return Rows(torch.from_numpy(tokens), torch.from_numpy(counted))
