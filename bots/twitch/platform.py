"""What a chat has to know of Twitch."""

from __future__ import annotations

from bots.chat.platform import Platform
from bots.twitch.pace import LIMIT

TWITCH = Platform(name="twitch", title="Twitch", message_length=LIMIT)
