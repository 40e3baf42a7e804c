"""Journey: a JSON file for each entry of the diary, in a zip."""

from __future__ import annotations

from school.texts.content import Content
from school.texts.formats import Format
from school.texts.formats._html import words_of
from school.texts.formats._json import whole
from school.texts.formats._text import beginning
from school.texts.original import Original


def read(file: Original) -> Content:
    """Raises OSError, Unreadable."""
    entry = whole(file)
    text = entry.get("text") or ""
    text = words_of(text) if "html" in str(entry.get("type") or "").casefold() or "<p" in text else f"{text.strip()}\n"
    return Content(documents=[text] if text.strip() else [])


def sniff(file: Original) -> bool:
    text = beginning(file)
    return '"date_journal"' in text and '"text"' in text


FORMAT = Format(name="journey", suffixes=frozenset({".json"}), read=read, sniff=sniff, version=1)
