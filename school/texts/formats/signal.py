"""Signal's readable export (``main.jsonl``): recipients, chats and messages, one on each line."""

from __future__ import annotations

from collections import Counter
from typing import Any

from school.texts.content import Content, Gathering
from school.texts.formats import Format
from school.texts.formats._json import lines
from school.texts.formats._text import beginning
from school.texts.original import Original

ME = "Me"


def read(file: Original) -> Content:
    """Raises OSError, Unreadable."""
    dropped: Counter[str] = Counter()
    people: dict[str, str] = {}
    chats: dict[str, Gathering] = {}
    for line in lines(file, dropped):
        if recipient := line.get("recipient"):
            people[str(recipient.get("id"))] = _name(recipient)
        elif item := line.get("chatItem"):
            chat = chats.setdefault(str(item.get("chatId")), Gathering(dropped))
            _add(item, chat, people)
    talks = [chat.talk for chat in chats.values() if chat.talk]
    return Content(documents=talks, owner=frozenset({ME}), dropped=+dropped)


def _name(recipient: dict[str, Any]) -> str:
    if "self" in recipient:
        return ME
    contact = recipient.get("contact") or {}
    nickname = contact.get("nickname") or {}
    for given, family in (
        (nickname.get("given"), nickname.get("family")),
        (contact.get("systemGivenName"), contact.get("systemFamilyName")),
        (contact.get("profileGivenName"), contact.get("profileFamilyName")),
    ):
        if given or family:
            return " ".join(part for part in (given, family) if part)
    return f"contact {recipient.get('id')}"


def _add(item: dict[str, Any], chat: Gathering, people: dict[str, str]) -> None:
    message = item.get("standardMessage")
    if not isinstance(message, dict):
        chat.dropped["deleted message" if "remoteDeletedMessage" in item else "system message"] += 1
        return
    text = (message.get("text") or {}).get("body") or ""
    who = ME if "outgoing" in item else people.get(str(item.get("authorId")), f"contact {item.get('authorId')}")
    if text.strip():
        chat.add(who, text)
    else:
        chat.dropped["attachment"] += 1


def sniff(file: Original) -> bool:
    text = beginning(file)
    return '"backupTimeMs"' in text or '"chatItem"' in text or ('"recipient"' in text and '"destinationId"' not in text)


FORMAT = Format(name="signal", suffixes=frozenset({".jsonl"}), read=read, sniff=sniff, version=1, streams=True)
