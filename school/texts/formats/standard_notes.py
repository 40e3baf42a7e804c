"""Standard Notes: one JSON file, called .txt, of notes and much else."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from school.texts.content import Content, Document
from school.texts.formats import Format
from school.texts.formats._json import whole
from school.texts.formats._text import beginning
from school.texts.original import Original


def read(file: Original) -> Content:
    """Raises OSError, Unreadable."""
    documents: list[Document] = []
    dropped: Counter[str] = Counter()
    for item in whole(file).get("items") or []:
        note = item.get("content") if item.get("content_type") == "Note" else None
        if not isinstance(note, dict):
            continue
        if note.get("trashed"):
            dropped["note in the bin"] += 1
            continue
        said = note.get("text") or ""
        text = _words(said) if note.get("noteType") == "super" else said
        lines = [line.strip() for line in (note.get("title") or "", text) if line.strip()]
        if lines:
            documents.append("\n".join(lines) + "\n")
    return Content(documents=documents, dropped=dropped)


def _words(said: str) -> str:
    """Of a note that is itself JSON, of an editor called Lexical: a line for each paragraph."""
    try:
        root = json.loads(said).get("root") or {}
    except (ValueError, AttributeError):
        return said
    return "\n".join(line for child in root.get("children") or [] if (line := _line(child).strip()))


def _line(node: dict[str, Any]) -> str:
    if node.get("type") in ("listitem", "linebreak", "paragraph"):
        return "".join(map(_line, node.get("children") or [])) + "\n"
    return str(node.get("text") or "") + "".join(map(_line, node.get("children") or []))


def sniff(file: Original) -> bool:
    text = beginning(file).lstrip()
    return text.startswith("{") and '"items"' in text and '"content_type"' in text


FORMAT = Format(name="standard notes", suffixes=frozenset({".txt", ".json"}), read=read, sniff=sniff, version=1)
