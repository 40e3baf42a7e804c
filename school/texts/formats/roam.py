"""Roam: a JSON file of pages, each a tree of blocks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from school.texts.content import Content, Document
from school.texts.formats import Format, markdown
from school.texts.formats._json import Objects
from school.texts.formats._text import beginning
from school.texts.original import Original, of_bytes


def read(file: Original) -> Content:
    """A page is a document, a block a line. Raises OSError, Unreadable."""
    found, dropped = Objects(file, ["item"]), Counter[str]()
    documents: list[Document] = []
    for _, page in found:
        text = "\n".join(line for line in _lines(page) if line.strip())
        if text:
            read_page = markdown.read(of_bytes("page.md", text.encode("utf-8", "replace")))
            documents += read_page.documents
            dropped += read_page.dropped
        else:
            dropped["entry without words"] += 1
    return Content(documents=documents, dropped=+dropped, note=found.note)


def _lines(page: dict[str, Any]) -> Iterator[str]:
    waiting = [page]
    while waiting:
        block = waiting.pop()
        yield str(block.get("title") or block.get("string") or "")
        waiting += reversed(block.get("children") or [])


def sniff(file: Original) -> bool:
    text = beginning(file)
    return text.lstrip().startswith("[") and '"children"' in text and '"string"' in text


FORMAT = Format(name="roam", suffixes=frozenset({".json"}), read=read, sniff=sniff, version=1)
