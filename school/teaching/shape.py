"""Which brain to build: a preset, and what the settings change of it."""

from __future__ import annotations

import math
from dataclasses import fields, replace

from brain import SPECIES, BrainConfig
from school.office.mistakes import Mistake
from school.teaching.brain_settings import BrainSettings
from school.teaching.settings import MICRO_SECONDS

BLOCK_TOKENS = {"seed": 256}
DEFAULT_BLOCK = 64
SLOWER = {"seed": 1.5}  # micro_seconds: two cores then have a hand each, and 1.08 times the tokens
LETTERS_PER_TOKEN, FEWEST = 500, 512
SMALLEST_VOCABULARY = 264  # every byte and the marks


def shape_of(settings: BrainSettings, vocabulary: int) -> BrainConfig:
    """The preset with the settings' changes; ``vocabulary`` 0 leaves the preset's. Raises Mistake."""
    preset = SPECIES[settings.species][settings.preset]
    asked = {name: getattr(settings, name) for name in preset.parts()}
    changed = {name: value for name, value in asked.items() if not _as_preset(value)}
    config = replace(preset, **changed | ({"vocabulary": vocabulary} if vocabulary else {}))
    if config.vocabulary < SMALLEST_VOCABULARY:
        raise Mistake(
            f"library.vocabulary must be at least {SMALLEST_VOCABULARY} (every byte and the marks), "
            f"not {config.vocabulary}."
        )
    if misfit := config.misfit():
        raise Mistake(misfit)
    return config


def vocabulary_for(settings: BrainSettings, wanted: int, letters: int) -> int:
    """How many tokens a newborn has for so many ``letters`` of text: those that were ``wanted``, or the preset's, but
    no more than one for LETTERS_PER_TOKEN, up to the next power of two: of what it meets too seldom it learns nothing.
    For 60 kB of diary 512 tokens instead of 2,048 spare 2 % of held-out bits, for 250 kB read once 3 % (docs/diary.md).
    Raises Mistake."""
    preset = shape_of(settings, wanted).vocabulary
    if wanted:
        return preset
    return min(preset, 1 << math.ceil(math.log2(max(FEWEST, letters / LETTERS_PER_TOKEN))))


def block_tokens(settings: BrainSettings, wanted: int) -> int:
    return wanted or BLOCK_TOKENS.get(settings.preset, DEFAULT_BLOCK)


def micro_seconds(settings: BrainSettings, wanted: float) -> float:
    return wanted or SLOWER.get(settings.preset, MICRO_SECONDS)


def agree(wanted: BrainConfig, soul: BrainConfig, where: str) -> BrainConfig:
    """The shape to wake: the soul's, but for what can change without making it another brain. Raises Mistake if the
    settings ask for another one."""
    _must_agree("species", wanted, soul, where)
    free = [name for name, part in soul.parts().items() if not part["structural"]]
    for field in fields(soul):
        if field.name not in (*free, *soul.OF_BIRTH) and getattr(soul, field.name) != soul.CAME_LATER.get(field.name):
            _must_agree(field.name, wanted, soul, where)
    return replace(soul, **{name: getattr(wanted, name) for name in free})


def _must_agree(name: str, wanted: BrainConfig, soul: BrainConfig, where: str) -> None:
    asked, has = getattr(wanted, name), getattr(soul, name)
    if asked != has:
        raise Mistake(
            f"the soul in {where} has {name} = {_plain(has)}, but the settings ask for {_plain(asked)}. "
            "Either set it back (brain.preset decides most), or wake a new baby with --home DIR."
        )


def _as_preset(value: object) -> bool:
    """Whether a setting leaves it to the preset; a share of 0.0 does not."""
    return value == () or (type(value) is int and value == 0) or (type(value) is float and value < 0)


def _plain(value: object) -> str:
    return str(list(value)) if isinstance(value, tuple) else str(value)
