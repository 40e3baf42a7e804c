"""A judge: what people would say of an answer that nobody has marked, guessed from those that they have.

Ridge regression on two things that any answer has, how long it is and which tokens are in it: what counts is how alike
an answer is to each of the marked ones. What a judge is worth is known before it is asked: each marked answer is left
out in turn (exactly, without fitting anew), and ``trust`` is how much better than by chance these are put in order.

Shapes: N marked answers, R others, C different tokens of marked ones.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from school.teaching.own_words import Words

RIDGE = 1.0  # for a verdict that counts fully; an answer is as much alike itself in its words


class Judge:
    """``marked``: answers; ``liked``: which of them were; ``weights``: how much each verdict counts."""

    def __init__(self, marked: Sequence[Words], liked: Sequence[bool], weights: Sequence[float]):
        lengths = _lengths(marked)
        self._middle, self._spread = lengths.mean(), lengths.std() + 1e-6
        held = Counter(token for answer in marked for token in set(answer))
        self._columns = {token: column for column, token in enumerate(sorted(held))}
        rarity = np.log((len(marked) + 1) / (np.array([held[token] for token in sorted(held)]) + 1))
        self._rarity = np.append(rarity, np.log(len(marked) + 1))  # the last of a token that no marked answer has
        self._of_marked = self._features(marked)
        targets = np.where(liked, 1.0, -1.0)
        targets -= targets.mean()
        ridge = np.diag(RIDGE / np.maximum(weights, 1e-3))
        inverse = np.linalg.inv(self._of_marked @ self._of_marked.T + ridge)
        shares = inverse @ targets
        left_out = targets - shares / np.diag(inverse)
        self._slopes = self._of_marked.T @ shares
        self.trust = max(0.0, 2 * order(left_out[targets > 0], left_out[targets < 0]) - 1)

    def scores(self, answers: Sequence[Words]) -> np.ndarray:
        """How much each would be liked (R,): above 0 more than the marked ones on average; rarely beyond -1 and 1."""
        return self._features(answers) @ self._slopes

    def _features(self, answers: Sequence[Words]) -> np.ndarray:
        """The length, and which tokens, rare ones more; the tokens of each answer count as much together as the length
        of one that is as far from the middle as usual. (R, 1 + C + 1)."""
        rows = np.zeros((len(answers), len(self._rarity)))
        for row, answer in zip(rows, answers, strict=True):
            known = [self._columns[token] for token in set(answer) if token in self._columns]
            row[known] = self._rarity[known]
            row[-1] = self._rarity[-1] * np.sqrt(len(set(answer)) - len(known))
        rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)
        return np.column_stack([(_lengths(answers) - self._middle) / self._spread, rows])


def order(liked: np.ndarray, others: np.ndarray) -> float:
    """The share of pairs, of each with each, in which the liked one is higher; half where there are none."""
    if not (len(liked) and len(others)):
        return 0.5
    above, same = liked[:, None] > others, liked[:, None] == others
    return float((above + same / 2).mean())


def _lengths(answers: Sequence[Words]) -> np.ndarray:
    """In logarithms of tokens."""
    return np.log([max(1, len(answer)) for answer in answers])
