"""Where in the record a phrase stands."""

from __future__ import annotations

from sqlite_utils import Database

from school.door.phrases import Phrase

PLACES = (  # a surface's ids of messages, and the words of each that count
    "select chat_message, text from messages where surface = :surface and channel = :channel",
    "select coalesce(replies.chat_message, messages.chat_message), replies.text from replies "
    "join messages on messages.id = replies.message_id where messages.surface = :surface and channel = :channel",
    "select chat_message, answer from pairs where surface = :surface and channel = :channel",
    "select asked_in, prompt from pairs where surface = :surface and channel = :channel",
    "select chat_message, correction from feedback where channel = :channel",
)


def messages_with(db: Database, surface: str, channel: str, phrase: Phrase) -> frozenset[str]:
    """The surface's ids of all messages in a channel that a phrase stands in, or that something was made of that it
    stands in."""
    where = {"surface": surface, "channel": channel}
    found = (message for query in PLACES for message, text in db.execute(query, where) if phrase.found_in(text))
    return frozenset(message for message in found if message)
