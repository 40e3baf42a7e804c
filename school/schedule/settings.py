"""The settings of what is due when: general ones here, those of a single job in its row."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, create_model

from school.office.settings import EXPERT, Slice, Some
from school.record.settings import RecordSettings
from school.schedule.jobs import settings_of
from school.schedule.kinds import Span, Zone
from school.souls.settings import SoulSettings


class HourSettings(Slice):
    zone: Zone = Field("local", description='where these hours are meant: "local", or a name like "Europe/London"')
    quiet: Span = Field("", description='no lines about lessons and not a word unasked, as in "22:00-07:00"; "": never')
    study: Literal["always", "idle"] = Field("always", description="lessons go on always, or only while nobody talks")
    idle_minutes: float = Field(
        5.0, gt=0, le=1440, description="idle: after so many minutes without a question", json_schema_extra=EXPERT
    )


TimetableSettings = create_model("TimetableSettings", __base__=HourSettings, **settings_of())


class BellSettings(Some):
    """The sections that say when bells ring."""

    soul: SoulSettings = Field(default_factory=SoulSettings)
    record: RecordSettings = Field(default_factory=RecordSettings)
    timetable: TimetableSettings = Field(default_factory=TimetableSettings)
