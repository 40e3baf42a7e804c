"""Plain text, and kinds of it whose few marks are learned like any other letters."""

from __future__ import annotations

from collections import Counter

from school.texts import decoding
from school.texts.content import Content, notes
from school.texts.formats import Format
from school.texts.inlined import without_pictures
from school.texts.original import Original


def read(file: Original) -> Content:
    """Whatever encoding it is in, without pictures that are written into it. Raises Unreadable."""
    decoded = decoding.read(file.raw())
    text, count, note = without_pictures(decoded.text)
    return Content(
        documents=[text],
        encoding=decoded.encoding,
        sure=decoded.sure,
        note=notes(decoded.note, note),
        dropped=Counter({"inlined picture": count} if count else {}),
    )


FORMAT = Format(
    name="plain",
    suffixes=frozenset({".txt", ".text", ".rst", ".org", ".adoc", ".tex", ".fountain"}),
    read=read,
    version=4,
)
