"""What every body is made of: the voice's weights, its letters, its shape, how it speaks, and its card."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

from school.bodies.card import Card, life_of, today
from school.office.mistakes import Mistake
from school.settings import SchoolSettings
from school.souls.caretaker import Soul
from school.souls.packing import brain_config
from school.texts.tokenizer import Tokenizer

LONGEST_LICENCE = 200
NO_LICENCE = "none stated: ask whoever gave it to you"

Number = Annotated[float, Field(allow_inf_nan=False)]


class Speech(BaseModel):
    """How it chooses its words: the settings of answers, and what the examinations made of them."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    temperature: Annotated[float, Field(ge=0, le=5)]
    calibration: Annotated[float, Field(gt=0, le=100)]
    top_k: Annotated[int, Field(ge=0, le=1 << 16)]
    top_p: Annotated[float, Field(gt=0, le=1)]
    guidance: Annotated[float, Field(ge=1, le=5)]
    repetition_penalty: Annotated[float, Field(ge=0, le=2)]
    repetition_window: Annotated[int, Field(ge=1, le=1024)]
    text_repeats: Number | None = None
    max_tokens: Annotated[int, Field(ge=1, le=4096)]
    question_tokens: Annotated[int, Field(ge=1, le=65_536)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """``config`` is the brain's, as JSON has it; ``weights`` are float32, by the names that a soul gives them."""

    card: Card
    config: dict[str, Any]
    speech: Speech
    tokenizer: str
    weights: dict[str, Tensor]


def body_of(soul: Soul, settings: SchoolSettings, home: Path, licence: str = "") -> Body:
    """The newest voice with its card. Raises Mistake."""
    if len(licence) > LONGEST_LICENCE or not licence.isprintable():
        raise Mistake(f"--licence: at most {LONGEST_LICENCE} characters in one line.")
    weights = {name: tensor.float().contiguous() for name, tensor in sorted(soul.tensors["voice"].items())}
    config = json.loads(json.dumps(asdict(brain_config(soul))))
    card = Card(
        species=config["species"],
        parameters=sum(tensor.numel() for tensor in weights.values()),
        vocabulary=Tokenizer.from_json(soul.tokenizer).size,
        step=soul.step,
        tokens_seen=soul.facts["tokens_seen"],
        shared=today(),
        licence=licence or NO_LICENCE,
        **life_of(home, soul.step),
    )
    speech = speech_of(soul, settings)
    card = card.model_copy(update={"hash": hash_of(card, config, speech, soul.tokenizer, weights)})
    return Body(card=card, config=config, speech=speech, tokenizer=soul.tokenizer, weights=weights)


def speech_of(soul: Soul, settings: SchoolSettings) -> Speech:
    said, facts, tuned = settings.speech, soul.facts, settings.speech.tune
    penalty = facts["repetition_penalty"] if tuned else said.repetition_penalty
    if Tokenizer.from_json(soul.tokenizer).by_letter:
        penalty = 0.0  # letters come again and again
    return Speech(
        temperature=said.temperature,
        calibration=facts["calibration"] if tuned else 1.0,
        top_k=said.top_k,
        top_p=said.top_p,
        guidance=said.guidance,
        repetition_penalty=penalty,
        repetition_window=said.repetition_window,
        text_repeats=facts["text_repeats"] if tuned else None,
        max_tokens=said.max_tokens,
        question_tokens=said.question_tokens,
    )


def hash_of(card: Card, config: dict[str, Any], speech: Speech, tokenizer: str, weights: Mapping[str, Tensor]) -> str:
    """The SHA-256 of all of it, the card but for the hash included, in one order whatever file it lies in."""
    known = card.model_copy(update={"hash": ""})
    parts = [known.model_dump_json(), json.dumps(config, sort_keys=True), speech.model_dump_json(), tokenizer]
    parts += [json.dumps([name, list(weights[name].shape)]) for name in sorted(weights)]
    sum_ = hashlib.sha256()
    for part in chain(map(str.encode, parts), (weights[name].numpy().tobytes() for name in sorted(weights))):
        sum_.update(len(part).to_bytes(8, "little"))
        sum_.update(part)
    return sum_.hexdigest()
