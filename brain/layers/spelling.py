"""What tokens that are spelled alike have in common.

A byte-pair vocabulary knows " king", " King" and " kings" as three words that have nothing to do with each other, and a
small library says little of each. Here a token's vector is its own and those of its spelling's parts: the word whatever
its case, how it begins and ends, its case, its length. So what is learned of one is learned a little of its relatives,
and where they differ each has its own (after the character n-grams of Bojanowski et al. 2017, "Enriching word vectors
with subword information"; there for the input only, here for the output too).

Souls keep the parts' vectors by number: what a part is and the order of the parts must stay as they are, or be a new
setting of the brain's shape.

Shapes: V vocabulary, P parts, D width, M memberships.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import accumulate

import torch
from torch import Tensor, nn

from brain.ops.bags import Bags, bag_sums, table_at_hand

LONGEST = 3  # letters of a beginning or an ending


def parts_of(piece: bytes) -> list[tuple]:
    """The parts of one token's spelling, each once; none of a mark, which has no spelling."""
    return list(_parts(piece.decode("utf-8", "surrogateescape"))) if piece else []


def _parts(text: str) -> Iterator[tuple]:
    bare = text.strip()
    word = bare.lower()
    yield "word", word
    yield "after a space", text[:1].isspace()
    yield "capital", bare[:1].isupper()
    if len(bare) > 1:
        yield "capitals", bare.isupper()
    yield "letters", len(word)
    for letters in range(1, min(LONGEST, len(word)) + 1):
        yield "begins", word[:letters]
        yield "ends", word[-letters:]


Parts = tuple[Bags, Bags]
"""The parts in each token, and the tokens in each part: the same memberships, both ways round."""


def shared_parts(pieces: Sequence[bytes]) -> Parts:
    """Which parts each token has, and which tokens have each part; only parts that at least two tokens share.

    A token's parts weigh one over the root of their number, so that all tokens' sums have the same size.
    """
    spelled = [parts_of(piece) for piece in pieces]
    tokens_with = Counter(part for parts in spelled for part in parts)
    number = {part: i for i, part in enumerate(part for part, count in tokens_with.items() if count > 1)}
    shared = [[number[part] for part in parts if part in number] for parts in spelled]
    parts_in = [[(part, len(parts) ** -0.5) for part in parts] for parts in shared]
    tokens_in: list[list[tuple[int, float]]] = [[] for _ in number]
    for token, parts in enumerate(parts_in):
        for part, weight in parts:
            tokens_in[part].append((token, weight))
    return _bags(parts_in), _bags(tokens_in)


def _bags(sums: list[list[tuple[int, float]]]) -> Bags:
    ids = [index for members in sums for index, _ in members]
    weights = [weight for members in sums for _, weight in members]
    offsets = [*accumulate(map(len, sums), initial=0)][:-1]
    return Bags(*(torch.tensor(numbers, dtype=torch.int64) for numbers in (ids, offsets)), torch.tensor(weights))


class Spelling(nn.Module):
    """Makes a table of V vectors (V, D) from the tokens' own and those of their parts.

    ``parts`` as ``shared_parts`` finds them, ``size`` that of the parts' sum at birth, per component.
    """

    def __init__(self, parts: Parts, width: int, *, size: float):
        super().__init__()
        in_token, in_part = parts
        self.vectors = nn.Parameter(torch.randn(len(in_part.offsets), width) * size)
        for of, bags in (("token", in_token), ("part", in_part)):
            for name, tensor in bags._asdict().items():
                self.register_buffer(f"{of}_{name}", tensor, persistent=False)  # the pieces say it
        self._made: tuple[tuple[int, ...], tuple[Tensor, ...]] = (), ()

    def forward(self, own: Tensor) -> Tensor:
        """``own`` (V, D) -> (V, D): the same values, not worked out again, until the weights change."""
        weights = own.data_ptr(), own._version, self.vectors.data_ptr(), self.vectors._version
        if self._made[0] != weights:
            with torch.inference_mode(False), torch.no_grad():  # or lessons could not use it
                table = bag_sums(self.vectors, self._bags("token")).add_(own)
            self._made = weights, (table, own, self.vectors)  # all held, so that nothing else comes to lie there
        table = self._made[1][0]
        return table_at_hand(own, self.vectors, table, self._bags("part"))

    def _bags(self, of: str) -> list[Tensor]:
        return [getattr(self, f"{of}_{name}") for name in Bags._fields]  # asked for at each spoken token
