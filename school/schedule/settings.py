"""The settings of what is due when."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from school.office.settings import EXPERT, Slice
from school.schedule.hours import Span, TimeOfDay, TimeOfWeek, Zone


class TimetableSettings(Slice):
    zone: Zone = Field("local", description='where these hours are meant: "local", or a name like "Europe/London"')
    quiet: Span = Field("", description='no lines about lessons and not a word unasked, as in "22:00-07:00"; "": never')
    study: Literal["always", "idle"] = Field("always", description="lessons go on always, or only while nobody talks")
    idle_minutes: float = Field(
        5.0, gt=0, le=1440, description="idle: after so many minutes without a question", json_schema_extra=EXPERT
    )
    examine_minutes: float = Field(
        60.0, ge=0, le=10_080, description="minutes between extra examinations; 0: none", json_schema_extra=EXPERT
    )
    night: TimeOfDay = Field("03:00", description="what people taught it that day comes back among its lessons")
    diary: TimeOfDay = Field("00:05", description="the scribe writes down the day; before noon: the day before")
    letter: TimeOfWeek = Field("monday 08:00", description="the scribe writes home about the week")
    backup: TimeOfDay = Field("04:30", description='its soul is copied to the backups; all these times: "" is never')
    thin_minutes: float = Field(
        30.0, ge=0, le=10_080, description="minutes between thinnings of the record; 0: none", json_schema_extra=EXPERT
    )
