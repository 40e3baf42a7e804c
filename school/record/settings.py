"""The settings of the record."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from school.office.settings import EXPERT, Slice

Day = Annotated[str, BeforeValidator(str), Field(pattern=r"^(\d{4}-\d\d-\d\d)?$", examples=["2026-11-29", ""])]


class RecordSettings(Slice):
    every_step: int = Field(5000, ge=1, description="newest steps kept one by one", json_schema_extra=EXPERT)
    hundreds: int = Field(
        500_000, ge=1, description="newest steps kept at least as averages over a hundred", json_schema_extra=EXPERT
    )
    whole_days: float = Field(
        2.0,
        ge=0,
        le=100_000,
        description="newest days of which all examinations and events are kept; of each hour before some are",
        json_schema_extra=EXPERT,
    )
    chat_days: float = Field(
        30.0, ge=0, description="days that words from public chat are kept and taught; 0: for ever"
    )
    today: Day = Field(
        "",
        description='today\'s date, to say that the clock is right although it jumped; "": as it seems',
        json_schema_extra=EXPERT,
    )
