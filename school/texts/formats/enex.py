"""Evernote (.enex): XML in which each note is a web page; with pictures it is large, so it is read as it comes."""

from __future__ import annotations

from collections import Counter
from xml.etree import ElementTree

from school.texts.content import Content, Document
from school.texts.encodings import Unreadable
from school.texts.formats import Format
from school.texts.formats._html import words_of
from school.texts.original import Original


def read(file: Original) -> Content:
    """Raises OSError, Unreadable."""
    if b"<!ENTITY" in file.head:
        raise Unreadable("it declares entities, which no export does")
    documents: list[Document] = []
    dropped, note = Counter[str](), ""
    try:
        with file.open() as stream:
            for _, element in ElementTree.iterparse(stream):
                if element.tag == "note":
                    title = (element.findtext("title") or "").strip()
                    body = words_of(element.findtext("content") or "", dropped).strip()
                    if text := "\n".join(part for part in (title, body) if part):
                        documents.append(f"{text}\n")
                    element.clear()
                elif element.tag == "data":
                    element.clear()
                    dropped["attachment"] += 1
    except ElementTree.ParseError as error:
        if not documents:
            raise Unreadable(f"its XML is damaged or cut short ({error})") from None
        note = f"it breaks off after {len(documents):,} entries, which were read"
    return Content(documents=documents, dropped=+dropped, note=note)


FORMAT = Format(name="evernote", suffixes=frozenset({".enex"}), read=read, version=1, streams=True)
