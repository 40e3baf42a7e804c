"""What readers of text share: the beginning of a file as letters, all of it as lines."""

from __future__ import annotations

import codecs
import re
from itertools import islice

from school.texts import decoding
from school.texts.content import Content, Document
from school.texts.encodings import MARKS, Decoded
from school.texts.original import Original

UNSEEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


def beginning(file: Original) -> str:
    """The first letters, good enough to recognise a kind by. Raises OSError, Unreadable."""
    head = file.head
    for mark, encoding in MARKS.items():
        if head.startswith(mark):
            return head[len(mark) :].decode(encoding, "replace")
    if head[1:2] == b"\0" or head[:1] == b"\0":
        return head.decode("utf-16-le" if head[1:2] == b"\0" else "utf-16-be", "replace")
    return head.decode("utf-8", "replace")


def first_lines(file: Original, count: int = 40) -> list[str]:
    """The first lines that say something, without marks that nobody sees."""
    lines = (UNSEEN.sub("", line).strip("\r ") for line in beginning(file)[:20_000].split("\n"))
    return list(islice((line for line in lines if line), count))


def decoded(file: Original) -> Decoded:
    """All of a text. Raises OSError, Unreadable."""
    return decoding.read(file.raw())


def content(decoded: Decoded, documents: list[Document], **more) -> Content:
    """What was read of a decoded text."""
    return Content(documents=documents, encoding=decoded.encoding, sure=decoded.sure, note=decoded.note or "", **more)


def as_utf8(raw: bytes) -> bytes:
    """The same text in UTF-8, whatever it was in. Raises Unreadable."""
    raw = raw.removeprefix(codecs.BOM_UTF8)
    try:
        raw.decode("utf-8")
        return raw
    except UnicodeDecodeError:
        return decoding.read(raw).text.encode("utf-8", "replace")
