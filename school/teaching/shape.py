"""Which brain to build: a preset, and what the settings change of it."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Literal

from pydantic import Field

from brain import PRESETS, SPECIES, BrainConfig, parts_of_shape
from school.office.mistakes import Mistake
from school.office.settings import Slice
from school.teaching.settings import MICRO_SECONDS

BLOCK_TOKENS = {"seed": 256}
DEFAULT_BLOCK = 64
SLOWER = {"seed": 1.5}  # micro_seconds: two cores then have a hand each, and 1.08 times the tokens
DROPOUT = {"interneuron": 0.3, "llama": 0.1}  # what each learned best with; see docs/diary.md
FREE_TO_CHANGE = {"dropout"}  # how it learns, not what it is
# what brains from before them are, and stay:
CAME_LATER = {"echo": False, "neurons_per_gate": 1, "spelling": False, "word_memory": False}
AS_PRESET = "0: as the preset says"


class BrainSettings(Slice):
    species: Literal[tuple(SPECIES)] = Field(
        "interneuron", description="the kind of brain: interneuron, or llama, a small transformer to compare it with"
    )
    preset: Literal["newborn", "toddler", "child", "seed"] = Field(
        "toddler", description="its size: newborn (tests, a Raspberry Pi), toddler (a laptop), child, seed (very large)"
    )
    embed_width: int = Field(0, ge=0, le=65_536, description=f"width of a token's vector; {AS_PRESET}")
    neurons: int = Field(0, ge=0, le=1_000_000, description=f"neurons; {AS_PRESET}")
    bottleneck: int = Field(0, ge=0, le=65_536, description=f"width at which the window mix is refined; {AS_PRESET}")
    memory_width: int = Field(0, ge=0, le=65_536, description=f"width from which memories are gated; {AS_PRESET}")
    neurons_per_gate: int = Field(0, ge=0, le=65_536, description=f"neurons that share a memory gate; {AS_PRESET}")
    thought_width: int = Field(0, ge=0, le=65_536, description=f"width of a thought before words; {AS_PRESET}")
    longest_window: int = Field(0, ge=0, le=65_536, description=f"tokens that the longest window may span; {AS_PRESET}")
    windows: tuple[float, ...] = Field(
        (), strict=False, description="sizes in tokens that the windows start with; []: as the preset says"
    )
    dropout: float = Field(
        -1.0,
        ge=-1,
        lt=1,
        description="share of neurons (llama: channels) silenced while it learns a block; -1: as the species likes it",
    )
    echo: bool = Field(True, description="let every token hear an echo of the one before")
    spelling: bool = Field(True, description="let tokens that are spelled alike share a part of their vectors")
    word_memory: bool = Field(True, description="remember which words were said lately, and say them sooner")
    shared_cerebellum: bool = Field(False, description="one window mix for all neurons instead of one for each")
    shared_decays: bool = Field(False, description="one memory span for all neurons instead of one for each")
    blend_logit_norm: bool = Field(True, description="blend the logits with their own norm")
    layers: int = Field(0, ge=0, le=1024, description=f"llama: layers; {AS_PRESET}")
    heads: int = Field(0, ge=0, le=1024, description=f"llama: attention heads of a layer; {AS_PRESET}")
    key_heads: int = Field(0, ge=0, le=1024, description=f"llama: keys and values that the heads share; {AS_PRESET}")
    hidden_width: int = Field(0, ge=0, le=65_536, description=f"llama: width between attentions; {AS_PRESET}")
    context: int = Field(0, ge=0, le=65_536, description=f"llama: tokens it can look back; {AS_PRESET}")


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
