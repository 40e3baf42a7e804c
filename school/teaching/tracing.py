"""Where words come from: the longest runs of an answer that stand in texts, and who holds them.

The counts of the hippocampus have no sources, so they are made anew for one answer: of each of its tokens, how often it
came behind the same tokens before, the longest such run first, as far as RUN, and in whose texts. What that says of the
token beyond how common it is, log(p / p alone), goes to those who hold the run, by how often they do. That is no
measure of what the weights took from a text, which cannot be told apart; but words that stand nowhere else have a
source. (After the traces of Liu et al. 2025, OLMoTrace, which rank verbatim runs by how rare they are.)

Shapes: N tokens of texts, T of an answer.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

RUN = 8  # tokens of a run that are looked for at most: longer ones tell nothing more
AT_ONCE = 1 << 20  # tokens read together, which bounds what that takes


@dataclass(slots=True)
class _Held:
    """Of one token: the longest run that ends in it, and how often each source has that; ``counts``: how often a run of
    each length, or a longer one, that ends in it stands anywhere."""

    run: int = 1
    holders: Counter[int] = field(default_factory=Counter)
    counts: list[int] = field(default_factory=lambda: [0] * (RUN + 1))


@dataclass(frozen=True, slots=True)
class Traced:
    """``credit`` in nats by source; ``longest``: of each its longest run, as where that ends in the answer and its
    length."""

    credit: dict[int, float]
    longest: dict[int, tuple[int, int]]


def trace(said: Sequence[int], texts: Iterable[np.ndarray], *, separator: int) -> Traced:
    """``said``: tokens (T,) of an answer; ``texts``: tokens (N,) of each source; ``separator``: a token that stands in
    no answer."""
    held, longest, total = [_Held() for _ in said], {}, 0
    for tokens, owners in _together(texts, separator):
        total += len(tokens)
        _look(np.asarray(said, dtype=np.int64), tokens, owners, held, longest)
    credit: Counter[int] = Counter()
    for place, one in enumerate(held):
        if one.run > 1:
            before = held[place - 1].counts[one.run - 1]
            likely = one.counts[one.run] / (before + 1)
            nats = max(0.0, math.log(likely * total / one.counts[1]))
            for source, count in one.holders.items():
                credit[source] += nats * count / one.counts[one.run]
    return Traced(dict(credit), longest)


def _together(texts: Iterable[np.ndarray], separator: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The tokens of many short texts at once, and of a long one some at a time; and whose each token is."""
    parts: list[np.ndarray] = []
    owners: list[np.ndarray] = []
    waiting = 0
    for number, text in enumerate(texts):
        for start in range(0, len(text), AT_ONCE):
            part = np.append(text[start : start + AT_ONCE], separator).astype(np.int64)
            parts.append(part)
            owners.append(np.full(len(part), number))
            waiting += len(part)
            if waiting >= AT_ONCE:
                yield np.concatenate(parts), np.concatenate(owners)
                parts, owners, waiting = [], [], 0
    if parts:
        yield np.concatenate(parts), np.concatenate(owners)


def _look(
    said: np.ndarray, tokens: np.ndarray, owners: np.ndarray, held: list[_Held], longest: dict[int, tuple[int, int]]
) -> None:
    """Add what these tokens have of what was said."""
    known = np.zeros(max(int(tokens.max()), int(said.max(initial=0))) + 1, dtype=bool)
    known[said] = True
    places = np.flatnonzero(known[tokens])
    those = tokens[places]
    by_token = {token: places[those == token] for token in set(said.tolist())}
    runs = np.zeros((2, len(tokens) + 1), dtype=np.int32)  # length of the run that ends before a place, and at it
    ended = places[:0]
    for place, token in enumerate(said.tolist()):
        here = by_token[token]
        length = runs[0, here] + 1
        runs[0, ended + 1] = 0
        runs[1, here + 1] = length
        runs, ended = runs[::-1], here
        _note(place, held[place], length, owners[here], longest)


def _note(place: int, one: _Held, length: np.ndarray, owners: np.ndarray, longest: dict[int, tuple[int, int]]) -> None:
    if not len(length):
        return
    capped = np.bincount(np.minimum(length, RUN), minlength=RUN + 1)
    at_least = capped[::-1].cumsum()[::-1]
    one.counts = [before + int(more) for before, more in zip(one.counts, at_least, strict=True)]
    most = min(int(length.max()), RUN)
    if most < max(one.run, 2):
        return
    if most > one.run:
        one.run, one.holders = most, Counter()
    order = np.argsort(length, kind="stable")[-int(at_least[most]) :]
    one.holders.update(dict(zip(*map(np.ndarray.tolist, np.unique(owners[order], return_counts=True)), strict=True)))
    for source, run in dict(zip(owners[order].tolist(), length[order].tolist(), strict=True)).items():  # its longest
        if run > longest.get(source, (0, 0))[1]:
            longest[source] = place, run
