"""From the client library's events to plain values."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bots.chat.links import has_link
from bots.chat.messages import Line, Removal, plain
from bots.chat.normalize import seen
from school.office.log import redact

if TYPE_CHECKING:
    from twitchio import ChannelChatClear, ChannelChatClearUserMessages, ChatMessage, ChatMessageDelete


DOING = re.compile("\x01(?:ACTION\\b ?)?")  # before and behind what somebody says with /me
WORDS = {"text", "mention", "emote", "cheermote"}  # kinds of fragments that are words; a gif is none
ADDRESSEE = re.compile(r"^@\w+,?\s+")  # Twitch puts it before every reply
REGULARS = {"broadcaster", "moderator", "vip", "subscriber", "founder"}  # badges of whom the channel knows
BOT_BADGE = "bot-badge"


def line_of(message: ChatMessage, me: str, my_login: str, owner: str = "", reward: str = "") -> Line:
    """A chat message; ``me`` is the bot's user id, ``owner`` the one of whose baby it is, ``reward`` the id of what
    a question costs. Whatever looks like a token in it is left out."""
    writer, parent = message.chatter, message.reply
    source = message.source_broadcaster
    badges = {badge.set_id for badge in message.badges}
    text = redact(_words(message))
    said = plain(text, my_login)
    return Line(
        id=message.id,
        channel=message.broadcaster.id,
        person=writer.id,
        login=writer.name,
        name=writer.display_name,
        text=ADDRESSEE.sub("", said) if parent else said,
        moderator=writer.moderator,
        owner=writer.id == owner,
        regular=not REGULARS.isdisjoint(badges),
        bot=BOT_BADGE in badges,
        paid=message.channel_points_id == reward if reward else None,
        mentions_me=any(user.id == me for user in message.mentions) or _names(seen(text), my_login),
        reply_to=parent.parent_message_id if parent else "",
        reply_to_person=parent.parent_user.id if parent else "",
        reply_to_me=bool(parent and parent.parent_user.id == me),
        own=writer.id == me,
        shared_from=source.id if source and source.id != message.broadcaster.id else "",
        emotes=tuple(part.text.strip() for part in message.fragments if part.emote),
        in_words=tuple(_cheer(part.text.strip()) for part in message.fragments if part.cheermote),
        links=has_link(seen(text)),
    )


def _words(message: ChatMessage) -> str:
    """What of a message is words, whether somebody says it or does it (/me)."""
    text = message.text
    for part in message.fragments:
        if part.type not in WORDS and part.text.strip():
            text = text.replace(part.text.strip(), " ", 1)
    return DOING.sub("", text)


def _cheer(piece: str) -> tuple[str, str]:
    """A cheer as it stands in the text ("Cheer100"), and in words."""
    return piece, f"(cheers {piece[len(piece.rstrip('0123456789')) :]})"


def _names(text: str, login: str) -> bool:
    return re.search(rf"(?i)(?<!\w)@{re.escape(login)}(?!\w)", text) is not None


def removal_of(event: ChatMessageDelete | ChannelChatClearUserMessages | ChannelChatClear) -> Removal:
    """What a moderator took out."""
    channel = event.broadcaster.id
    person = getattr(event, "user", None)
    if message := getattr(event, "message_id", ""):
        return Removal(kind="message", channel=channel, message=message, person=person.id)
    if person:
        return Removal(kind="person", channel=channel, person=person.id)
    return Removal(kind="all", channel=channel)
