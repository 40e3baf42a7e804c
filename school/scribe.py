from pydantic import Field

from school.settings import Slice


class ScribeSettings(Slice):
    comments: float = Field(0.1, ge=0, le=1, description="share of its answers that the scribe comments on")
