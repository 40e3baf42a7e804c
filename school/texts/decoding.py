"""From the bytes of a plain text to what is learned: decoded, with one kind of line ends."""

from __future__ import annotations

from dataclasses import replace

from school.texts.encodings import Decoded, Unreadable, decode

__all__ = ["Decoded", "Unreadable", "read", "read_text"]


def read(raw: bytes) -> Decoded:
    """Decode a person's file, whatever encoding it is in; its note says what they should hear of. Raises Unreadable."""
    decoded = decode(raw)
    if "\r" not in decoded.text:
        return decoded
    return replace(decoded, text=decoded.text.replace("\r\n", "\n").replace("\r", "\n"))


def read_text(raw: bytes) -> str:
    return read(raw).text
