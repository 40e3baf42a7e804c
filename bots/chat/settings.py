"""The settings of what is said in a chat, learned from it, and what its commands are called."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, create_model

from bots.chat.rows import ROWS, Row
from school.office.settings import EXPERT, Slice

BOTS = ("nightbot", "streamelements", "streamlabs", "moobot", "fossabot", "soundalerts", "wizebot", "botrixoficial")


class ChatSettings(Slice):
    answers: int = Field(10, ge=1, le=20, description="people it replies to at most in 30 seconds")
    moderator_answers: int = Field(
        60, ge=1, le=100, description="the same where the bot is a moderator", json_schema_extra=EXPERT
    )
    answers_for: Literal["everyone", "agreed", "followers", "regulars"] = Field(
        "everyone",
        description="whom it answers: everyone, who said !optin, followers and regulars, or regulars alone, whom the "
        "channel knows by a badge (subscribers, VIPs); moderators always",
    )
    person_seconds: float = Field(10.0, ge=0, le=3600, description="seconds between two questions of one person")
    waiting: int = Field(
        8, ge=1, le=1000, description="questions that may wait; more are politely turned away", json_schema_extra=EXPERT
    )
    answer_seconds: float = Field(
        3.5, gt=0, le=60, description="longest time for an answer in chat", json_schema_extra=EXPERT
    )
    raid_people: float = Field(
        4.0,
        gt=0,
        description="newcomers writing in a second from whom on they, as a crowd, are not attended to",
        json_schema_extra=EXPERT,
    )
    raid_times: float = Field(
        8.0, ge=1, description="and how many times as many as usual in this chat they must be", json_schema_extra=EXPERT
    )
    spontaneous: Literal["off", "quiet", "timer"] = Field(
        "off", description="speak unasked: never, after a silence, or every so often"
    )
    spontaneous_minutes: float = Field(15.0, gt=0, le=1440, description="minutes of silence, or between two times")
    spontaneous_chance: float = Field(
        0.5, ge=0, le=1, description="how likely it speaks when it could", json_schema_extra=EXPERT
    )
    only_live: bool = Field(
        True,
        description="speak unasked only while the stream is live, where the platform tells",
        json_schema_extra=EXPERT,
    )
    reminder_minutes: float = Field(
        0.0, ge=0, le=1440, description="minutes between two reminders of !optin and !babyhelp; 0: none"
    )
    links: bool = Field(False, description="whether what it says may contain links")
    bots: tuple[str, ...] = Field(BOTS, strict=False, description="logins of other bots, which it does not attend to")
    ignored: tuple[str, ...] = Field((), strict=False, description="logins of people whom it does not attend to")


class ChatLessonSettings(Slice):
    quarantine_minutes: float = Field(
        10.0, ge=0, le=1440, description="minutes that moderators have before a line is learned or written down"
    )
    weight: float = Field(
        0.5,
        gt=0,
        le=10,
        description="weight of a line from chat, and of anybody's mark (one and a half times that of whom moderators "
        "trust, twice a moderator's); what its owner teaches: 1",
        json_schema_extra=EXPERT,
    )
    stranger: float = Field(
        0.3,
        ge=0,
        le=1,
        description="share of that weight that a line or mark of somebody new has; the rest grows with their lessons",
        json_schema_extra=EXPERT,
    )
    harm: float = Field(
        0.005,
        ge=0,
        le=1,
        description="by how much of its held-out bits lessons from chat may make it worse between two examinations "
        "before whoever gave most of them is a stranger again",
        json_schema_extra=EXPERT,
    )
    first_day: int = Field(
        10, ge=0, description="lines a day learned from somebody who has just agreed", json_schema_extra=EXPERT
    )
    day_more: int = Field(5, ge=0, description="lines more with each day since", json_schema_extra=EXPERT)
    most: int = Field(
        60, ge=0, description="lines a day learned from one person at most; also of whom a moderator trusts"
    )
    share: float = Field(
        0.3,
        gt=0,
        le=1,
        description="share of a day's lines from one person, beyond first_day",
        json_schema_extra=EXPERT,
    )
    window: int = Field(
        500,
        ge=1,
        le=100_000,
        description="different lines within which the same again is not learned",
        json_schema_extra=EXPERT,
    )
    removal_hours: float = Field(
        24.0,
        gt=0,
        le=8760,
        description="how far back a timeout, a ban or a cleared chat removes",
        json_schema_extra=EXPERT,
    )


def _name(command: Row) -> tuple[type[str], object]:
    about = f"moderators: {command.help}" if command.moderators else command.help
    return str, Field(command.name or command.key, description=about, json_schema_extra=EXPERT)


CommandSettings = create_model(
    "CommandSettings",
    __base__=Slice,
    prefix=(str, Field("!", description="what all commands begin with")),
    baby=(str, Field("baby", description="ask it something")),
    **{command.key: _name(command) for command in ROWS},
)
