"""The brains in NumPy against their definitions in PyTorch, with the same weights of 16 bits."""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np
import pytest
import torch

from brain import BrainConfig
from brain.contract import Brain
from brain.species.llama_config import LlamaConfig
from school.bodies.alone.layers import gelu
from school.bodies.alone.talk import SPECIES
from school.bodies.compact import tables
from school.teaching.examiner import NEUTRAL
from school.texts.tokenizer import MARK_COUNT
from tests.conftest import TINY, make_brain

LLAMA = LlamaConfig(vocabulary=300, embed_width=16, layers=2, heads=4, key_heads=2, hidden_width=24, context=12)
KINDS = {
    "plain": TINY,
    "born long ago": replace(TINY, echo=True, shared_decays=False, spelling=False, word_memory=False),
    "a gate each": replace(TINY, neurons_per_gate=1),
    "llama": LLAMA,
    "llama with two tables": replace(LLAMA, tied=False, epsilon=1e-5),
}
PROMPTS = ("the cat sat", "Soup! 👩‍🚀 猫が好き é\n\n", "a")
TOKENS = 200


def both(tokenizer, config: BrainConfig) -> tuple[Brain, object]:
    """A brain whose weights have lived (no scale is as it was born), rounded to 16 bits, and its double in NumPy."""
    brain = make_brain(tokenizer, config=config).requires_grad_(False)
    torch.manual_seed(1)
    for parameter in brain.parameters():
        parameter.add_(torch.randn_like(parameter) * 0.2)
    brain.constrain()
    halves = {name: tensor.half() for name, tensor in tables(brain).items()}
    for name, parameter in brain.named_parameters():
        parameter.copy_(halves[name].float() if name in halves else torch.zeros_like(parameter))
    weights = {name: tensor.float().numpy() for name, tensor in halves.items()}
    kind = SPECIES[config.species]
    return brain, kind(asdict(config), weights, marks=MARK_COUNT, kept=[0.97, 0.997])


@pytest.mark.parametrize("prompt", PROMPTS)
@pytest.mark.parametrize("kind", KINDS)
def test_the_same_greedy_ids(tokenizer, kind, prompt):
    """For longer than any window: whatever the double says after its own words and colours, so does the definition,
    which reads them in one block; logits and colours differ by rounding only."""
    brain, double = both(tokenizer, KINDS[kind])
    tokens, colours = tokenizer.encode(prompt), []
    asked = len(tokens)
    pixel, state = np.full(3, NEUTRAL, np.float32), double.fresh()
    for token in tokens[:-1]:
        double.read(token, pixel, state)
    colours += [pixel] * asked
    logits, pixel = double.step(tokens[-1], pixel, state)
    mine, felt = [logits], [pixel]
    for number in range(TOKENS):
        tokens.append(1 if number % 50 == 49 else int(logits.argmax()))  # a turn begins now and then
        colours.append(pixel)
        logits, pixel = double.step(tokens[-1], pixel, state)
        mine.append(logits)
        felt.append(pixel)
    out = brain(torch.tensor([tokens]), torch.from_numpy(np.stack(colours))[None], brain.fresh_state(1))
    theirs = out.logits[0, asked - 1 :].numpy()
    np.testing.assert_allclose(np.stack(mine), theirs, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(np.stack(felt), out.pixels[0, asked - 1 :].numpy(), atol=1e-4)
    assert np.stack(mine).argmax(-1).tolist() == theirs.argmax(-1).tolist()
    assert len(set(tokens)) > 3


@pytest.mark.parametrize("kind", ["plain", "llama"])
def test_a_copy_goes_its_own_way(tokenizer, kind):
    """What is read with a copy of the state changes nothing in the other one."""
    _, double = both(tokenizer, KINDS[kind])
    pixel, state = np.full(3, NEUTRAL, np.float32), double.fresh()
    for token in range(1, 40):
        double.read(token, pixel, state)
    copies = [state.copy() for _ in range(2)]
    before = double.step(9, pixel, copies[0])[0]
    for token in range(60, 80):
        double.step(token, pixel, state)
    np.testing.assert_array_equal(double.step(9, pixel, copies[1])[0], before)


def test_gelu_is_torchs():
    """To a part in a million, everywhere."""
    x = np.concatenate([np.linspace(-9, 9, 4001), [-1e6, -6.0, 6.0, 1e6]]).astype(np.float32)
    np.testing.assert_allclose(gelu(x), torch.nn.functional.gelu(torch.from_numpy(x)).numpy(), rtol=1e-6, atol=1e-6)
