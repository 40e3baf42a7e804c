"""Pictures that are written into a text as letters: megabytes of nothing that can be read, in the middle of prose."""

from __future__ import annotations

import re

DATA = r"data:[\w.+-]+/[\w.+-]+(?:;[\w.+=-]+)*,"  # what such a picture begins with
LEAST = 200  # letters; what is shorter may be what the prose is about
ENCODED = rf"{DATA}[\w+/=%.~-]{{{LEAST},}}"

PICTURES = re.compile(
    rf"""
      !?\[[^\]\n]*\]\(\s*<?{DATA}[^)]{{{LEAST},}}\)           # ![a fox](data:image/png;base64,...)
    | ^[ ]{{0,3}}\[[^\]\n]+\]:\s*<?{ENCODED}[^\n]*            # [fox]: data:image/png;base64,...
    | <(?:img|image|source)\b[^>]{{0,2000}}?\b(?:src|href)\s*=\s*(["']){DATA}[^"'>]{{{LEAST},}}\1[^>]*>
    | {ENCODED}
    """,
    re.VERBOSE | re.MULTILINE | re.IGNORECASE,
)


def without_pictures(text: str) -> tuple[str, int, str]:
    """The text without them, how many there were, and a note that tells it ("" where there were none)."""
    if "data:" not in text:
        return text, 0, ""
    kept, found = PICTURES.subn("", text)
    if not found:
        return text, 0, ""
    size = (len(text) - len(kept)) / 1000
    return kept, found, f"{found} inlined picture{'s' * (found != 1)} ({size:,.0f} kB) left out"
