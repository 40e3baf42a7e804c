"""Plain text."""

from __future__ import annotations

from dataclasses import replace

from school.texts import decoding
from school.texts.decoding import Decoded
from school.texts.formats import Format
from school.texts.inlined import without_pictures


def read(raw: bytes) -> Decoded:
    """Whatever encoding it is in, without pictures that are written into it. Raises Unreadable."""
    decoded = decoding.read(raw)
    text, pictures = without_pictures(decoded.text)
    return replace(decoded, text=text, note=", ".join(note for note in (decoded.note, pictures) if note))


FORMAT = Format(name="plain", suffixes=frozenset({".txt", ".text"}), read=read, version=3)
