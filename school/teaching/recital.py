"""The recital: at an examination it is asked for what the owner taught it, with nothing but its weights. What it does
not know by heart comes back often until it does.

Shapes: N pairs, T tokens, V vocabulary.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from brain.contract import Brain
from brain.ops.token_losses import token_losses
from school.door.values import Pair
from school.teaching.course import read_quietly
from school.teaching.reviews import Reviews, as_tokens
from school.teaching.verdicts import padded
from school.texts.tokenizer import Tokenizer

ASKED = 256  # pairs at most, at one examination
AT_ONCE = 4  # rows that are read together
SURE = 0.5  # probability that each token of an answer needs, for it to be known by heart

Row = tuple[list[int], list[float]]  # a pair's tokens, and what each counts as a target


class Recital(NamedTuple):
    """How many it was asked for, and how many of them it knew by heart."""

    asked: int = 0
    known: int = 0


def recite(voice: Brain, reviews: Reviews, tokenizer: Tokenizer, *, seed: int, step: int) -> Recital:
    """Ask for what the owner taught, of very much for a part that is drawn by (seed, step)."""
    taught = reviews.for_heart()
    if len(taught) > ASKED:
        drawn = np.random.default_rng([seed, step, *b"recital"]).choice(len(taught), ASKED, replace=False)
        taught = [taught[number] for number in sorted(drawn)]
    known = by_heart(voice, taught, tokenizer)
    reviews.recited({pair.id: knows for pair, knows in zip(taught, known, strict=True)}, step)
    return Recital(len(taught), sum(known))


def by_heart(voice: Brain, pairs: Sequence[Pair], tokenizer: Tokenizer) -> list[bool]:
    """Of each, whether every token of the answer, behind those before it, is likelier than not."""
    rows = [as_tokens(pair, tokenizer, 0.0) for pair in pairs]
    by_length = sorted(range(len(rows)), key=lambda number: len(rows[number][0]))
    known = [False] * len(rows)
    for first in range(0, len(rows), AT_ONCE):
        numbers = by_length[first : first + AT_ONCE]
        for number, knows in zip(numbers, _known(voice, [rows[number] for number in numbers]), strict=True):
            known[number] = knows
    return known


def _known(voice: Brain, rows: Sequence[Row]) -> list[bool]:
    tokens, answers = padded([(ids, [weight > 0 for weight in weights]) for ids, weights in rows])
    logits = read_quietly(voice, tokens).transpose(0, 1)
    losses, _ = token_losses(logits, tokens[:, 1:].t().to(logits.device), voice.backend)
    return ((losses.t().cpu() <= -math.log(SURE)) | ~answers).all(1).tolist()
