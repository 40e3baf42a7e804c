"""What the accounts are asked to allow, and why, in words for people."""

from __future__ import annotations

from typing import Literal

Role = Literal["bot", "streamer"]

READ, WRITE = "user:read:chat", "user:write:chat"
MODERATED, USER_BOT, CHANNEL_BOT = "user:read:moderated_channels", "user:bot", "channel:bot"
FOLLOWERS = "moderator:read:followers"

SCOPES: dict[Role, dict[str, str]] = {
    "bot": {
        READ: "to hear the chat",
        WRITE: "to speak in it",
        MODERATED: "to know whether it is a moderator there, which lets it speak more often",
        FOLLOWERS: "to know who follows the channel, if it is a moderator and answers followers only",
        USER_BOT: "to carry the chat bot badge, if you switch that on",
    },
    "streamer": {
        CHANNEL_BOT: "to let a bot into your chat; it gives no power over your account",
    },
}
NEEDED = (READ, WRITE)  # without these there is no point in trying
