"""Claude's export. Who asked is the owner."""

from __future__ import annotations

from collections import Counter
from typing import Any

from school.texts.content import Content, Gathering
from school.texts.formats import Format
from school.texts.formats._json import Objects, text_of
from school.texts.formats._text import beginning
from school.texts.original import Original

OWNER = "human"


def read(file: Original) -> Content:
    """Raises OSError, Unreadable."""
    found, dropped, talks = Objects(file, ["item"]), Counter[str](), []
    for _, conversation in found:
        gathering = Gathering(dropped)
        for message in conversation.get("chat_messages") or []:
            gathering.add(message.get("sender") or "", _said(message))
        if gathering.talk:
            talks.append(gathering.talk)
    return Content(documents=talks, owner=frozenset({OWNER}), dropped=+dropped, note=found.note)


def _said(message: dict[str, Any]) -> str:
    """What was said, without what was only thought or done."""
    parts = message.get("content")
    told = [part for part in parts if isinstance(part, dict) and part.get("type") == "text"] if parts else []
    return "\n\n".join(text_of(part) for part in told) or message.get("text") or ""


def sniff(file: Original) -> bool:
    return '"chat_messages"' in beginning(file)


FORMAT = Format(name="claude", suffixes=frozenset({".json"}), read=read, sniff=sniff, version=1, streams=True)
