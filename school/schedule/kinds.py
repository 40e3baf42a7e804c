"""Kinds of settings: hours as people write them, and time zones, each with what may stand there."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from school.schedule.hours import DAYS, LOCAL, is_zone

CLOCK = r"([01]\d|2[0-3]):[0-5]\d"


def _known_zone(name: str) -> str:
    if not is_zone(name):
        raise ValueError(name)
    return name


TimeOfDay = Annotated[str, Field(pattern=rf"^({CLOCK})?$", examples=["23:30", ""])]
TimeOfWeek = Annotated[str, Field(pattern=rf"^(({'|'.join(DAYS)}) {CLOCK})?$", examples=["sunday 18:00", ""])]
Span = Annotated[str, Field(pattern=rf"^({CLOCK}-{CLOCK})?$", examples=["22:00-07:00", ""])]
Zone = Annotated[str, AfterValidator(_known_zone), Field(examples=[LOCAL, "Europe/London"])]
