"""The settings of the library."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from school.office.settings import EXPERT, Slice


class LibrarySettings(Slice):
    vocabulary: int = Field(
        0,
        ge=0,
        le=65_000,
        description="tokens in the vocabulary; 0: as the brain's preset says, fewer for a small library",
        json_schema_extra=EXPERT,
    )
    minimum_frequency: int = Field(
        2, ge=1, description="how often a pair of bytes must occur to become a token", json_schema_extra=EXPERT
    )
    tokenizer: Literal["byte pairs", "characters"] = Field(
        "byte pairs",
        description="what a newborn's tokens are: frequent pieces of words, or the characters of its texts",
        json_schema_extra=EXPERT,
    )
    unknown: Literal["replace", "refuse"] = Field(
        "replace",
        description="a character that a newborn's alphabet lacks: read as a space, or its text is refused",
        json_schema_extra=EXPERT,
    )
    held_out: float = Field(
        0.1,
        ge=0,
        le=0.5,
        description="share at the end of each text that is never trained on",
        json_schema_extra=EXPERT,
    )
    remember_megabytes: int = Field(
        256,
        ge=0,
        le=65_536,
        description="memory for its hippocampus, which counts what stands in the texts; 0: it has none",
        json_schema_extra=EXPERT,
    )
    starter: Literal["auto", "always", "never"] = Field(
        "auto",
        description='the starter shelf: "auto" (until there is writing of your own), "always" or "never"',
    )
    look_seconds: float = Field(
        20.0,
        ge=0,
        le=86_400,
        description="seconds between looks at whether the library has changed while it is awake; 0: at a wake only",
        json_schema_extra=EXPERT,
    )
    speaker: tuple[str, ...] = Field(
        (),
        strict=False,
        description="your names in chats, as they stand there: what you said is learned as its own words",
    )
    others: Literal["context", "none"] = Field(
        "context", description='what others said in chats: "context" (read, but not learned) or "none" (left out)'
    )
