"""The hippocampus: compiled or not it counts and mixes the same, knows what it heard, and takes it back to the bit."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from brain.hippocampus import Hippocampus, MixingWeights
from brain.hippocampus.contexts import NAMES, REACH, Contexts
from brain.ops.backend import Backend

DOCUMENT, LETTERS = 0, 27
PIECES = [b"", *(bytes([97 + i]) for i in range(24)), b" the", b" a"]


def document(seed: int, length: int = 120) -> np.ndarray:
    """Tokens with habits: each is followed by one of a few."""
    rng = np.random.default_rng(seed)
    tokens = [DOCUMENT, 1]
    while len(tokens) < length:
        tokens.append(1 + (tokens[-1] * 7 + int(rng.integers(3))) % (LETTERS - 1))
    return np.array(tokens, dtype=np.int64)


def brain(count: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(count, LETTERS, generator=torch.Generator().manual_seed(seed)).log_softmax(-1)


def hippocampus(backend: Backend | None = None) -> Hippocampus:
    return Hippocampus(PIECES, DOCUMENT, run=backend.kernels if backend else None)


texts = st.lists(st.integers(1, 4), max_size=40).map(lambda tokens: np.array([DOCUMENT, *tokens], dtype=np.int64))


@settings(max_examples=40)
@given(st.lists(texts, min_size=1, max_size=4), st.data())
def test_what_is_taken_back_was_never_heard(compiled, documents, data):
    """Of any documents in any order, any may be taken back: the tables are those of the others, heard in another order.
    Packed and plain tables count the same."""
    gone = data.draw(st.sets(st.integers(0, len(documents) - 1)))
    plain, packed, never = hippocampus(), hippocampus(compiled), hippocampus(compiled)
    for one in (plain, packed):
        for tokens in documents:
            one.hear(tokens)
        for number in gone:
            one.hear(documents[number], -1)
    for number in reversed(range(len(documents))):
        if number not in gone:
            never.hear(documents[number])
    rows = list(packed.tables.rows())
    assert rows == list(plain.tables.rows()) == list(never.tables.rows())


def test_tables_grow(compiled):
    """Through many doublings, and back to nothing."""
    text = np.random.default_rng(0).integers(1, LETTERS, 20_000)
    text[0] = DOCUMENT
    plain, packed = hippocampus(), hippocampus(compiled)
    before = packed.bytes
    for one in (plain, packed):
        one.hear(text)
    assert packed.bytes > 16 * before
    assert list(packed.tables.rows()) == list(plain.tables.rows())
    packed.hear(text, -1)
    assert list(packed.tables.rows()) == []
    with pytest.raises(ValueError, match="never heard"):
        packed.hear(text[:3], -1)


def test_continuations_follow_from_the_counts():
    """How many longer contexts a token was heard in is what a count of the longer ones says."""
    heard = hippocampus()
    text = document(1)
    heard.hear(text)
    keys = heard.contexts.keys(text)[1:]
    for order in (0, 1):
        longer = {(tuple(row[[order, order + 1]]), token) for row, token in zip(keys, text[1:], strict=True)}
        for key, entries in heard.tables.counts.items():
            if key in keys[:, order].tolist():
                for token, (_, spread) in entries.items():
                    assert spread == len({pair for pair, came in longer if pair[0] == key and came == token})


def test_compiled_it_mixes_the_same(compiled):
    """Predictions, and what is learned of how to mix, over a text that is heard as it is read."""
    text, said = document(2, 200), []
    for one in (hippocampus(), hippocampus(compiled)):
        one.hear(document(3))
        likely = one.read(brain(199), text)
        said.append((likely, one.weights.values, one.speak(brain(1), [text.tolist()])))
    for plain, fast in zip(*said, strict=True):
        assert torch.allclose(plain, fast, atol=2e-3)


def test_it_mixes_probabilities(compiled):
    """All that may come sums to one, and what came has the probability that it has among them."""
    one = hippocampus(compiled)
    one.read(brain(119), document(4))
    mixed = one.speak(brain(1), [document(4)[:50].tolist()])[0]
    assert mixed.exp().sum().item() == pytest.approx(1, abs=1e-5)
    judged = one.judge(brain(1), document(4)[:51], one.weights, learn=False)
    assert judged.item() == pytest.approx(mixed[document(4)[50]].item(), abs=1e-5)


def test_one_that_heard_nothing_leaves_the_brain_alone(compiled):
    """It is the brain's own word then, to rounding."""
    logits = brain(2)
    assert torch.allclose(hippocampus(compiled).speak(logits, [[], [DOCUMENT, 3]]), logits, atol=1e-6)


def test_it_predicts_what_it_heard_once(compiled):
    """A text that it has read before costs a small part of what it costs the brain: it learns to rely on that."""
    one, text = hippocampus(compiled), np.random.default_rng(0).integers(1, LETTERS, 400)
    text[0] = DOCUMENT
    first = one.read(brain(399), text).mean()
    again = one.read(brain(399), text).mean()
    assert first < brain(399).mean() + 1
    assert again > first / 3


def test_judging_changes_nothing_but_the_weights_it_is_given(compiled):
    one = hippocampus(compiled)
    one.hear(document(6))
    rows, values, own = list(one.tables.rows()), one.weights.values.clone(), MixingWeights.fresh()
    one.judge(brain(50), document(6)[:51], own, learn=True)
    assert list(one.tables.rows()) == rows
    assert torch.equal(one.weights.values, values)
    assert not torch.equal(own.values, values)


def test_a_document_has_the_same_contexts_wherever_it_stands():
    """Nothing before its mark matters, and a window of it tells the same as all of it."""
    contexts, one, other = Contexts(PIECES, DOCUMENT), document(7), document(8)
    alone = contexts.keys(one, 1)
    behind = contexts.keys(np.concatenate([other, one]), len(other) + 1)
    assert np.array_equal(alone, behind)
    assert np.array_equal(contexts.keys(one[20:], 70), alone[89:])
    assert alone.all()


@given(st.lists(st.integers(0, LETTERS - 1), max_size=100))
def test_the_keys_of_one_place_are_those_of_all(tokens):
    """Plain numbers and arrays, with marks in the middle."""
    contexts = Contexts(PIECES, DOCUMENT)
    window = np.array([*tokens[-REACH:], 1], dtype=np.int64)
    keys, begun = contexts.before(window, len(window) - 1)
    assert contexts.before_next(tokens) == (keys[0].tolist(), begun[0])


@pytest.mark.parametrize(
    ("one", "other", "name"),
    [
        ("xa bc", "ya bc", "3 bytes"),
        ("to bc", "so bc", "word"),
        ("xx to bc", "yy to bc", "2 words"),
        ("xxa bcdef", "yya bcdef", "5 bytes"),
    ],
)
def test_bytes_and_words(one, other, name):
    """Texts that end alike have these contexts in common, however they are cut into tokens."""
    pieces = [b"", *(bytes([i]) for i in range(32, 127)), b" bc", b"to", b"def"]
    contexts = Contexts(pieces, DOCUMENT)

    def key(text: str, merged: dict[str, int]) -> int:
        tokens = [DOCUMENT]
        while text:
            piece = next((piece for piece in merged if text.startswith(piece)), text[0])
            tokens.append(merged[piece] if piece in merged else ord(piece) - 31)
            text = text[len(piece) :]
        return int(contexts.keys(np.array([*tokens, 0]), len(tokens))[0, NAMES.index(name)])

    cut = {" bc": 96, "to": 97, "def": 98}
    assert key(one, {}) == key(one, cut) == key(other, {}) == key(other, cut)
    assert key(one, {}) != key(one + "x", {})


@pytest.mark.parametrize(("said", "begun"), [("", 0), ("to bc", 2), ("to bc.", 0), ("it's", 4), ("x" * 40, 15)])
def test_how_much_of_a_word_has_begun(said, begun):
    """However the word is cut into tokens; no word goes on from one document into the next."""
    pieces = [b"", *(bytes([i]) for i in range(32, 127)), b"bc", b"xx"]
    contexts, tokens = Contexts(pieces, DOCUMENT), [1 + 33, DOCUMENT, *(ord(letter) - 31 for letter in said)]
    assert contexts.before_next(tokens)[1] == begun
    if said == "to bc":
        assert contexts.before_next([*tokens[:-2], 96])[1] == begun
