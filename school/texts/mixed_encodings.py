"""UTF-8 of which some parts are in another encoding: pasted lines, single letters, a file appended to another.

Those parts alone are decoded as what they are. Bytes that are no UTF-8 travel through a text as lone surrogates
("surrogateescape") until then.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from school.texts.old_encodings import beyond_ascii, decode_old, evidence_of, guess
from school.texts.wide_encodings import script

FEW = 12  # bytes; so few may be anything that is usual
USUAL = ("cp1252", "cp1251", "cp1250", "mac-roman", "cp850")
STRANGER, STRANGE_SCRIPT = 0.3, 1.0  # what a letter counts against an encoding where the rest of the text has none such

_STRAY = re.compile("[\udc80-\udcff]+")


@dataclass(frozen=True, slots=True)
class Mixture:
    """A text, the encoding of its ``parts`` that were no UTF-8, and what was lost."""

    text: str
    encoding: str
    parts: int
    cut: int  # 1 where the last character had not all of its bytes


def mostly_utf8(data: bytes) -> bool:
    """Whether so much of it is UTF-8 that it can't be by chance."""
    whole = lines = clean = inside = strays = 0
    for line in _escaped(data).split("\n"):
        if line.isascii():
            continue
        here = _strays(line)
        letters = len(line) - len(line.encode("ascii", "ignore")) - here
        lines, strays = lines + 1, strays + here
        if here:
            inside += letters
        else:
            whole, clean = whole + 1, clean + letters
    return (clean >= 4 and whole > lines / 20) or clean + inside > strays


def read_mixed(data: bytes) -> Mixture:
    """Decode what ``mostly_utf8`` holds for; also where all of it is UTF-8 but the end of its last character."""
    whole = data[: len(data) - cut_short(data)]
    lines = _escaped(whole).split("\n")
    foreign = [i for i, line in enumerate(lines) if _STRAY.search(line)]
    if not foreign:
        return Mixture("\n".join(lines), "", 0, cut=1)
    known = set().union(*(line for line in lines if not line.isascii() and not _STRAY.search(line)))
    judge = _Judge({c for c in known or _utf8_of(lines) if c > "\x7f"})
    encoding = judge.encoding_of([lines[i] for i in foreign])
    parts = 0
    for i in foreign:
        lines[i], count = judge.read(lines[i], encoding)
        parts += count
    return Mixture("\n".join(lines), encoding, parts, cut=len(whole) < len(data))


class _Judge:
    """Knows a text's letters and scripts, and prefers what makes more of the same."""

    def __init__(self, known: set[str]):
        self._known, self._scripts = known, {script(c) for c in known}

    def encoding_of(self, lines: list[str]) -> str:
        """The encoding in which foreign lines have the fewest letters that the rest has not; the likeliest of those."""
        evidence = evidence_of(b"\n".join(map(_raw, lines)))
        likely = [one.encoding for one in guess(evidence)]
        alone = b"\n".join(_raw("".join(c for c in line if c < "\x80" or _is_stray(c))) for line in lines)
        likely += [one.encoding for one in guess(evidence_of(alone))]
        likely = [*USUAL[:1], *likely, *USUAL[1:]] if beyond_ascii(alone) < FEW else likely or list(USUAL)
        sample = lines[:: 1 + len(lines) // 200]
        return min(dict.fromkeys(likely), key=lambda encoding: self._strangeness_of(sample, encoding))

    def read(self, line: str, encoding: str) -> tuple[str, int]:
        """A line with its foreign parts decoded, and how many those were: all of it, or what is no UTF-8 in it."""
        whole, lost = decode_old(_raw(line), encoding)
        inside, count = _STRAY.subn(lambda m: decode_old(_raw(m[0]), encoding)[0], line)
        return (whole, 1) if self._strangeness(whole) + lost < self._strangeness(inside) else (inside, count)

    def _strangeness_of(self, lines: list[str], encoding: str) -> float:
        return round(sum(self._strangeness(self.read(line, encoding)[0]) for line in lines) / len(lines), 1)

    def _strangeness(self, text: str) -> float:
        counts = Counter(c for c in text if c > "\x7f" and c not in self._known)
        return sum(n * (STRANGER if script(c) in self._scripts else STRANGE_SCRIPT) for c, n in counts.items())


def cut_short(data: bytes) -> int:
    """Bytes at the end that begin a character of UTF-8 without its rest."""
    for size in range(1, min(3, len(data)) + 1):
        first = data[-size]
        if first >= 0xC0:
            return size if 0xC2 <= first < 0xF5 and size < 2 + (first >= 0xE0) + (first >= 0xF0) else 0
        if first < 0x80:
            return 0
    return 0


def _escaped(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _raw(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _is_stray(c: str) -> bool:
    return "\udc80" <= c <= "\udcff"


def _strays(line: str) -> int:
    return sum(map(len, _STRAY.findall(line)))


def _utf8_of(lines: list[str]) -> set[str]:
    return {c for line in lines for c in line if not _is_stray(c)}
