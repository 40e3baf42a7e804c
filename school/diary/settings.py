"""The settings of the scribe, and of what baby and scribe say."""

from __future__ import annotations

from pydantic import Field

from school.office.settings import EXPERT, Slice

FEW = 10  # answers without which there is nothing to compare with


class ScribeSettings(Slice):
    comments: float = Field(0.1, ge=0, le=1, description="share of its answers that the scribe comments on")
    comments_a_day: int = Field(
        20, ge=0, le=1000, description="comments that become lessons, in a day at most", json_schema_extra=EXPERT
    )
    compared_with: int = Field(
        100, ge=FEW, le=10_000, description="answers among which one is good or bad", json_schema_extra=EXPERT
    )
    reflection_steps: int = Field(
        2000, ge=0, description="steps between lessons about itself; 0: none", json_schema_extra=EXPERT
    )
    long_day_hours: float = Field(
        1.0, ge=0, description="hours of lessons that make a day worth a page at bedtime", json_schema_extra=EXPERT
    )
    weight: float = Field(
        0.25,
        ge=0,
        le=1,
        description="weight of all its lessons; what people teach: 1; 0: none",
        json_schema_extra=EXPERT,
    )


class VoiceSettings(Slice):
    language: str = Field("en", description="of what baby and scribe say: the name of a file in school/voices")
