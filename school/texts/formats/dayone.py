"""Day One: a JSON file for each journal, usually in a zip with its pictures."""

from __future__ import annotations

import re
from collections import Counter

from school.texts.content import Content, Document
from school.texts.formats import Format
from school.texts.formats._json import Objects
from school.texts.formats._text import beginning
from school.texts.original import Original

PICTURE = re.compile(r"!\[[^\]\n]*\]\((?:dayone-moment|dayone2?)[^)\n]*\)\n?")
ESCAPED = re.compile(r"\\([\\`*_{}\[\]()#+.!|~>=-])")


def read(file: Original) -> Content:
    """The entries, the oldest first. Raises OSError, Unreadable."""
    found, dropped = Objects(file, ["entries.item"]), Counter[str]()
    entries = [(entry.get("creationDate") or "", entry.get("text") or "") for _, entry in found]
    documents: list[Document] = []
    for _, text in sorted(entries, key=lambda entry: entry[0]):
        text, pictures = PICTURE.subn("", text)
        dropped["picture"] += pictures
        text = ESCAPED.sub(r"\1", text).replace("\u200b", "").strip()
        if text:
            documents.append(text)
        else:
            dropped["entry without words"] += 1
    return Content(documents=documents, dropped=+dropped, note=found.note)


def sniff(file: Original) -> bool:
    text = beginning(file)
    return '"entries"' in text and any(f'"{key}"' in text for key in ("creationDate", "richText", "timeZone"))


FORMAT = Format(name="day one", suffixes=frozenset({".json"}), read=read, sniff=sniff, version=1)
