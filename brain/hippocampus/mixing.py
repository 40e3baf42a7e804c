"""What the brain predicts and what was heard, mixed.

Shapes: T tokens, K contexts, V vocabulary, W weights, F = 2 + 2 K features.

    log p(v) = w brain(v) + [v was heard in some context] (u chain(v) + sum over contexts k of
               [v was heard in k] (a_k log(1 + (c - 0.6) / ((1 + 0.6 kinds) brain(v))) + b_k)) - log Z

where c is how often v was heard in a context and ``kinds`` how many tokens were; ``chain`` is the log of what counts
add to the brain's share in an interpolated Kneser-Ney chain of the last one to three tokens with the brain as its root.
w, u, a and b are sums of weights: by how uncertain the brain is, by the longest match and its count, by how much of a
word has begun, a and b also by how often the context was heard, and whether with many tokens. They follow the gradient
of the log probability of what came, token by token (Adagrad, Duchi et al. 2011), and so do the chain's discounts and
priors under the chain alone. Of the mixture, a small share is the brain's own word in the end.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from brain.hippocampus.contexts import LONGEST_BEGUN, NAMES
from brain.hippocampus.tables import ORDERS, PackedTables, PlainTables, as_words
from brain.ops.backend import Kernels

COUNTS, KINDS = 6, 3  # classes; these and the order of weights are hippocampus.c's, too
ENTROPIES, MATCHES, BEGUN = 16, 1 + ORDERS * 4, 1 + LONGEST_BEGUN
RATE, FROM, TINY = 0.02, 1e-6, 1e-9
FLOOR = 0.003  # of the brain's own word, so that no certainty costs too much
DISCOUNT, PRIOR, OF_CHAIN = 0.85, 0.0, 0.1  # at first: sigmoid -> 0.7, exp -> 1


def weight_count(contexts: int) -> int:
    features = 2 + 2 * contexts
    return ORDERS * COUNTS * 2 + (ENTROPIES + MATCHES + BEGUN) * features + contexts * COUNTS * KINDS * 2


@dataclass(slots=True)
class MixingWeights:
    """``values`` (W,), and ``squares`` (W,): sums of their squared gradients."""

    values: Tensor
    squares: Tensor

    @classmethod
    def fresh(cls, contexts: int = len(NAMES)) -> MixingWeights:
        """Those that trust the brain, and the chain a little."""
        values = torch.zeros(weight_count(contexts))
        values[: ORDERS * COUNTS * 2].view(-1, 2)[:] = torch.tensor([DISCOUNT, PRIOR])
        by_entropy = values[_shared(0, contexts) : _shared(ENTROPIES, contexts)].view(ENTROPIES, -1)
        by_entropy[:, 0], by_entropy[:, 1] = 1.0, OF_CHAIN
        return cls(values, torch.zeros_like(values))

    def copy(self) -> MixingWeights:
        return MixingWeights(self.values.clone(), self.squares.clone())


def _shared(number: int, contexts: int) -> int:
    """Where the weights for all features begin: by entropy, then by match, then by what has begun."""
    return ORDERS * COUNTS * 2 + number * (2 + 2 * contexts)


def mix(
    tables: PackedTables | PlainTables,
    weights: MixingWeights,
    brain: Tensor,
    keys: np.ndarray,
    begun: np.ndarray,
    tokens: Tensor,
    *,
    learn: bool,
    whole: bool = False,
    run: Kernels | None = None,
) -> tuple[Tensor, Tensor | None]:
    """``brain`` (T, V) log probabilities, ``keys`` (T, K), ``begun`` (T,) bytes of a word, ``tokens`` (T,) those that
    came -> log probabilities (T,) of those, and with ``whole`` (T, V) of all. With ``learn``, the weights change."""
    if run and isinstance(tables, PackedTables):
        return _compiled(tables, weights, brain, keys, begun, tokens, learn, whole, run)
    definition = Definition(tables, weights, keys.shape[1])
    rows = [
        definition.mix(row, contexts, of_word, token, learn)
        for row, contexts, of_word, token in zip(
            brain.double().numpy(), keys.tolist(), begun.tolist(), tokens.tolist(), strict=True
        )
    ]
    mixed = torch.from_numpy(np.stack(rows)).to(brain.dtype) if rows else brain
    return mixed.gather(1, tokens[:, None])[:, 0], mixed if whole else None


def _compiled(
    tables: PackedTables,
    weights: MixingWeights,
    brain: Tensor,
    keys: np.ndarray,
    begun: np.ndarray,
    tokens: Tensor,
    learn: bool,
    whole: bool,
    run: Kernels,
) -> tuple[Tensor, Tensor | None]:
    (count, vocabulary), contexts = brain.shape, keys.shape[1]
    mixed, likely = torch.empty_like(brain) if whole else brain.new_empty(1), brain.new_empty(count)
    extra, sums, root, share = brain.new_zeros(4, vocabulary)
    evidence = brain.new_empty(contexts * vocabulary)
    found, marks = torch.zeros(2, vocabulary, dtype=torch.int64)
    run(
        "recall", tables.slots, tables.entries, brain.contiguous(), as_words(keys), torch.from_numpy(begun),
        tokens.contiguous(), weights.values, weights.squares, mixed, likely, extra, sums, root, share, evidence, found,
        marks, len(tables.slots), count, contexts, vocabulary, int(learn), int(whole),
    )  # fmt: skip
    return likely, mixed if whole else None


class Definition:
    """The mixture of one token after the other."""

    def __init__(self, tables: PackedTables | PlainTables, weights: MixingWeights, contexts: int):
        self.tables, self.weights, self.contexts = tables, weights, contexts

    def mix(self, brain: np.ndarray, keys: list[int], begun: int, token: int, learn: bool) -> np.ndarray:
        """``brain`` (V,) log probabilities -> (V,)."""
        values, root = self.weights.values.double().numpy(), np.exp(brain)
        heard = [self._entries(key) for key in keys]
        entropy = min(ENTROPIES - 1, max(0, int(2 * -(root * brain).sum())))
        match = 0
        for order in range(ORDERS):
            if heard[order]:
                match = 1 + order * 4 + _match_class(sum(c for c, _ in heard[order].values()))
        places = entropy, ENTROPIES + match, ENTROPIES + MATCHES + begun
        shared = [_shared(place, self.contexts) for place in places]
        features = np.zeros((2 + 2 * self.contexts, len(brain)))
        features[0] = brain
        features[1], chain = self._chain(heard[:ORDERS], root, values)
        own = []
        for k, entries in enumerate(heard):
            own.append(_shared(ENTROPIES + MATCHES + BEGUN, self.contexts) + k * COUNTS * KINDS * 2)
            if not entries:
                continue
            count = sum(c for c, _ in entries.values())
            own[k] += 2 * (KINDS * _count_class(count) + _kinds_class(count, len(entries)))
            for v, (c, _) in entries.items():
                features[2 + 2 * k, v] = math.log(1 + (c - 0.6) / ((1 + 0.6 * len(entries)) * (root[v] + TINY)))
                features[3 + 2 * k, v] = 1
        size = 2 + 2 * self.contexts
        total = sum(values[first : first + size] for first in shared)
        for k, first in enumerate(own):
            total[2 + 2 * k : 4 + 2 * k] += values[first : first + 2]
        scores = total @ features
        mixed = scores - np.logaddexp.reduce(scores)
        if learn:
            gradient = features[:, token] - features @ np.exp(mixed)
            steps = [(first, gradient) for first in shared]
            steps += [(first, gradient[2 + 2 * k : 4 + 2 * k]) for k, first in enumerate(own) if heard[k]]
            steps += self._chain_gradients(chain, root[token], token)
            for first, step in steps:
                self._step(first, step)
        return np.logaddexp(mixed + math.log(1 - FLOOR), brain + math.log(FLOOR))

    def _entries(self, key: int) -> dict[int, list[int]]:
        """What was heard in a context: how often, in how many longer ones, by token."""
        if isinstance(self.tables, PlainTables):
            return self.tables.counts.get(key, {})
        return {token: [heard, spread] for other, token, heard, spread in self.tables.rows() if other == key}

    def _chain(self, heard: list[dict], root: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, list]:
        """The feature (V,), and of each order: where its weights are, discount, prior, counts by token, their sum."""
        added, scale, chain = np.zeros(len(root)), 1.0, []
        for order, entries in enumerate(heard):
            which = 0 if order == ORDERS - 1 else 1
            counts = {v: entry[which] for v, entry in entries.items()}
            n, kinds = sum(counts.values()), len(counts)
            if not n:
                chain.append(None)
                continue
            first = (order * COUNTS + _count_class(n)) * 2
            discount, prior = 1 / (1 + math.exp(-values[first])), math.exp(values[first + 1])
            scale *= (prior + discount * kinds) / (n + prior)
            for v, c in counts.items():
                added[v] += max(c - discount, 0) / ((n + prior) * scale)
            chain.append((first, discount, prior, counts, n))
        return np.log1p(added / (root + TINY)), chain

    def _chain_gradients(self, chain: list, root: float, token: int) -> list[tuple[int, np.ndarray]]:
        """Of the log probability of what came under the chain, for each order's discount and prior."""
        p = [root]
        for part in chain:
            if part:
                _, discount, prior, counts, n = part
                used = max(counts.get(token, 0) - discount, 0)
                p.append((used + (prior + discount * len(counts)) * p[-1]) / (n + prior))
            else:
                p.append(p[-1])
        onward, found = 1 / (p[-1] + 1e-12), []
        for order in reversed(range(ORDERS)):
            if not chain[order]:
                continue
            first, discount, prior, counts, n = chain[order]
            kinds, more = len(counts), counts.get(token, 0) > discount
            by_discount = (kinds * p[order] - more) / (n + prior) * discount * (1 - discount)
            by_prior = (p[order] - p[order + 1]) / (n + prior) * prior
            found.append((first, onward * np.array([by_discount, by_prior])))
            onward *= (prior + discount * kinds) / (n + prior)
        return found

    def _step(self, first: int, gradient: np.ndarray) -> None:
        step = torch.from_numpy(gradient).to(self.weights.values.dtype)
        squares = self.weights.squares[first : first + len(step)].add_(step.square())
        self.weights.values[first : first + len(step)].add_(RATE * step / (squares + FROM).sqrt())


def _count_class(count: int) -> int:
    return next((number for number, limit in enumerate((2, 3, 5, 9, 33)) if count < limit), COUNTS - 1)


def _kinds_class(count: int, kinds: int) -> int:
    """Of a context that was heard ``count`` times: always with the same token, with few, or with many."""
    return 0 if kinds == 1 else 1 if 2 * kinds <= count else 2


def _match_class(count: int) -> int:
    return next((number for number, limit in enumerate((2, 4, 16)) if count < limit), 3)
