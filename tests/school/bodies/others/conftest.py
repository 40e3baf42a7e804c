"""Bodies that can be exported: small llamas whose weights have lived, with pieces of words and with characters."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import pytest
import torch

from brain.species.llama_config import LlamaConfig
from school.bodies.body import Body
from school.texts.characters import MOST, Characters
from tests.conftest import SENTENCES, make_brain

CONFIG = LlamaConfig(vocabulary=300, embed_width=16, layers=2, heads=4, key_heads=2, hidden_width=24, context=40)


def llama_of(body: Body, tokenizer) -> Body:
    brain = make_brain(tokenizer, config=CONFIG).requires_grad_(False)
    torch.manual_seed(2)
    weights = {name: tensor + torch.randn_like(tensor) * 0.2 for name, tensor in brain.named_parameters()}
    facts = json.loads(json.dumps(asdict(CONFIG)))
    card = body.card.model_copy(update={"species": "llama", "vocabulary": tokenizer.size})
    return replace(body, card=card, config=facts, weights=weights, tokenizer=tokenizer.to_json())


@pytest.fixture(scope="session")
def llama(body, tokenizer) -> Body:
    return llama_of(body, tokenizer)


@pytest.fixture(scope="session")
def by_letter(body) -> Body:
    return llama_of(body, Characters.of_texts([SENTENCES, "Q: é?\nA: ×"], most=MOST, unknown="replace"))
