"""The settings of what is taken out of texts before they are learned."""

from __future__ import annotations

from pydantic import Field

from school.office.settings import EXPERT, Slice

KINDS = ("secret", "e-mail", "phone", "address", "number", "name")
REGIONS = ("US", "GB", "DE", "FR", "ES", "IT", "NL", "FI", "BR", "IN")


class RedactionSettings(Slice):
    kinds: tuple[str, ...] = Field(
        KINDS,
        strict=False,
        description='what is replaced in texts before they are learned ("name": those in names.txt); []: nothing',
    )
    regions: tuple[str, ...] = Field(
        REGIONS,
        strict=False,
        description="countries (ISO 3166) whose phone numbers are known without their + code",
        json_schema_extra=EXPERT,
    )
