"""The settings of the brain's shape."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from pydantic import Field

from school.office.settings import EXPERT, Slice

AS_PRESET = "0: as the preset says"


def species_names() -> tuple[str, ...]:
    """The kinds of brain that there are: a file each. They are looked up, not imported, because torch takes seconds."""
    folder = Path(find_spec("brain").origin).parent / "species"
    return tuple(sorted(file.stem for file in folder.glob("*.py") if not file.stem.startswith("_")))


class BrainSettings(Slice):
    species: Literal[species_names()] = Field(
        "interneuron", description="the kind of brain: interneuron, or llama, a small transformer to compare it with"
    )
    preset: Literal["newborn", "toddler", "child", "seed"] = Field(
        "toddler", description="its size: newborn (tests, a Raspberry Pi), toddler (a laptop), child, seed (very large)"
    )
    embed_width: int = Field(
        0, ge=0, le=65_536, description=f"width of a token's vector; {AS_PRESET}", json_schema_extra=EXPERT
    )
    neurons: int = Field(0, ge=0, le=1_000_000, description=f"neurons; {AS_PRESET}", json_schema_extra=EXPERT)
    bottleneck: int = Field(
        0,
        ge=0,
        le=65_536,
        description=f"width at which the window mix is refined; {AS_PRESET}",
        json_schema_extra=EXPERT,
    )
    memory_width: int = Field(
        0, ge=0, le=65_536, description=f"width from which memories are gated; {AS_PRESET}", json_schema_extra=EXPERT
    )
    neurons_per_gate: int = Field(
        0, ge=0, le=65_536, description=f"neurons that share a memory gate; {AS_PRESET}", json_schema_extra=EXPERT
    )
    thought_width: int = Field(
        0, ge=0, le=65_536, description=f"width of a thought before words; {AS_PRESET}", json_schema_extra=EXPERT
    )
    longest_window: int = Field(
        0,
        ge=0,
        le=65_536,
        description=f"tokens that the longest window may span; {AS_PRESET}",
        json_schema_extra=EXPERT,
    )
    windows: tuple[float, ...] = Field(
        (),
        strict=False,
        description="sizes in tokens that the windows start with; []: as the preset says",
        json_schema_extra=EXPERT,
    )
    dropout: float = Field(
        -1.0,
        ge=-1,
        lt=1,
        description="share of neurons (llama: channels) silenced while it learns a block; -1: as the species likes it",
        json_schema_extra=EXPERT,
    )
    echo: bool = Field(True, description="let every token hear an echo of the one before", json_schema_extra=EXPERT)
    spelling: bool = Field(
        True, description="let tokens that are spelled alike share a part of their vectors", json_schema_extra=EXPERT
    )
    word_memory: bool = Field(
        True, description="remember which words were said lately, and say them sooner", json_schema_extra=EXPERT
    )
    shared_cerebellum: bool = Field(
        False, description="one window mix for all neurons instead of one for each", json_schema_extra=EXPERT
    )
    shared_decays: bool = Field(
        False, description="one memory span for all neurons instead of one for each", json_schema_extra=EXPERT
    )
    blend_logit_norm: bool = Field(True, description="blend the logits with their own norm", json_schema_extra=EXPERT)
    layers: int = Field(0, ge=0, le=1024, description=f"llama: layers; {AS_PRESET}", json_schema_extra=EXPERT)
    heads: int = Field(
        0, ge=0, le=1024, description=f"llama: attention heads of a layer; {AS_PRESET}", json_schema_extra=EXPERT
    )
    key_heads: int = Field(
        0,
        ge=0,
        le=1024,
        description=f"llama: keys and values that the heads share; {AS_PRESET}",
        json_schema_extra=EXPERT,
    )
    hidden_width: int = Field(
        0, ge=0, le=65_536, description=f"llama: width between attentions; {AS_PRESET}", json_schema_extra=EXPERT
    )
    context: int = Field(
        0, ge=0, le=65_536, description=f"llama: tokens it can look back; {AS_PRESET}", json_schema_extra=EXPERT
    )
