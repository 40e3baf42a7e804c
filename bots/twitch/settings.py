"""The settings of the connection to Twitch."""

from __future__ import annotations

from pydantic import Field

from school.office.settings import EXPERT, Slice, Some


class TwitchSettings(Slice):
    channel: str = Field(
        "", description='the channel\'s name, as in twitch.tv/NAME; "": of the account that logged in as the streamer'
    )
    more_channels: tuple[str, ...] = Field(
        (),
        strict=False,
        max_length=2,
        description="names of up to two other channels that it joins, too; it speaks less often in each then",
        json_schema_extra=EXPERT,
    )
    badge: bool = Field(
        False, description="speak with the application's own token, which shows a chat bot badge; needs the secret"
    )
    reward: str = Field(
        "",
        description='id of the channel-point reward that a question costs; "": none; "?": the terminal shows the '
        "ids of those that are used",
        json_schema_extra=EXPERT,
    )
    shared_chat: bool = Field(
        False, description="speak also where the chat is shared with other channels, whose viewers read it then"
    )
    login_port: int = Field(
        4343, ge=1, le=65_535, description="port on this machine that a login comes back to", json_schema_extra=EXPERT
    )
    messages: int = Field(
        18,
        ge=1,
        le=20,
        description="messages it sends at most in 30 seconds; Twitch allows 20",
        json_schema_extra=EXPERT,
    )
    moderator_messages: int = Field(
        95,
        ge=1,
        le=100,
        description="the same where the bot is a moderator; Twitch allows 100",
        json_schema_extra=EXPERT,
    )
    waiting: int = Field(
        20,
        ge=1,
        le=1000,
        description="messages that may wait to be sent; the oldest make room",
        json_schema_extra=EXPERT,
    )


class OfTwitch(Some):
    """What the commands that set Twitch up go by."""

    twitch: TwitchSettings = Field(default_factory=TwitchSettings)
