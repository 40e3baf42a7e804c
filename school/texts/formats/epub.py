"""Books (.epub): a zip of web pages, in the order of its spine."""

from __future__ import annotations

import posixpath
from collections import Counter
from urllib.parse import unquote

from school.texts.content import Content
from school.texts.encodings import Unreadable
from school.texts.formats import Format
from school.texts.formats._html import words_of
from school.texts.formats._text import as_utf8
from school.texts.formats._xml import attribute, local, parse
from school.texts.original import Archive, Original

CONTAINER = "META-INF/container.xml"


def read(file: Original) -> Content:
    """Raises OSError, Unreadable."""
    dropped: Counter[str] = Counter()
    with file.open() as stream:
        archive = Archive(stream)
        if CONTAINER not in archive.names:
            raise Unreadable("it is no EPUB: it doesn't say where its book is")
        chapters = []
        for name in _spine(archive):
            if name not in archive.names:
                dropped["chapter that is missing"] += 1
                continue
            chapters.append(words_of(as_utf8(archive.read(name)).decode("utf-8", "replace"), dropped))
    return Content(documents=["\n".join(chapter for chapter in chapters if chapter)], dropped=+dropped)


def _spine(archive: Archive) -> list[str]:
    """The chapters' names, without the table of contents."""
    book = next(
        (
            attribute(one, "full-path")
            for one in parse(archive.read(CONTAINER), "the list").iter()
            if local(one) == "rootfile"
        ),
        "",
    )
    if book not in archive.names:
        raise Unreadable("its book is missing")
    root = parse(archive.read(book), "the book's list")
    items = {attribute(one, "id"): one for one in root.iter() if local(one) == "item"}
    chapters = []
    for ref in (one for one in root.iter() if local(one) == "itemref"):
        item = items.get(attribute(ref, "idref"))
        if item is not None and "nav" not in attribute(item, "properties").split():
            chapters.append(
                posixpath.normpath(posixpath.join(posixpath.dirname(book), unquote(attribute(item, "href"))))
            )
    return chapters


FORMAT = Format(name="epub", suffixes=frozenset({".epub"}), read=read, version=1)
