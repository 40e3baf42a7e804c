"""The settings of what computes."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from school.office.settings import EXPERT, Slice


class MachineSettings(Slice):
    device: Literal["auto", "cpu", "cuda", "mps"] = Field(
        "auto", description="what computes; auto: a GPU if there is one"
    )
    threads: int = Field(0, ge=0, le=1024, description="CPU cores for training; 0: all of them")
    precision: Literal["auto", "float32", "bfloat16"] = Field(
        "auto",
        description="of the factors in lessons' matrix products; auto: bfloat16 where the hardware has it",
        json_schema_extra=EXPERT,
    )
    kernels: bool = Field(
        True, description="compile faster loops for this processor, if there is a C compiler", json_schema_extra=EXPERT
    )
