"""Which brain to build: a preset, and what the settings change of it."""

from __future__ import annotations

from dataclasses import fields, replace

from brain import PRESETS, BrainConfig, parts_of_shape
from school.office.mistakes import Mistake
from school.teaching.brain_settings import BrainSettings
from school.teaching.settings import MICRO_SECONDS

BLOCK_TOKENS = {"seed": 256}
DEFAULT_BLOCK = 64
SLOWER = {"seed": 1.5}  # micro_seconds: two cores then have a hand each, and 1.08 times the tokens
DROPOUT = {"interneuron": 0.3, "llama": 0.1}  # what each learned best with; see docs/diary.md
FREE_TO_CHANGE = {"dropout"}  # how it learns, not what it is
# what brains from before them are, and stay:
CAME_LATER = {"echo": False, "neurons_per_gate": 1, "spelling": False, "word_memory": False}


def shape_of(settings: BrainSettings, vocabulary: int) -> BrainConfig:
    """The preset with the settings' changes; ``vocabulary`` 0 leaves the preset's. Raises Mistake."""
    changed = {
        field.name: getattr(settings, field.name)
        for field in fields(BrainConfig)
        if hasattr(settings, field.name) and not _as_preset(getattr(settings, field.name))
    }
    switches = {"dropout": DROPOUT[settings.species] if settings.dropout < 0 else settings.dropout}
    config = replace(
        PRESETS[settings.preset], **changed | switches | ({"vocabulary": vocabulary} if vocabulary else {})
    )
    if config.vocabulary < 264:
        raise Mistake(f"library.vocabulary must be at least 264 (every byte and the marks), not {config.vocabulary}.")
    if not all(1 <= size <= config.longest_window for size in config.windows):
        raise Mistake(f"brain.windows must each be from 1 to brain.longest_window ({config.longest_window}).")
    if config.neurons % config.neurons_per_gate:
        raise Mistake(
            f"brain.neurons must be a multiple of brain.neurons_per_gate, which is {config.neurons_per_gate}."
        )
    if config.species == "llama":
        _check_heads(config)
    return config


def _check_heads(config: BrainConfig) -> None:
    """Heads must split the width into pairs, and share the keys evenly."""
    if config.embed_width % (2 * config.heads):
        raise Mistake(
            f"brain.embed_width must be a multiple of twice brain.heads ({2 * config.heads}), not {config.embed_width}."
        )
    if config.heads % config.key_heads:
        raise Mistake(f"brain.heads must be a multiple of brain.key_heads ({config.key_heads}), not {config.heads}.")


def block_tokens(settings: BrainSettings, wanted: int) -> int:
    return wanted or BLOCK_TOKENS.get(settings.preset, DEFAULT_BLOCK)


def micro_seconds(settings: BrainSettings, wanted: float) -> float:
    return wanted or SLOWER.get(settings.preset, MICRO_SECONDS)


def agree(wanted: BrainConfig, soul: BrainConfig, where: str) -> BrainConfig:
    """The shape to wake: the soul's, with the settings' dropout. Raises Mistake if they ask for another brain; what
    does not concern its species may differ."""
    _must_agree("species", wanted, soul, where)
    for name in parts_of_shape(soul.species):
        if name not in FREE_TO_CHANGE and getattr(soul, name) != CAME_LATER.get(name):
            _must_agree(name, wanted, soul, where)
    return replace(soul, **{name: getattr(wanted, name) for name in FREE_TO_CHANGE})


def _must_agree(name: str, wanted: BrainConfig, soul: BrainConfig, where: str) -> None:
    asked, has = getattr(wanted, name), getattr(soul, name)
    if asked != has:
        raise Mistake(
            f"the soul in {where} has {name} = {_plain(has)}, but the settings ask for {_plain(asked)}. "
            "Either set it back (brain.preset decides most), or wake a new baby with --home DIR."
        )


def _as_preset(value: object) -> bool:
    return value in (0, ()) and value is not False


def _plain(value: object) -> str:
    return str(list(value)) if isinstance(value, tuple) else str(value)
