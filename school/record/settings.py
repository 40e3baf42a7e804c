"""The settings of the record."""

from __future__ import annotations

from pydantic import Field

from school.office.settings import Slice


class RecordSettings(Slice):
    every_step: int = Field(5000, ge=1, description="newest steps kept one by one")
    hundreds: int = Field(500_000, ge=1, description="newest steps kept at least as averages over a hundred")
    chat_days: float = Field(
        30.0, ge=0, description="days that words from public chat are kept and taught; 0: for ever"
    )
