"""Which brain to build: a preset, and what the settings change of it."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any, Literal

from pydantic import Field, create_model, model_validator

from brain import SIZES, SPECIES, BrainConfig, config_of
from school.office.mistakes import Mistake
from school.office.settings import Slice
from school.teaching.settings import MICRO_SECONDS

BLOCK_TOKENS = {"seed": 256}
DEFAULT_BLOCK = 64
SLOWER = {"seed": 1.5}  # micro_seconds: two cores then have a hand each, and 1.08 times the tokens
SMALLEST_VOCABULARY = 264  # every byte and the marks
DEFAULT_SPECIES = next(iter(SPECIES))
KINDS = ", ".join(f"{name} ({config_of(name).SUMMARY})" for name in SPECIES)


class _Choice(Slice):
    species: Literal[tuple(SPECIES)] = Field(DEFAULT_SPECIES, description=f"the kind of brain: {KINDS}")
    preset: Literal[SIZES] = Field(
        "toddler", description="its size: newborn (tests, a Raspberry Pi), toddler (a laptop), child, seed (very large)"
    )

    @model_validator(mode="before")
    @classmethod
    def _pass_over_dropped(cls, values: Any) -> Any:
        """Settings files of older versions name parts that brains no longer have. Raises Mistake for one that asks for
        a brain that can't be built."""
        if not isinstance(values, dict):
            return values
        dropped = {name: value for species in SPECIES for name, value in config_of(species).DROPPED.items()}
        for name in values.keys() & dropped:
            if values[name] is not dropped[name]:
                raise Mistake(
                    f"brain.{name} is always {str(dropped[name]).lower()} by now, which learns better; remove it."
                )
        return {name: value for name, value in values.items() if name not in dropped}


def _settings() -> dict[str, Any]:
    """A setting for each part of each species."""
    made: dict[str, Any] = {}
    for species in SPECIES:
        prefix = "" if species == DEFAULT_SPECIES else f"{species}: "
        for name, part in config_of(species).parts().items():
            made.setdefault(name, _setting(part, prefix))
    return made


def _setting(part: dict[str, Any], prefix: str) -> tuple[Any, Any]:
    """The type and the field of a setting; but for switches, one of its values stands for what the preset says."""
    expert, about = {"expert": True} if part["expert"] else None, prefix + part["description"]
    match part["default"]:
        case bool(default):
            return bool, Field(default, description=about, json_schema_extra=expert)
        case int():
            bounds = {"ge": 0, "le": part["at_most"]}
            return int, Field(0, description=f"{about}; 0: as the preset says", json_schema_extra=expert, **bounds)
        case float():
            about += "; -1: as the preset says"
            return float, Field(-1.0, ge=-1, lt=1, description=about, json_schema_extra=expert)
        case tuple():
            about += "; []: as the preset says"
            return tuple[float, ...], Field((), strict=False, description=about, json_schema_extra=expert)
    raise TypeError(f"no setting for a part like {part['default']!r}")


BrainSettings = create_model("BrainSettings", __base__=_Choice, __module__=__name__, **_settings())


def shape_of(settings: _Choice, vocabulary: int) -> BrainConfig:
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


def block_tokens(settings: _Choice, wanted: int) -> int:
    return wanted or BLOCK_TOKENS.get(settings.preset, DEFAULT_BLOCK)


def micro_seconds(settings: _Choice, wanted: float) -> float:
    return wanted or SLOWER.get(settings.preset, MICRO_SECONDS)


def agree(wanted: BrainConfig, soul: BrainConfig, where: str) -> BrainConfig:
    """The shape to wake: the soul's, but for what can change without making it another brain. Raises Mistake if the
    settings ask for another one."""
    _must_agree("species", wanted, soul, where)
    free = [name for name, part in soul.parts().items() if not part["structural"]]
    for field in fields(soul):
        if field.name not in free and getattr(soul, field.name) != soul.CAME_LATER.get(field.name):
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
