"""What a chat has to know of the place that it is in."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bots import PUBLIC

OTHERS_COMMAND = re.compile(r"[!$~]\w|[?+%&-][^\W\d_]|[/.]\w+(?:\s|$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """A place with chats. Raises ValueError for a name that is not in ``bots.PUBLIC``, since nobody would ever delete
    old words from there."""

    name: str  # as it stands in the record, and before every person's id
    title: str  # for people
    message_length: int = 500  # characters of a message at most
    others_command: re.Pattern[str] = OTHERS_COMMAND  # how a line begins that some other program in the chat obeys

    def __post_init__(self):
        if self.name not in PUBLIC:
            raise ValueError(f"{self.name} is not in bots.PUBLIC")

    def person(self, user: str) -> str:
        """A user's id as it stands in the record; that of a platform is not another's."""
        return f"{self.name}:{user}"

    def conversation(self, channel: str, user: str) -> str:
        return f"{self.name}:{channel}:{user}"
