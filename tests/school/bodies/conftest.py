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
from tests.conftest import TINY, make_receptionist, make_tutor, take_steps

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
