"""White space that is neither a space nor a line's end: tabs, no-break spaces and their like."""

from __future__ import annotations

import re

ASCII = "\t\r\x0b\x0c\x1c\x1d\x1e\x1f"
ALL = re.compile(f"[{ASCII}\x85\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]")  # as str.isspace has them


def has_odd_spaces(text: str) -> bool:
    return any(space in text for space in ASCII) if text.isascii() else ALL.search(text) is not None
