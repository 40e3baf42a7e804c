"""The settings of the policies by which lessons are chosen."""

from __future__ import annotations

from pydantic import Field

from school.office.settings import EXPERT, Slice


class PedagogySettings(Slice):
    repeats: bool = Field(
        False, description="a passage that went badly comes again until it is good enough", json_schema_extra=EXPERT
    )
    failing_share: float = Field(
        0.05,
        gt=0,
        le=0.5,
        description="repeats: share of the library's blocks that the pass mark, which adapts, fails",
        json_schema_extra=EXPERT,
    )
    tries: int = Field(
        3,
        ge=1,
        le=20,
        description="repeats: readings before a passage rests as too difficult for now",
        json_schema_extra=EXPERT,
    )
    replay: bool = Field(
        False, description="hard passages that its average finds easier come once more", json_schema_extra=EXPERT
    )
    rows: int = Field(
        2,
        ge=1,
        le=64,
        description="passages that repeats, and as many that replay, add to a step",
        json_schema_extra=EXPERT,
    )
    curriculum: bool = Field(
        False,
        description="short blocks of many places first, longer ones when progress slows",
        json_schema_extra=EXPERT,
    )
    shortest_block: int = Field(
        32, ge=8, le=4096, description="curriculum: tokens of the first blocks", json_schema_extra=EXPERT
    )
    longest_block: int = Field(
        0, ge=0, le=4096, description="curriculum: of the last; 0: as lessons.block_tokens", json_schema_extra=EXPERT
    )
    quick_progress: float = Field(
        0.1,
        ge=0,
        le=1,
        description="curriculum: share of the loss that a reading of the library takes off, or blocks grow",
        json_schema_extra=EXPERT,
    )
    guess_rate: float = Field(
        0.0,
        ge=0,
        le=1,
        description="share of the tokens it reads that are its own guesses instead; 0: none",
        json_schema_extra=EXPERT,
    )
    guess_ramp_steps: int = Field(
        500, ge=0, description="steps over which the share of guesses rises to that", json_schema_extra=EXPERT
    )
