"""Facebook Messenger and Instagram: ``message_1.json`` and so on, the newest message first, and its UTF-8 mangled."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from school.texts.content import Content, Gathering
from school.texts.formats import Format
from school.texts.formats._json import Objects
from school.texts.formats._text import beginning
from school.texts.original import Original

OF_THE_APP = re.compile(  # it looks like something said
    r"(?:Liked a message|\S+ liked a message|Reacted .{1,12} to your message ?|You sent an attachment\.|"
    r".{1,80} sent (?:an? (?:attachment|photo|video|link|location|live location|sticker|GIF)|\d+ photos)\.?|"
    r".{1,80} (?:started|missed) (?:a|your) (?:video |audio )?(?:call|chat)\.?|.{1,80} unsent a message\.?|"
    r".{1,80} (?:named the group|changed the (?:theme|group photo|quick reaction)).*|"
    r".{1,80} set the (?:nickname|quick reaction).*|"
    r"(?:You are now connected|Say hi to your new Facebook friend).*)"
)


def read(file: Original) -> Content:
    """Raises OSError, Unreadable."""
    found = Objects(file, ["messages.item"])
    messages = [message for _, message in found]
    gathering = Gathering(Counter())
    for message in sorted(messages, key=_when):
        _add(message, gathering)
    return Content(documents=[gathering.talk], dropped=gathering.dropped, note=found.note)


def _when(message: dict[str, Any]) -> float:
    return message.get("timestamp_ms") or 0


def _add(message: dict[str, Any], gathering: Gathering) -> None:
    text, dropped = repaired(message.get("content") or ""), gathering.dropped
    if message.get("is_unsent"):
        dropped["deleted message"] += 1
    elif not text.strip():
        dropped["attachment"] += 1
    elif OF_THE_APP.fullmatch(text.strip()):
        dropped["system message"] += 1
    else:
        gathering.add(repaired(message.get("sender_name") or ""), text)


def repaired(text: str) -> str:
    """UTF-8 that was taken for Latin-1, byte by byte."""
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def sniff(file: Original) -> bool:
    text = beginning(file)
    return '"participants"' in text and ('"sender_name"' in text or '"messages"' in text) and '"role"' not in text


FORMAT = Format(name="messenger or instagram", suffixes=frozenset({".json"}), read=read, sniff=sniff, version=1)
