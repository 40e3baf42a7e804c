"""The settings of saving and of backups."""

from __future__ import annotations

from pydantic import Field

from school.office.settings import EXPERT, Slice


class SoulSettings(Slice):
    save_minutes: float = Field(10.0, ge=0, le=1440, description="minutes between saves; 0: only when it falls asleep")
    keep_last: int = Field(3, ge=1, description="the newest souls kept")
    keep_hours: int = Field(
        6, ge=0, description="beyond those, one an hour for so many hours", json_schema_extra=EXPERT
    )
    keep_days: int = Field(7, ge=0, description="beyond those, one a day for so many days", json_schema_extra=EXPERT)
    backup_folder: str = Field("", description='where copies go, best on another disk; "": soul/backups in the home')
    backup_days: int = Field(
        2, ge=1, description="copies kept: the last of each of so many days", json_schema_extra=EXPERT
    )
    backup_weeks: int = Field(4, ge=0, description="and the last of each of so many weeks", json_schema_extra=EXPERT)
