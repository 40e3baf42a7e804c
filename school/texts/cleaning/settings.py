"""The settings of how texts are cleaned."""

from __future__ import annotations

from pydantic import Field

from school.office.settings import Slice

USUAL = (
    "line-ends",
    "page-lines",
    "unseen",
    "entities",
    "composed",
    "spaces",
    "ends-of-lines",
    "empty-lines",
    "apostrophes",
    "quotes",
    "hyphens",
    "ellipses",
    "repeats",
)
UNUSUAL = ("double-hyphens", "hard-wraps")  # that are not for everybody


class CleaningSettings(Slice):
    rules: tuple[str, ...] = Field(
        USUAL,
        strict=False,
        description=f"how texts are cleaned before they are learned; there are also {' and '.join(UNUSUAL)}; []: not",
    )
    near_copies: bool = Field(True, description="leave out what texts say again in nearly the same words")
    own_rules: str = Field(
        "", description='a TOML file with rules of your own; "": cleaning.toml in the home, where there is one'
    )
