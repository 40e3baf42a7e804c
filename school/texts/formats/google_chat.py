"""Google Chat, as Takeout hands it out: ``Groups/NAME/messages.json``."""

from __future__ import annotations

from collections import Counter

from school.texts.content import Content, Gathering
from school.texts.formats import Format
from school.texts.formats._json import Objects
from school.texts.formats._text import beginning
from school.texts.original import Original


def read(file: Original) -> Content:
    """Raises OSError, Unreadable."""
    found, gathering = Objects(file, ["messages.item"]), Gathering(Counter())
    for _, message in found:
        creator = message.get("creator") or {}
        if creator.get("user_type") == "Bot":
            gathering.dropped["bot's message"] += 1
        else:
            gathering.add(creator.get("name") or creator.get("email") or "", message.get("text") or "")
    return Content(documents=[gathering.talk], dropped=gathering.dropped, note=found.note)


def sniff(file: Original) -> bool:
    text = beginning(file)
    return '"messages"' in text and '"creator"' in text and '"created_date"' in text


FORMAT = Format(name="google chat", suffixes=frozenset({".json"}), read=read, sniff=sniff, version=1)
