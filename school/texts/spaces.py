"""White space that is neither a space nor a line's end: tabs, no-break spaces and their like; and what in a text is
beyond ASCII at all, which is little in most."""

from __future__ import annotations

ASCII = "\t\r\x0b\x0c\x1c\x1d\x1e\x1f"
ODD_SPACES = frozenset("\x85\u00a0\u1680\u2028\u2029\u202f\u205f\u3000") | frozenset(map(chr, range(0x2000, 0x200B)))
_ASCII_BYTES = bytes(range(128))  # (these and ASCII are white space as str.isspace has it)


def odd_characters(data: bytes) -> set[str]:
    """The different characters beyond ASCII of a text in UTF-8."""
    return set() if data.isascii() else set(data.translate(None, _ASCII_BYTES).decode("utf-8", "surrogatepass"))


def has_odd_spaces(text: str) -> bool:
    if any(space in text for space in ASCII):
        return True
    return not text.isascii() and not ODD_SPACES.isdisjoint(odd_characters(text.encode("utf-8", "surrogatepass")))
