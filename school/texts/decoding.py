"""From the bytes of a person's file to text, in whatever encoding they are."""

from __future__ import annotations

import charset_normalizer

BEGINNINGS = {b"{\\rtf": "RTF", b"%PDF-": "a PDF", b"PK\x03\x04": "a zip archive or an Office document"}
FEW_ZEROS = 8  # at the end of a text, that may be a part of its letters


class Unreadable(Exception):
    """A file that is no text; the message says why."""


def read_text(raw: bytes) -> str:
    """Decode a person's file: UTF-8, UTF-16 or 32 by their marks, else the likeliest older encoding.

    Raises Unreadable for what is no text.
    """
    for beginning, kind in BEGINNINGS.items():
        if raw.startswith(beginning):
            raise Unreadable(f"it is {kind}, whatever it is called; save it as plain text")
    for mark, encoding in (
        (b"\xff\xfe\0\0", "utf-32"),
        (b"\0\0\xfe\xff", "utf-32"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
    ):
        if raw.startswith(mark):
            return _decode(raw, encoding)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = _guess(raw)
    else:
        if _has_zeros(text):  # plain Latin letters in UTF-16 are UTF-8 as well
            text = _guess(raw)
    if _has_zeros(text):
        raise Unreadable("it looks like a binary file, not a text")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def without_zeros(raw: bytes) -> tuple[bytes, str]:
    """A file without the zeros at its end, which a crash of the machine leaves there, and a note that tells of them.
    Raises Unreadable where nothing else is in it."""
    kept = raw.rstrip(b"\0")
    wide = 4 if raw.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff")) else 2
    kept += raw[len(kept) : len(kept) + -len(kept) % wide]  # the end of a letter in UTF-16 or 32
    if len(raw) - len(kept) < FEW_ZEROS:
        return raw, ""
    if not kept.strip(b"\0"):
        raise Unreadable("there is nothing in it but zeros")
    return kept, f"{len(raw) - len(kept):,} zeros at its end left out"


def _has_zeros(text: str) -> bool:
    return text.count("\0") > len(text) // 1000


def _guess(raw: bytes) -> str:
    if raw[:4096].count(b"\0"):
        halves = [raw[:4096][i::2].count(b"\0") for i in (0, 1)]
        if max(halves) > 8 * min(halves) + 8:  # Latin letters in UTF-16: every other byte is zero
            return _decode(raw, "utf-16-le" if halves[1] > halves[0] else "utf-16-be")
        raise Unreadable("it looks like a binary file, not a text")
    control = sum(raw[:65536].count(byte) for byte in range(9))
    if control > len(raw[:65536]) / 100:
        raise Unreadable("it looks like a binary file, not a text")
    text = raw.decode("utf-8-sig", "replace")
    if 8 * text.count("\ufffd") < len(text) - sum(map(str.isascii, text)):
        return text  # UTF-8 that is broken in a few places
    return raw.decode(_likeliest(raw[:65536]), "replace")


def _likeliest(raw: bytes) -> str:
    """Western European, unless another encoding makes clearly more sense."""
    matches = list(charset_normalizer.from_bytes(raw))
    western = [match for match in matches if "cp1252" in match.could_be_from_charset]
    if not matches or (western and western[0].chaos <= matches[0].chaos + 0.045):
        return "cp1252"
    return matches[0].encoding


def _decode(raw: bytes, encoding: str) -> str:
    try:
        return raw.decode(encoding).removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        raise Unreadable(f"it begins like {encoding} but breaks at byte {error.start}") from None
