"""Plain text."""

from __future__ import annotations

from school.texts.decoding import read_text, without_zeros
from school.texts.formats import Content, Format
from school.texts.inlined import without_pictures


def read(raw: bytes) -> Content:
    raw, zeros = without_zeros(raw)
    text, pictures = without_pictures(read_text(raw))
    return Content(text, tuple(note for note in (zeros, pictures) if note))


FORMAT = Format(name="plain", suffixes=frozenset({".txt", ".text"}), read=read, version=2)
