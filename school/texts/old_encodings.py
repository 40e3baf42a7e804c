"""The encodings of yesterday, one or two bytes a character: which of them a text is in.

Judged by ``chardet``, whose models of languages weigh what is more than ASCII, from the first line to the last. Of
three detectors it was right most often on the table of encodings, languages and lengths that the tests keep.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import NamedTuple

import chardet

EVIDENCE = 1 << 16  # bytes that it is judged by, taken evenly from all lines that are more than ASCII
LINE = 400  # bytes; longer lines are taken in parts
SURE_BYTES, SURE_MARGIN = 12, 0.005  # bytes that are no ASCII, and the distance to the next best, of a sure judgement
TYPOGRAPHY = 2  # what marks in their right places weigh beside letters
NOISE = 0.04  # weights of writing are from 0.07 on
BROKEN = 200  # one broken byte in so many of those that are no ASCII, and one more, is an accident
TWO_BYTES = ("shift_jis", "cp932", "euc_jp", "gb18030", "big5", "big5hkscs", "euc_kr", "cp949", "johab")
BREAKABLE = ("cp932", "euc_jp", "gb18030", "big5", "cp949", "cp1252", "cp1250")  # not every row of bytes is text there
CANDIDATES = {  # of older encodings, as Python calls them: what people's computers wrote
    *TWO_BYTES,
    *("koi8-r", "koi8-u"),
    *(f"cp{page}" for page in (*range(1250, 1259), 437, 737, 775, 850, 852, 855, *range(857, 867), 874)),
    *(f"iso8859-{part}" for part in range(1, 17)),
    *(f"mac-{name}" for name in ("roman", "cyrillic", "greek", "latin2", "turkish")),
}

_PLACED = re.compile(
    r"(?<=[a-zA-Z])’(?=(?:s|t|m|d|re|ve|ll)\b)|\b(?:[cdjlmnst]|qu)’(?=\w)|(?<!\S)[“‘](?=\w)|(?<=[\w.,!?…])[”’](?!\w)"
    r"|(?<=\s)[–—](?=\s)|£(?=\d)",
    re.IGNORECASE,
)
_TORN = re.compile("(?<=[a-zA-Z])[\u0370-\u1dff]|[\u0370-\u1dff](?=[a-zA-Z])")
_ASCII = bytes(range(128))
_CONTROLS = {code: None for code in range(0x80, 0xA0)}  # what makes no letter in ISO 8859


class Guess(NamedTuple):
    encoding: str  # as Python calls it
    weight: float
    text: str  # what the evidence is in it


def judge_old(data: bytes) -> tuple[str, bool]:
    """The likeliest encoding and whether that is sure; "" where none makes a text of it."""
    evidence = evidence_of(data)
    guesses = guess(evidence)
    if not guesses:
        return "", False
    best = guesses[0]
    if best.weight < NOISE and beyond_ascii(evidence) >= 100:
        return "", False
    rival = next((other.weight for other in guesses[1:] if other.text != best.text), 0)
    return best.encoding, beyond_ascii(evidence) >= SURE_BYTES and rival < best.weight * (1 - SURE_MARGIN)


def evidence_of(data: bytes) -> bytes:
    """The lines that hold more than ASCII; where they are many, evenly from all of them."""
    lines = [line for line in _lines(data) if not line.isascii()]
    keep = 1 + sum(map(len, lines)) // EVIDENCE
    return b"\n".join(lines[::keep])


def _lines(data: bytes) -> Iterator[bytes]:
    """Lines, and long ones in parts that end with a space, where no encoding is in the middle of a character."""
    for line in data.split(b"\n"):
        start = 0
        while len(line) - start > LINE and (space := line.find(b" ", start + LINE)) >= 0:
            yield line[start:space]
            start = space
        yield line[start:]


def guess(evidence: bytes) -> list[Guess]:
    """The encodings that it may be in, the likeliest first."""
    found = _detected(evidence)
    best = found[0].weight if found else 0
    if found and found[0].encoding in TWO_BYTES:
        return found
    broken = []  # by a byte or two, for which the detector no longer thinks of that encoding
    for encoding in BREAKABLE:
        text, lost = decode_old(evidence, encoding)
        if 0 < lost <= _accidents(evidence):
            mended = _detected(text.encode(encoding))[:1]
            broken += [Guess(encoding, one.weight, text) for one in mended if one.text == text and one.weight > best]
    return broken + found


def _detected(evidence: bytes) -> list[Guess]:
    found = []
    for one in chardet.detect_all(evidence, max_bytes=len(evidence) or 1, encoding_era=chardet.EncodingEra.ALL):
        encoding = codecs.lookup(one["encoding"]).name if one["encoding"] else ""
        if encoding in CANDIDATES:
            text, lost = decode_old(evidence, encoding)
            if lost <= _accidents(evidence):
                found.append(Guess(encoding, one["confidence"] * _likelihood(text), text))
    return sorted(found, key=lambda one: -one.weight)


def _likelihood(text: str) -> float:
    """More than 1 for marks in their right places, less for Greek or Cyrillic letters in the middle of Latin words."""
    torn = len(_TORN.findall(text)) / max(1, len(text) - len(text.encode("ascii", "ignore")))
    return (1 + TYPOGRAPHY * _typography(text)) * (1 - 0.9 * min(1, torn))


def _typography(text: str) -> float:
    """The share, of what is no ASCII, of quotes, apostrophes and dashes in their right places. The detector knows
    letters; but of an English diary little else is no ASCII. 0 where it's less than half."""
    share = len(_PLACED.findall(text)) / max(1, len(text) - len(text.encode("ascii", "ignore")))
    return share if share >= 0.5 else 0


def decode_old(data: bytes, encoding: str) -> tuple[str, int]:
    """The text, without bytes that make no character, and how many characters those would have been."""
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        shown = data.decode(encoding, "replace")
        text = shown.replace("\ufffd", "")
        return text, len(shown) - len(text)
    kept = text.translate(_CONTROLS) if encoding.startswith("iso8859") else text
    return kept, len(text) - len(kept)


def beyond_ascii(data: bytes) -> int:
    """How many bytes are no ASCII."""
    return len(data.translate(None, _ASCII))


def _accidents(evidence: bytes) -> int:
    return 1 + beyond_ascii(evidence) // BROKEN
