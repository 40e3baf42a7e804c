"""Google Keep, as Takeout hands it out: a JSON file for each note (and a web page with the same, which isn't read)."""

from __future__ import annotations

from collections import Counter

from school.texts.content import Content
from school.texts.formats import Format
from school.texts.formats._json import whole
from school.texts.formats._text import beginning
from school.texts.original import Original


def read(file: Original) -> Content:
    """Raises OSError, Unreadable."""
    note = whole(file)
    if note.get("isTrashed"):
        return Content(documents=[], dropped=Counter({"note in the bin": 1}))
    lines = [note.get("title") or "", note.get("textContent") or ""]
    lines += [item.get("text") or "" for item in note.get("listContent") or []]
    text = "\n".join(line.strip() for line in lines if line.strip())
    return Content(documents=[f"{text}\n"] if text else [], dropped=Counter({} if text else {"entry without words": 1}))


def sniff(file: Original) -> bool:
    text = beginning(file)
    return '"isTrashed"' in text and any(f'"{key}"' in text for key in ("textContent", "listContent", "isArchived"))


FORMAT = Format(name="keep", suffixes=frozenset({".json"}), read=read, sniff=sniff, version=1)
