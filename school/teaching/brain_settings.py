"""The settings of the brain's shape: a size for everybody, and for experiments each part of each species."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, create_model

from brain import SIZES, SPECIES, config_of
from school.office.settings import EXPERT, Slice

DEFAULT_SPECIES = next(iter(SPECIES))
KINDS = ", ".join(f"{name} ({config_of(name).SUMMARY})" for name in SPECIES)


class _Choice(Slice):
    species: Literal[tuple(SPECIES)] = Field(DEFAULT_SPECIES, description=f"the kind of brain: {KINDS}")
    preset: Literal[SIZES] = Field(
        "toddler", description="its size: newborn (tests, a Raspberry Pi), toddler (a laptop), child, seed (very large)"
    )


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
    about = prefix + part["description"]
    match part["default"]:
        case bool(default):
            return bool, Field(default, description=about, json_schema_extra=EXPERT)
        case int():
            bounds = {"ge": 0, "le": part["at_most"]}
            return int, Field(0, description=f"{about}; 0: as the preset says", json_schema_extra=EXPERT, **bounds)
        case float():
            about += "; -1: as the preset says"
            return float, Field(-1.0, ge=-1, lt=1, description=about, json_schema_extra=EXPERT)
        case tuple():
            about += "; []: as the preset says"
            return tuple[float, ...], Field((), strict=False, description=about, json_schema_extra=EXPERT)
    raise TypeError(f"no setting for a part like {part['default']!r}")


BrainSettings = create_model("BrainSettings", __base__=_Choice, __module__=__name__, **_settings())
