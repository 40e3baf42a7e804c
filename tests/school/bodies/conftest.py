"""A soul that has lived a little, and what is shared of it."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import pytest

from school.bodies.body import Body, body_of
from school.door.mailbox import Ask
from school.settings import SchoolSettings
from school.souls.caretaker import Soul
from school.souls.packing import pack_soul
from school.talking.settings import SpeechSettings
from school.texts.tokenizer import Tokenizer
from tests.conftest import TINY, make_brain, make_receptionist, make_tutor, take_steps
from tests.school.talking.test_form import FOND, marked_letters

__all__ = ["marked_letters"]

SETTINGS = SchoolSettings(speech=SpeechSettings(max_tokens=24))


@pytest.fixture(scope="session")
def lived(librarian, tmp_path_factory) -> Soul:
    """It talked with somebody called Quillon, who told it a secret."""
    tutor = make_tutor(librarian)
    receptionist = make_receptionist(tutor, tmp_path_factory.mktemp("lived"), max_tokens=3)
    take_steps(tutor, 3)
    receptionist.admit(Ask("the harbour key is under the blue pot", "twitch:quillon", "quillon", None))
    while receptionist.busy:
        receptionist.serve()
    return pack_soul(tutor, receptionist, {"brain": asdict(replace(TINY, vocabulary=300)), "settings": {}})


@pytest.fixture(scope="session")
def body(lived, tmp_path_factory) -> Body:
    return body_of(lived, SETTINGS, Path(tmp_path_factory.mktemp("no-record")), "CC BY 4.0")


@pytest.fixture(scope="session")
def quoting(body) -> Body:
    """One that is fond of brackets, of quotation marks and of coming to an end."""
    tokenizer = Tokenizer.from_json(body.tokenizer)
    bias = body.weights["logits.speak.bias"].clone()
    bias[[tokenizer.end, *tokenizer.encode('()[]"')]] += 0.5
    return replace(body, weights=body.weights | {"logits.speak.bias": bias})


@pytest.fixture(scope="session")
def marking(body, marked_letters) -> Body:
    """One that would say hardly anything else, with tokens of several marks."""
    config = replace(TINY, vocabulary=marked_letters.size)
    brain = make_brain(marked_letters, config=config).requires_grad_(False)
    brain.logits.speak.bias[[marked_letters.end, *marked_letters.encode(FOND)]] += 4
    card = body.card.model_copy(update={"vocabulary": marked_letters.size})
    weights = {name: tensor.detach() for name, tensor in brain.named_parameters()}
    return replace(body, card=card, config=asdict(config), weights=weights, tokenizer=marked_letters.to_json())
