"""The settings of the terminal."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from school.office.settings import Slice


class TerminalSettings(Slice):
    view: Literal["full", "compact", "plain", "off"] = Field(
        "compact", description="how lessons are shown: full, compact, plain or off; /view changes it"
    )
    line_seconds: float = Field(30.0, gt=0, le=86_400, description="seconds between lines about the lessons")
