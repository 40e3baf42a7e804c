"""What goes through a chat, as plain values; and what the wire and its listener expect of each other.

Nothing here knows a platform or its client library: whoever listens can be tested with lines made by hand.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import Literal, Protocol

from bots.chat.normalize import seen

Standing = Literal["off", "connecting", "listening", "deaf", "refused"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One chat message as it was seen. Ids are the platform's, and text; names may change and are for showing only."""

    id: str
    channel: str  # the id of the chat in which it was seen
    person: str  # the writer's user id
    login: str  # the name that a mention needs
    name: str  # as displayed
    text: str  # what is seen of it, spaces as one; without a leading @name of whom it replies to
    moderator: bool = False  # also true of whose channel it is
    owner: bool = False  # whether it is whose baby this is, as a login says; a moderator, too
    regular: bool = False  # whether the platform says that the channel knows the writer: a moderator, a subscriber...
    bot: bool = False  # whether the platform says that the writer is a program
    paid: bool | None = None  # whether it was paid for, where questions have a price; None where they have none
    mentions_me: bool = False  # by @login, anywhere in it, the one that was cut off included
    reply_to: str = ""  # the id of the message it answers
    reply_to_person: str = ""  # who wrote that
    reply_to_me: bool = False
    own: bool = False  # the bot's own message, coming back
    shared_from: str = ""  # the id of the channel it was written in, if that is another one
    emotes: tuple[str, ...] = ()  # pictures, as they stand in the text
    in_words: tuple[tuple[str, str], ...] = ()  # what only the platform understands in the text, and how to read it
    links: bool = False
    at: float = field(default_factory=time.time)  # when it was heard, seconds since 1970


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """Something that a moderator took out of a chat: one message, all of a person's (a timeout or ban), or all."""

    kind: Literal["message", "person", "all"]
    channel: str
    message: str = ""
    person: str = ""  # whose message or messages; empty for "all"
    at: float = field(default_factory=time.time)


@dataclass(frozen=True, slots=True, kw_only=True)
class WireState:
    """How the connection is; counts are since waking."""

    standing: Standing = "off"
    silent: str = ""  # why nothing is said though it listens, in a few words
    live: bool | None = None  # whether the stream is, where the platform has such a thing
    pace: int = 0  # messages that it may say in half a minute; 0: nobody counts
    not_shown: str = ""  # why the platform did not show its last message
    why: str = ""  # a short sentence without secrets, and what to do if there is something to do
    channel: str = ""  # name of the channel
    bot: str = ""  # login of the bot's account
    me: str = ""  # its id, from the first line on that is heard
    moderator: bool = False  # whether the bot is one there
    heard: int = 0
    duplicates: int = 0  # delivered more than once, heard once
    removals: int = 0
    said: int = 0
    rejected: int = 0  # sent, but not shown by the platform
    dropped: int = 0  # never sent: too many were waiting, or it was a repetition
    waiting: int = 0
    connects: int = 0  # times that it began to listen
    recoveries: int = 0  # times that it found itself deaf and did something about it


class Listener(Protocol):
    """Whoever makes something of a chat. Called on the event loop; must return at once and never raise."""

    def heard(self, line: Line) -> None: ...
    def removed(self, removal: Removal) -> None: ...


class Wire(Protocol):
    """The way in and out. Start and close it on the running loop."""

    listener: Listener | None  # to be set before it starts

    def start(self) -> None: ...
    async def close(self) -> None: ...

    async def say(self, text: str, *, reply_to: str = "") -> str:
        """Send when the limits allow. Returns the message's id, or "" when it was not sent; the platform's refusals are
        logged, never raised."""
        ...

    async def follows(self, person: str) -> bool | None:
        """Whether somebody follows the channel; None where that can't be told. Never raises."""
        ...

    def state(self) -> WireState: ...


def plain(text: str, login: str) -> str:
    """What is seen of a text, without a leading @login. People's programs add what nobody sees to a line, so that the
    same may be said twice."""
    text = seen(text)
    return re.sub(rf"(?i)^@{re.escape(login)}\b[,:]?\s*", "", text) if login else text
