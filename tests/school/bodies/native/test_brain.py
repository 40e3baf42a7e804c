"""The brains in C against their definitions in PyTorch, with the same weights of 16 bits."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from brain.contract import Brain
from school.texts.tokenizer import Tokenizer
from tests.school.bodies.native.conftest import Probe
from tests.school.bodies.test_page import PROMPTS, check_greedy, rounded

CLOSE = 1e-3


@pytest.mark.parametrize("prompt", PROMPTS)
def test_the_same_greedy_ids(body, probe, prompt):
    """Two hundred, as PyTorch, NumPy and JavaScript say them; emoji and other scripts are asked, too."""
    check_greedy(body, probe.greedy(probe.encode(prompt), 200), prompt)


@pytest.mark.parametrize("prompt", PROMPTS)
def test_the_same_greedy_ids_of_a_llama(llama, llama_probe, prompt):
    """Beyond its context, and beyond the room in which it moves."""
    check_greedy(llama, llama_probe.greedy(llama_probe.encode(prompt), 200), prompt)


@pytest.mark.parametrize("prompt", PROMPTS)
def test_the_same_greedy_ids_by_characters(speller, speller_probe, prompt):
    check_greedy(speller, speller_probe.greedy(speller_probe.encode(prompt), 200), prompt)


@pytest.fixture(scope="module")
def defined(body, probe, llama, llama_probe, speller, speller_probe) -> list[tuple[Brain, Probe]]:
    """Each kind of body by its definition, and in C."""
    return [(rounded(body), probe), (rounded(llama), llama_probe), (rounded(speller), speller_probe)]


@settings(max_examples=15, deadline=None)
@given(prompt=st.text(min_size=1, max_size=40))
def test_whatever_is_asked(defined, prompt):
    """No token is said that the definition would not have said, or as gladly, to rounding."""
    for brain, probe in defined:
        check_choice(brain, probe, prompt)


def check_choice(brain: Brain, probe: Probe, prompt: str) -> None:
    ids = probe.encode(prompt.encode("utf-8", "replace").decode())
    got = probe.greedy(ids, 20)
    tokens, colours = [*ids, *got["said"][:-1]], [[0.5] * 3] * len(ids) + got["colours"][:-1]
    out = brain(torch.tensor([tokens]), torch.tensor([colours]), brain.fresh_state(1))
    theirs = out.logits[0, len(ids) - 1 :].numpy()
    np.testing.assert_allclose(got["logits"], theirs, rtol=CLOSE, atol=CLOSE)
    chosen = np.take_along_axis(theirs, np.array(got["logits"]).argmax(-1)[:, None], -1)[:, 0]
    assert (theirs.max(-1) - chosen <= 2 * CLOSE).all()


def test_every_number_of_16_bits(probe):
    """But infinities and what is no number, which no body has."""
    bits = np.arange(1 << 16, dtype=np.uint16)
    finite = bits[(bits >> 10) & 31 != 31]
    found = [probe.call("half", int(half)) for half in finite]
    np.testing.assert_array_equal(found, finite.view(np.float16).astype(np.float64))


def test_the_same_letters(letters, llama_probe, body, probe):
    for text in PROMPTS:
        assert llama_probe.encode(text) == letters.encode(text)
        assert probe.encode(text) == Tokenizer.from_json(body.tokenizer).encode(text)
