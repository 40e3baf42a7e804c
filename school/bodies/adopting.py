"""A baby that was given away wakes again: its voice becomes the first soul of a home in which nobody lives."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from brain import SPECIES, BrainConfig, read_config
from school.assembly import souls_of
from school.bodies.body import Body
from school.office.mistakes import Mistake
from school.office.privacy import close_from_now_on
from school.settings import SchoolSettings
from school.souls.caretaker import Soul
from school.souls.inspection import inspect
from school.teaching.settings import LessonSettings

LIVED_IN = ("soul/step-*", "soul/damaged/*", "soul/earlier/*", "soul/backups/*", "statistics/baby.db*")


def adopt(body: Body, settings: SchoolSettings, home: Path) -> Path:
    """Make it the first soul of a home; returns where that is. Raises Mistake; then nobody lives there."""
    soul = soul_of(body)
    inspect(soul)
    must_be_free(home)
    close_from_now_on()
    try:
        home.mkdir(parents=True, exist_ok=True)
        caretaker = souls_of(settings, home)
        caretaker.lock()
        try:
            must_be_free(home)
            return caretaker.save(soul)
        finally:
            caretaker.unlock()
    except OSError as error:
        raise Mistake(f"{error.filename or home}: can't be written ({error.strerror}).") from None


def must_be_free(home: Path) -> None:
    """Raises Mistake where somebody lives, or lived."""
    try:
        if os.path.lexists(home) and not home.is_dir():
            raise Mistake(f"{home}: is no folder; name another one with --home DIR.")
        found = next((file for pattern in LIVED_IN for file in home.glob(pattern)), None)
    except OSError as error:
        raise Mistake(f"{home}: can't be looked at ({error.strerror}).") from None
    if found:
        raise Mistake(f"{home}: a baby lives here already ({found.relative_to(home)}); name a new folder with --home.")


def soul_of(body: Body) -> Soul:
    """A soul whose weights are the voice's, and that has not begun a lesson yet: what else a soul has begins anew."""
    nothing = ("best", "optimizer", "streams", "talks", "conversations", "hippocampus")
    lessons = LessonSettings()
    facts = {
        "brain": body.config,
        "settings": {},
        "tokens_seen": body.card.tokens_seen,
        "skipped_steps": 0,
        "best": None,
        "examined_step": -1,
        "rate_scale": 1.0,
        "bookmark": {"epoch": 0, "block": 0, "library": ""},
        "reviews": {},
        "night": [],
        "micro_streams": 1,
        "streams": lessons.streams,
        "block_tokens": 1,
        "talks": [],
        "replies": 0,
        "calibration": body.speech.calibration,
        "repetition_penalty": body.speech.repetition_penalty,
        "text_repeats": body.speech.text_repeats,
        "conversations": {},
    }
    tensors: dict[str, Any] = {"brain": body.weights, "voice": body.weights} | {part: {} for part in nothing}
    return Soul(body.card.step, facts, tensors, body.tokenizer)


def settings_for(config: Mapping[str, Any]) -> list[str]:
    """What has to be set (``section.key=value``) for such a brain to wake, as few as can be."""
    shape = read_config(config)
    ways = [_changes(shape, preset, name) for name, preset in SPECIES[shape.species].items()]
    return min(ways, key=len)


def _changes(shape: BrainConfig, preset: BrainConfig, name: str) -> list[str]:
    species, size = next(iter(SPECIES)), "toddler"
    found = [f"brain.species={shape.species}"] * (shape.species != species) + [f"brain.preset={name}"] * (name != size)
    if shape.vocabulary != preset.vocabulary:
        found.append(f"library.vocabulary={shape.vocabulary}")
    for part, about in shape.parts().items():
        has = getattr(shape, part)
        if about["structural"] and has != getattr(preset, part):
            value = str(list(has)) if isinstance(has, tuple) else str(has).lower()
            found.append(f"brain.{part}={value}")
    return found
