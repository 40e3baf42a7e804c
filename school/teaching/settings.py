"""How lessons are to be, in plain values."""

from __future__ import annotations

from pydantic import Field

from school.office.settings import EXPERT, Slice

MICRO_SECONDS = 0.4  # of most presets
REMOVED = {
    "pedagogy": "four ways to teach that gained nothing and are gone; docs/diary.md has what they showed",
    "lessons.tolerance": "it is held to its best self while people teach it, within lessons.teaching_tolerance",
}
"""Settings and sections of this room that were there once, and why they went."""


class LessonSettings(Slice):
    seed: int = Field(0, ge=0, lt=2**31, description="where all randomness of the lessons starts")
    streams: int = Field(
        32, ge=1, le=1024, description="places of the library read at the same time", json_schema_extra=EXPERT
    )
    block_tokens: int = Field(
        0, ge=0, le=4096, description="tokens per stream and step; 0: as the preset says", json_schema_extra=EXPERT
    )
    micro_streams: int = Field(
        0, ge=0, le=1024, description="streams read together; 0: measure what is quick enough", json_schema_extra=EXPERT
    )
    micro_seconds: float = Field(
        0.0, ge=0, le=60, description="how long a micro-step may keep requests waiting; 0: as the preset likes it"
    )
    learning_rate: float = Field(
        2.8e-3, gt=0, le=1, description="AdamW's step size after the warm-up", json_schema_extra=EXPERT
    )
    warmup_steps: int = Field(
        70, ge=1, description="steps over which the learning rate rises to its full value", json_schema_extra=EXPERT
    )
    decay_steps: int = Field(
        700, ge=0, description="a: the rate falls as sqrt(a / (a + step)); 0: stays constant", json_schema_extra=EXPERT
    )
    learning_rate_floor: float = Field(
        0.2, ge=0, le=1, description="share of the learning rate that always remains", json_schema_extra=EXPERT
    )
    optimizer: str = Field(
        "adamw", description="what moves the weights: a row of school/teaching/optimizer.py", json_schema_extra=EXPERT
    )
    weight_decay: float = Field(
        1.0, ge=0, le=10, description="AdamW's pull of the matrices towards zero", json_schema_extra=EXPERT
    )
    beta2: float = Field(
        0.99, ge=0, lt=1, description="AdamW's memory of squared gradients, per step", json_schema_extra=EXPERT
    )
    gradient_clip: float = Field(1.0, gt=0, description="largest norm of a step's gradient", json_schema_extra=EXPERT)
    plateau_factor: float = Field(
        0.3,
        gt=0,
        le=1,
        description="what becomes of the rate when examinations are no better than the best; 1: nothing",
        json_schema_extra=EXPERT,
    )
    plateau_patience: int = Field(
        2,
        ge=1,
        description="so many examinations no better than the best are waited for, before the best is taken up",
        json_schema_extra=EXPERT,
    )
    plateau_floor: float = Field(
        0.005,
        ge=0,
        le=1,
        description="share of the rate that such examinations leave at least",
        json_schema_extra=EXPERT,
    )
    rest: float = Field(
        0.9,
        ge=0,
        lt=1,
        description="share of the time that it rests once it has learned its library, until there is something new",
        json_schema_extra=EXPERT,
    )
    review_rate: float = Field(
        0.25,
        ge=0,
        le=1,
        description="share of the rate at which taught pairs are always learned",
        json_schema_extra=EXPERT,
    )
    anchor: float = Field(
        8.0,
        ge=0,
        description="with what it was taught while it knows its library: how much it keeps to its best self there",
        json_schema_extra=EXPERT,
    )
    teaching_tolerance: float = Field(
        0.005,
        ge=0,
        description="share of held-out bits beyond which some of what people taught is undone, and tried more gently",
        json_schema_extra=EXPERT,
    )
    verdict_budget: float = Field(
        0.05,
        ge=0,
        le=1,
        description="nats per token that verdicts (good, bad) may change what it says; 0: they change nothing",
        json_schema_extra=EXPERT,
    )
    verdict_tolerance: float = Field(
        0.01, ge=0, le=1, description="share of held-out bits that verdicts may cost", json_schema_extra=EXPERT
    )
    selfplay_weight: float = Field(
        0.0,
        ge=0,
        le=1,
        description="how much a verdict counts that `selfplay` made, beside a person's; 0: nothing",
        json_schema_extra=EXPERT,
    )
    averaging_steps: int = Field(
        100, ge=1, description="it speaks with its weights' running average over these steps", json_schema_extra=EXPERT
    )
    review_rows: int = Field(
        4, ge=1, le=64, description="rows of taught pairs added to a step when some are due", json_schema_extra=EXPERT
    )
    review_growth: float = Field(
        1.7, gt=1, le=10, description="how much longer each wait for a pair's return is", json_schema_extra=EXPERT
    )
    reviews_kept: int = Field(20_000, ge=1, description="taught pairs under instruction; the best known make room")
    night_passes: int = Field(3, ge=1, le=100, description="times that each of a day's pairs comes back at night")
    night_rows: int = Field(
        4,
        ge=1,
        le=64,
        description="rows of them added to a step, beside the library's streams",
        json_schema_extra=EXPERT,
    )
    prompt_weight: float = Field(
        0.2, ge=0, le=1, description="how much of a pair's question is learned", json_schema_extra=EXPERT
    )
    dialogue_share: float = Field(0.12, ge=0, le=1, description="lessons that dress sentences of the library as talk")
    evaluation_steps: int = Field(
        125, ge=1, description="steps between examinations on held-out text, at most; a small library has them sooner"
    )
    evaluation_tokens: int = Field(
        32_768, ge=256, description="held-out tokens per examination, at most", json_schema_extra=EXPERT
    )
