"""Which question is an answer to? A judge that knows the library's words and nothing of the brain.

It scores an answer against a question by the words they share, rare ones more (BM25, Robertson and Zaragoza 2009, "The
probabilistic relevance framework"), and by how related their words are: the cosine of their mean word vectors. These
are learned from the library alone, from how often words stand near each other: positive pointwise mutual information,
its first singular vectors (Levy and Goldberg 2014, "Neural word embedding as implicit matrix factorization"), without
the mean and what all words share (Mu and Viswanath 2018, "All-but-the-top").

Shapes: V words, D dimensions.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
import torch
from torch import Tensor

from school.texts.fluency import words

MOST_WORDS, DIMENSIONS, NEAR = 2000, 100, 8  # that have a vector, of it, and words that stand near each other
WORDS_EACH, PER_SHARED = 5, 100  # words a dimension, at least; dimensions of which one is shared by all words
SATURATION, LENGTH_SHARE = 1.2, 0.75  # BM25's k1 and b
RELATED = 4.0  # of what a shared word counts, which is about as much as a fairly rare one


class Judge:
    """Learns from ``passages`` of a library."""

    def __init__(self, passages: Iterable[str]):
        read = [said for passage in passages for line in passage.split("\n") if (said := roots(line))]
        self._lines = len(read)
        self._texts: dict[str, tuple[list[str], np.ndarray]] = {}
        self._in_lines = Counter(word for said in read for word in set(said))
        frequent = Counter(word for said in read for word in said)
        known = [word for word, count in frequent.most_common(MOST_WORDS) if count > 1]
        self._number = {word: number for number, word in enumerate(known)}
        row = np.array([self._number.get(word, -1) for said in read for word in said])
        self._vectors = vectors_of(co_occurrence(row, len(known)))

    def scores(self, answer: str, questions: Sequence[str]) -> np.ndarray:
        """How well an answer goes with each question, (questions,); 0 for one that says nothing known."""
        said, meant = self._understood(answer)
        asked, topics = zip(*map(self._understood, questions), strict=True)
        mean = sum(map(len, asked)) / len(asked)
        shared = [self._shared(set(said), question, mean) for question in asked]
        return np.array(shared) + RELATED * np.array(topics) @ meant

    def _understood(self, text: str) -> tuple[list[str], np.ndarray]:
        """Its words and their direction; kept, as a text is tried again and again."""
        if text not in self._texts:
            said = roots(text)
            self._texts[text] = said, self._meaning(said)
        return self._texts[text]

    def _shared(self, said: set[str], question: list[str], mean: float) -> float:
        counts = Counter(question)
        long = SATURATION * (1 - LENGTH_SHARE + LENGTH_SHARE * len(question) / mean) if question else 1.0
        return sum(
            self._rarity(word) * count * (SATURATION + 1) / (count + long)
            for word, count in counts.items()
            if word in said
        )

    def _rarity(self, word: str) -> float:
        among = self._in_lines[word]
        return math.log(1 + (self._lines - among + 0.5) / (among + 0.5))

    def _meaning(self, said: list[str]) -> np.ndarray:
        """The direction (D,) of the words' vectors together, rare ones more; nothing where none has any."""
        total = np.zeros(self._vectors.shape[1])
        for word in sorted(set(said)):
            if word in self._number:
                total += self._rarity(word) * self._vectors[self._number[word]]
        return _unit(total)


def roots(text: str) -> list[str]:
    """Its words, without the s of a plural or of what is somebody's."""
    return [_root(word) for word in words(text)]


def _root(word: str) -> str:
    word = word.removesuffix("'s")
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def co_occurrence(row: np.ndarray, size: int) -> np.ndarray:
    """How often words of a text (N,) stand near each other, the nearer the more: (V, V). -1 is a word without a
    number."""
    counts = np.zeros(size * size)
    for apart in range(1, min(NEAR, len(row) - 1) + 1):
        one, other = row[:-apart], row[apart:]
        both = (one >= 0) & (other >= 0)
        counts += np.bincount(one[both] * size + other[both], minlength=size * size) / apart
    counts = counts.reshape(size, size)
    return counts + counts.T


def vectors_of(counts: np.ndarray) -> np.ndarray:
    """Unit vectors (V, D) of words that stand near each other so often (V, V)."""
    if not counts.any():
        return np.zeros((len(counts), 1))
    sums = counts.sum(0)
    expected = np.outer(sums, sums) / counts.sum()
    surprise = np.log(np.divide(counts, expected, out=np.ones_like(counts), where=counts > expected))
    vectors = _first_directions(torch.from_numpy(surprise))
    vectors -= vectors.mean(0)
    shared = vectors.shape[1] // PER_SHARED
    common = torch.linalg.eigh(vectors.t() @ vectors).eigenvectors[:, vectors.shape[1] - shared :]
    return _unit((vectors - vectors @ common @ common.t()).numpy())


def _first_directions(matrix: Tensor) -> Tensor:
    """The first singular vectors of (V, V), each as long as the root of its value: (V, D). Of a few words D is less,
    for as many directions as words would tell each from all others."""
    count = max(1, min(DIMENSIONS, len(matrix) // WORDS_EACH))
    with torch.random.fork_rng(devices=[]):  # it starts from a place of chance
        torch.manual_seed(0)
        left, sizes, _ = torch.svd_lowrank(matrix, q=min(count + 20, len(matrix)), niter=3)
    return (left * sizes.sqrt())[:, :count]


def _unit(vectors: np.ndarray) -> np.ndarray:
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.divide(vectors, length, out=np.zeros_like(vectors), where=length > 1e-9)
