"""Joplin (.jex): a tar of notes, each with lines about it at its end."""

from __future__ import annotations

import re
import tarfile
from collections import Counter

from school.texts.content import Content, Document
from school.texts.encodings import Unreadable
from school.texts.formats import Format, markdown
from school.texts.original import LARGEST, Original, of_bytes

ABOUT = re.compile(r"\n\n((?:[a-z_]+:[^\n]*\n?)+)\Z")
LINK = re.compile(r"!?\[([^\]\n]*)\]\(:/[0-9a-f]{32}\)")
NOTE = "type_: 1"


def read(file: Original) -> Content:
    """Raises OSError, Unreadable."""
    documents: list[Document] = []
    dropped, left = Counter[str](), LARGEST
    try:
        with file.open() as stream, tarfile.open(fileobj=stream) as tar:
            for member in tar:
                if not member.isfile() or not member.name.endswith(".md"):
                    continue
                left -= member.size
                if left < 0:
                    raise Unreadable(f"it unpacks to more than {LARGEST / 1e9:.1f} GB")
                text = tar.extractfile(member).read().decode("utf-8", "replace").replace("\r\n", "\n")
                about = ABOUT.search(text)
                if about and NOTE in about[1].split("\n"):
                    links = LINK.sub(lambda link: "" if link[0].startswith("!") else link[1], text[: about.start()])
                    note = markdown.read(of_bytes("note.md", links.encode()))
                    documents += note.documents
                    dropped += note.dropped
    except (tarfile.TarError, EOFError):
        raise Unreadable("it is no whole tar archive; it may be cut short or damaged") from None
    return Content(documents=documents, dropped=dropped)


FORMAT = Format(name="joplin", suffixes=frozenset({".jex"}), read=read, version=1)
