"""Telegram Desktop's ``result.json``: one chat, or all of them. Whoever exported is named in the latter."""

from __future__ import annotations

from collections import Counter
from typing import Any

from school.texts.content import Content, Gathering
from school.texts.formats import Format
from school.texts.formats._json import BEGIN, Objects, text_of
from school.texts.formats._text import beginning
from school.texts.original import Original

ALONE, ALL, LEFT = "", "chats.list.item.", "left_chats.list.item."
SELF = "personal_information.user_id"
FACTS = ("name", "type", "id")
GONE = "deleted account"


def read(file: Original) -> Content:
    """Raises OSError, Unreadable."""
    fields = [f"{chat}{field}" for chat in (ALONE, ALL, LEFT) for field in FACTS]
    found = Objects(file, [SELF, *fields, *(f"{chat}messages.item" for chat in (ALONE, ALL, LEFT))], CHATS)
    dropped: Counter[str] = Counter()
    gathering, documents, chat = Gathering(dropped), [], {}
    names: dict[str, set[str]] = {}  # by the ids of those who speak
    owners: set[str] = set()
    for prefix, value in found:
        field = prefix.rpartition(".")[2]
        if value is BEGIN:
            documents.append(gathering.talk)
            gathering, chat = Gathering(dropped), {}
        elif prefix == SELF:
            owners.add(f"user{value}")
        elif field in FACTS:
            chat[field] = value
        elif isinstance(value, dict) and (who := _add(value, gathering)):
            names.setdefault(who[0], set()).add(who[1])
            if chat.get("type") == "saved_messages" or _is_the_other_one(chat, who[0]) is False:
                owners.add(who[0])
    documents.append(gathering.talk)
    return Content(
        documents=[talk for talk in documents if talk],
        owner=frozenset(name for one in owners for name in names.get(one, ())),
        dropped=+dropped,
        note=found.note,
    )


CHATS = (ALL.removesuffix("."), LEFT.removesuffix("."))


def _is_the_other_one(chat: dict[str, Any], who: str) -> bool | None:
    """Of a chat between two: whether it is the one whom the chat is called after."""
    return who == f"user{chat.get('id')}" if chat.get("type") == "personal_chat" and "id" in chat else None


def _add(message: dict[str, Any], gathering: Gathering) -> tuple[str, str] | None:
    """The id and the name of who said it, if it is something that somebody said."""
    dropped = gathering.dropped
    if message.get("type") != "message":
        dropped["system message"] += 1
    elif message.get("forwarded_from") or message.get("forwarded_from_id"):
        dropped["forwarded message"] += 1
    elif message.get("via_bot"):
        dropped["bot's message"] += 1
    else:
        text = text_of(message.get("text")) or text_of(message.get("text_entities"))
        who = str(message.get("from_id") or ""), str(message.get("from") or GONE)
        if text.strip():
            gathering.add(who[1], text)
            return who
        dropped["attachment" if _has_media(message) else "empty message"] += 1
    return None


def _has_media(message: dict[str, Any]) -> bool:
    return any(key in message for key in ("media_type", "photo", "file", "poll", "location_information"))


def sniff(file: Original) -> bool:
    text = beginning(file)
    full = '"personal_information"' in text and '"contacts"' in text
    return full or (
        '"messages"' in text and any(f'"{key}"' in text for key in ("from_id", "actor_id", "date_unixtime"))
    )


FORMAT = Format(name="telegram", suffixes=frozenset({".json"}), read=read, sniff=sniff, version=1, streams=True)
