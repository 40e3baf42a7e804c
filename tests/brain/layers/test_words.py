"""The memory of words: counts that fade, what they add, and old souls without them."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from brain import build_brain, parameter_count
from brain.layers.words import KEPT, WordMemory
from brain.ops.backend import PYTORCH, Backend
from tests.conftest import TINY

WORDS, WIDTH, MARKS = 300, 8, 5


def some_memory(backend: Backend = PYTORCH) -> WordMemory:
    torch.manual_seed(0)
    memory = WordMemory(WORDS, WIDTH, marks=MARKS, backend=backend)
    with torch.no_grad():
        memory.weight.normal_()
    return memory


def counted(tokens: list[int], kept: float) -> torch.Tensor:
    """How often each word was said, word by word, every one fading with those after it."""
    counts = torch.zeros(WORDS)
    for age, token in enumerate(reversed(tokens)):
        counts[token] += kept**age
    return counts


def test_a_word_counts_until_it_fades(backend: Backend):
    """The logits rise by the logs of both counts, as each word weighs them and the hidden state lets them, stream by
    stream."""
    memory, rng = some_memory(backend), torch.Generator().manual_seed(1)
    tokens = torch.randint(MARKS, WORDS, (40, 2), generator=rng)
    hidden, logits = torch.randn(40, 2, WIDTH, generator=rng), torch.randn(40, 2, WORDS, generator=rng)
    out, counts = memory(logits, hidden, tokens, torch.zeros(len(KEPT), 2, WORDS))
    for t, b in ((0, 0), (7, 1), (39, 0)):
        said = tokens[: t + 1, b].tolist()
        scales = 1 + memory.gate(hidden[t, b])
        added = sum(scales[k] * memory.weight[k] * counted(said, kept).log1p() for k, kept in enumerate(KEPT))
        torch.testing.assert_close(out[t, b], logits[t, b] + added, atol=1e-5, rtol=1e-5)
    wanted = torch.stack([torch.stack([counted(tokens[:, b].tolist(), kept) for b in (0, 1)]) for kept in KEPT])
    torch.testing.assert_close(counts, wanted, atol=1e-5, rtol=1e-5)


def test_marks_are_no_words(backend: Backend):
    """Turns are never counted, nor is what a soul of old had counted of them; nothing is learned of them either. Words
    fade past a mark as past a word."""
    memory = some_memory(backend)
    tokens = torch.tensor([1, 60, 2, 0, 4, 60, 4, 4])[:, None]
    before = torch.zeros(len(KEPT), 1, WORDS)
    before[:, :, :MARKS], before[:, :, 70] = 50.0, 2.0
    logits, hidden = torch.zeros(8, 1, WORDS), torch.randn(8, 1, WIDTH)
    out, counts = memory(logits, hidden, tokens, before)
    assert not out[..., :MARKS].any()
    assert not counts[..., :MARKS].any()
    kept = torch.tensor(KEPT)
    torch.testing.assert_close(counts[:, 0, 60], kept**6 + kept**2)
    torch.testing.assert_close(counts[:, 0, 70], 2 * kept**8)
    out.sum().backward()
    assert not memory.weight.grad[:, :MARKS].any()
    assert memory.weight.grad[:, 60].all()


def test_a_brain_counts_no_turns_as_it_speaks(backend: Backend):
    """Neither in a block nor token by token, whichever of the two a state comes from."""
    torch.manual_seed(0)
    brain = build_brain(TINY, pieces=[b"word%d" % number for number in range(50)], turn_tokens=MARKS, backend=backend)
    state, pixel = brain.fresh_state(1), torch.full((1, 3), 0.5)
    with torch.no_grad():
        for turn in range(3):
            state = brain(torch.tensor([[1, 7 + turn, 4, 2]]), pixel[:, None].expand(-1, 4, -1), state).state
            for token in (20 + turn, 4):
                state = brain.step(torch.tensor([token]), pixel, state).state
    assert not state["words"][..., :MARKS].any()
    assert state["words"][..., [7, 8, 9, 20, 21, 22]].all()


def test_two_blocks_are_one():
    """What a block leaves behind, the next one begins with."""
    memory, tokens = some_memory(), torch.arange(60).view(30, 2) % 7
    hidden, logits, none = torch.randn(30, 2, WIDTH), torch.zeros(30, 2, WORDS), torch.zeros(len(KEPT), 2, WORDS)
    whole, last = memory(logits, hidden, tokens, none)
    first, between = memory(logits[:11], hidden[:11], tokens[:11], none)
    second, after = memory(logits[11:], hidden[11:], tokens[11:], between)
    torch.testing.assert_close(torch.cat([first, second]), whole, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(after, last, atol=1e-5, rtol=1e-5)


def test_a_life_long_silence_is_forgotten(compiled: Backend):
    """After ten thousand other words nothing is left, and nothing too small to be quick."""
    memory = some_memory(compiled)
    counts = torch.zeros(len(KEPT), 1, WORDS)
    for word in (5, *[6] * 10):
        tokens = torch.full((1000, 1), word)
        _, counts = memory(torch.zeros(1000, 1, WORDS), torch.zeros(1000, 1, WIDTH), tokens, counts)
    assert counts[0, 0, 5] == 0
    assert 0 < counts[1, 0, 5] < 1e-10
    assert counts[1, 0, 6] == pytest.approx(1 / (1 - KEPT[1]), rel=1e-3)


def test_it_learns_that_a_name_comes_back():
    """Taught texts in each of which one word is said again and again, it soon expects that of the next text once it was
    said twice, and sooner than without the memory."""
    torch.manual_seed(0)
    pieces = [b"", b"", *[b"word%d" % number for number in range(58)]]
    losses = {}
    for on in (True, False):
        torch.manual_seed(1)
        brain = build_brain(replace(TINY, dropout=0.0, word_memory=on), pieces=pieces, turn_tokens=2)
        optimizer = torch.optim.Adam(brain.parameters(), lr=1e-2)

        def loss_of(names: torch.Tensor, brain=brain) -> torch.Tensor:
            """Of the names alone, from their third time on; between them there is always word 2."""
            text = torch.stack([torch.full_like(names, 2), names], 1).repeat(1, 8)
            logits = brain(text[:, :-1], torch.full((len(names), 15, 3), 0.5), brain.fresh_state(len(names))).logits
            return torch.nn.functional.cross_entropy(logits[:, 4::2].flatten(0, 1), text[:, 5::2].flatten())

        for _ in range(60):
            optimizer.zero_grad()
            loss_of(torch.randint(3, 60, (16,))).backward()
            optimizer.step()
            brain.constrain()
        with torch.no_grad():
            losses[on] = loss_of(torch.arange(3, 60)).item()
    assert losses[True] < 0.7 * losses[False]


def test_it_can_be_switched_off():
    """Then nothing is counted, and the brain is smaller by the words' weights and the gate."""
    without, with_it = (
        build_brain(replace(TINY, word_memory=on), pieces=[b"a"] * 50, turn_tokens=2) for on in (False, True)
    )
    assert "words" not in without.fresh_state(1)
    gate = len(KEPT) * (TINY.thought_width + 1)
    assert parameter_count(with_it) - parameter_count(without) == len(KEPT) * 50 + gate
