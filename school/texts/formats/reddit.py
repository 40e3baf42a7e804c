"""What Reddit hands out: ``comments.csv`` and ``posts.csv``, each row something that the owner wrote."""

from __future__ import annotations

import html
from collections import Counter

from school.texts.content import Content, Document
from school.texts.formats import Format
from school.texts.formats._text import content, decoded
from school.texts.formats.table import rows_of, titles_of
from school.texts.original import Original

GONE = ("[deleted]", "[removed]")


def read(file: Original) -> Content:
    """Raises OSError, Unreadable."""
    found, dropped = decoded(file), Counter[str]()
    rows = rows_of(found.text)
    titles = [title.strip().casefold() for title in next(rows, [])]
    documents: list[Document] = []
    for row in rows:
        cells = dict(zip(titles, row, strict=False))
        title, body = (html.unescape(cells.get(key, "")).strip() for key in ("title", "body"))
        if body in GONE:
            dropped["deleted message"] += 1
        elif text := "\n\n".join(part for part in (title, body) if part):
            documents.append(text)
        else:
            dropped["empty row"] += 1
    return content(found, documents, dropped=dropped)


def sniff(file: Original) -> bool:
    return {"permalink", "subreddit", "body"} <= set(titles_of(file))


FORMAT = Format(name="reddit", suffixes=frozenset({".csv"}), read=read, sniff=sniff, version=1)
