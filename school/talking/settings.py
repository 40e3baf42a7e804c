"""The settings of answers and conversations."""

from __future__ import annotations

from pydantic import Field

from school.office.settings import EXPERT, Slice


class SpeechSettings(Slice):
    temperature: float = Field(0.85, ge=0, le=5, description="0: always its best guess; higher: bolder")
    top_k: int = Field(50, ge=0, description="choose among so many tokens at most; 0: all", json_schema_extra=EXPERT)
    top_p: float = Field(
        0.95,
        gt=0,
        le=1,
        description="choose among the tokens that hold this share of probability",
        json_schema_extra=EXPERT,
    )
    guidance: float = Field(
        2.0,
        ge=1,
        le=5,
        description="how many times as much the question counts as its answer begins; 1: no more than it does",
        json_schema_extra=EXPERT,
    )
    take_up: float = Field(
        6.0,
        ge=0,
        le=10,
        description="by how many nats a rare word of the question is likelier until it is said; 0: not",
        json_schema_extra=EXPERT,
    )
    tune: bool = Field(
        True,
        description="let it tune its own temperature and repetition penalty to fit its texts",
        json_schema_extra=EXPERT,
    )
    repetition_penalty: float = Field(
        0.3, ge=0, le=2, description="taken off a token's logit each time it was said", json_schema_extra=EXPERT
    )
    repetition_window: int = Field(
        48, ge=1, le=1024, description="tokens over which saying something again counts", json_schema_extra=EXPERT
    )
    max_tokens: int = Field(80, ge=1, le=4096, description="longest reply")
    max_seconds: float = Field(10.0, gt=0, le=600, description="longest time for a reply, waiting included")
    verbatim_words: int = Field(
        8, ge=0, le=64, description="in public it says no run of so many words that stands in your texts; 0: off"
    )
    question_tokens: int = Field(
        512, ge=1, le=65_536, description="of a longer question, the end is read", json_schema_extra=EXPERT
    )
    together: int = Field(16, ge=1, le=256, description="questions answered at the same time", json_schema_extra=EXPERT)
    conversations: int = Field(
        32, ge=1, le=10_000, description="conversations kept in memory; older ones go to disk", json_schema_extra=EXPERT
    )
    conversations_on_disk: int = Field(
        1000, ge=0, description="conversations kept on disk; older ones are forgotten", json_schema_extra=EXPERT
    )
    waiting: int = Field(
        64, ge=1, le=10_000, description="questions that may wait; more are turned away", json_schema_extra=EXPERT
    )
    seed: int = Field(
        0, ge=0, lt=2**31, description="where the randomness of its replies starts", json_schema_extra=EXPERT
    )


class SignalSettings(Slice):
    laughter: float = Field(0.2, ge=0, le=0.5, description="weight of laughter for an answer, in marks; 0: none")
    thanks: float = Field(0.2, ge=0, le=0.5, description="of thanks for it")
    again: float = Field(0.2, ge=0, le=0.5, description="of the same question again, against it")
    silence: float = Field(0.0, ge=0, le=0.5, description="of silence after it, against it", json_schema_extra=EXPERT)
    silence_minutes: float = Field(
        10.0, gt=0, le=1440, description="minutes without a word that are silence", json_schema_extra=EXPERT
    )
    public: bool = Field(False, description="whether they count in chats, too")
