"""Tokens that are spelled alike share a part of their vectors: which parts, their gradient, and the table made once."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
import torch

from brain import build_brain, parameter_count
from brain.layers.spelling import Spelling, parts_of, shared_parts
from tests.conftest import TINY

PIECES = [
    b"",
    b"",
    b" king",
    b" King",
    b"King",
    b"KING",
    b" kings",
    b" walking",
    b",",
    b"\xff",
    b" \xd0\xbc\xd0\xb8\xd1\x80",
]
KING, CAPITAL_KING, WALKING, COMMA = 2, 3, 7, 8


def dense(pieces: list[bytes]) -> torch.Tensor:
    """What each part weighs in each token, (V, P), worked out word by word."""
    spelled = [parts_of(piece) for piece in pieces]
    shared = [part for part in dict.fromkeys(sum(spelled, [])) if sum(part in parts for parts in spelled) > 1]
    counts = torch.tensor([[float(part in parts) for part in shared] for parts in spelled])
    return counts / counts.sum(1, keepdim=True).clamp(min=1).sqrt()


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        (b" king", b" King", {("word", "king"), ("letters", 4), ("after a space", True)}),
        (b"king", b" kings", {("begins", "kin"), ("capital", False)}),
        (b" king", b" walking", {("ends", "ing"), ("after a space", True), ("capital", False)}),
        (" мир".encode(), "Мир".encode(), {("word", "мир"), ("begins", "ми"), ("letters", 3)}),
        ("水".encode(), " 水".encode(), {("word", "水")}),
    ],
)
def test_relatives_have_parts_in_common(one, other, alike):
    """Case, beginnings and endings, in any script."""
    assert alike <= set(parts_of(one)) & set(parts_of(other))


def test_what_differs_and_what_has_none():
    """Words that only look alike share no word; marks share nothing; half a letter does no harm."""
    assert ("word", "king") not in parts_of(b" kings")
    assert parts_of(b"") == []
    assert parts_of("é".encode()[:1])
    assert all(len(parts) == len(set(parts)) for parts in map(parts_of, PIECES))


def test_the_table_is_the_sum_of_own_and_shared_vectors():
    """Values and gradients are those of the sum written out as a matrix product."""
    torch.manual_seed(0)
    spelling, weights = Spelling(shared_parts(PIECES), 5, size=1.0), dense(PIECES)
    own, outward = torch.randn(len(PIECES), 5, requires_grad=True), torch.randn(len(PIECES), 5)
    assert spelling.vectors.shape == (weights.shape[1], 5)
    torch.testing.assert_close(spelling(own), own + weights @ spelling.vectors)
    spelling(own).backward(outward)
    torch.testing.assert_close(own.grad, outward)
    torch.testing.assert_close(spelling.vectors.grad, weights.t() @ outward)


def test_the_same_table_is_used_until_the_weights_change():
    """Made once for many tokens; anew after any change in place; a copy's table is its own."""
    spelling, own = Spelling(shared_parts(PIECES), 5, size=1.0), torch.nn.Parameter(torch.randn(len(PIECES), 5))
    with torch.no_grad():
        first = spelling(own)
        assert spelling(own) is first
        for weights in (own, spelling.vectors):
            before = spelling(own)
            torch._foreach_lerp_([weights], [torch.zeros_like(weights)], 0.5)
            torch.testing.assert_close(spelling(own), own + dense(PIECES) @ spelling.vectors)
            assert spelling(own) is not before
        twin, twins_own = copy.deepcopy((spelling, own))
        twins_own.zero_()
        torch.testing.assert_close(twin(twins_own), dense(PIECES) @ twin.vectors)
        torch.testing.assert_close(spelling(own), own + dense(PIECES) @ spelling.vectors)


def test_what_the_vectors_of_a_soul_stand_for_never_changes():
    """Which part has which number; a soul from today must mean the same tomorrow."""
    bags, _ = shared_parts([b"", b" king", b"King", b"kings", b","])
    rows = [part.tolist() for part in bags.ids.tensor_split(bags.offsets[1:])]
    assert parts_of(b" King") == [
        ("word", "king"), ("after a space", True), ("capital", True), ("capitals", False), ("letters", 4),
        ("begins", "k"), ("ends", "g"), ("begins", "ki"), ("ends", "ng"), ("begins", "kin"), ("ends", "ing"),
    ]  # fmt: skip
    assert rows == [[], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], [0, 10, 2, 3, 4, 5, 6, 7, 8, 9], [10, 1, 2, 4, 6, 8], [10, 1]]


def test_without_relatives_it_is_the_own_vectors():
    spelling, own = Spelling(shared_parts([b""] * 4), 5, size=1.0), torch.randn(4, 5)
    assert spelling.vectors.shape == (0, 5)
    torch.testing.assert_close(spelling(own), own)


def test_what_one_word_learns_its_relatives_learn_a_little():
    """A step towards saying " king" makes " King" likelier, "walking" a little, and a comma the least."""
    torch.manual_seed(0)
    brain = build_brain(replace(TINY, dropout=0.0), pieces=PIECES, turn_tokens=2)
    words, pixels = torch.tensor([[COMMA, WALKING]]), torch.full((1, 2, 3), 0.5)

    def logits() -> torch.Tensor:
        return brain(words, pixels, brain.fresh_state(1)).logits[0, -1]

    before = logits()
    (gradient,) = torch.autograd.grad(before[KING], [brain.logits.spelling.vectors])
    with torch.no_grad():
        brain.logits.spelling.vectors.add_(0.1 * gradient)
        risen = logits() - before
    assert risen[KING] > risen[CAPITAL_KING] > risen[WALKING] > risen[COMMA]


def test_it_can_be_switched_off():
    """Then nothing is shared, and the brain is smaller by just the parts' vectors."""
    plain, spelled = (build_brain(replace(TINY, spelling=on), pieces=PIECES, turn_tokens=2) for on in (False, True))
    parts = len(shared_parts(PIECES)[1].offsets)
    assert parameter_count(spelled) - parameter_count(plain) == parts * (TINY.embed_width + TINY.thought_width)
