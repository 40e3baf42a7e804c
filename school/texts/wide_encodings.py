"""UTF-16 and 32 without marks: which order of bytes makes sense as writing."""

from __future__ import annotations

import functools
import unicodedata
from collections import Counter

SENSE = 0.9  # from which on it is writing
SAMPLE = 50_000  # characters looked at, evenly from all

_COMMON_SIGNS = frozenset("\t\n\r\u3000、。，！？「」") | frozenset(map(chr, range(32, 127)))


def judge_wide(data: bytes) -> str:
    """The encoding of text that has two or four bytes a character, or "". An incomplete character at the end counts
    for nothing."""
    for width, encodings in ((4, ("utf-32-le", "utf-32-be")), (2, ("utf-16-le", "utf-16-be"))):
        whole = data[: len(data) - len(data) % width]
        sense, encoding = max((_sense(whole, encoding), encoding) for encoding in encodings)
        if sense > SENSE:
            return encoding
    return ""


def _sense(data: bytes, encoding: str) -> float:
    """How much like writing it is: the share of common signs and of one script, and common signs again (the wrong order
    of bytes makes Latin letters one script, the Chinese, but nothing makes it spaces and full stops). 0 for none."""
    try:
        text = data.decode(encoding).rstrip("\0")
    except UnicodeDecodeError:
        return 0
    sample = text[:: 1 + len(text) // SAMPLE]
    scripts = Counter(map(script, sample))
    signs = scripts.pop("sign", 0) / max(1, len(sample))
    neutral = scripts.pop("neutral", 0)
    nothing = scripts.pop("", 0)
    if signs < 0.002 or nothing > len(sample) / 100:
        return 0
    letters = scripts.most_common(1)[0][1] if scripts else 0
    return (letters + neutral) / len(sample) + 2 * signs


@functools.lru_cache(maxsize=1 << 16)
def script(c: str) -> str:
    """ "sign", "neutral", "latin", "east" (Chinese, Japanese, Korean), another script's name, or "" for no writing."""
    if c in _COMMON_SIGNS:
        return "sign"
    code = ord(c)
    if code < 0x250 or 0x1E00 <= code < 0x1F00:
        return "latin" if code >= 0xA0 else ""
    if 0x2000 <= code < 0x2C00 or 0xFE00 <= code < 0xFE10 or 0x1F000 <= code < 0x20000:
        return "neutral" if unicodedata.category(c) != "Cn" else ""
    if 0x3000 <= code < 0xA000 or 0xAC00 <= code < 0xD800 or 0xF900 <= code < 0xFB00 or 0xFF00 <= code < 0xFFF0:
        return "east"
    return "" if unicodedata.category(c)[0] == "C" else unicodedata.name(c, " ").split()[0]
