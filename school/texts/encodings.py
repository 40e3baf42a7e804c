"""From the bytes of a person's file to text: which encoding they are in is judged by the whole of them.

What has marks or is UTF-8 throughout is certain; the rest is judged as writing (``wide_encodings``, ``old_encodings``).
What a file suffered before it came here (a part in another encoding, text that was decoded wrongly and saved, zeros
left by a crash) is mended, and told.
"""

from __future__ import annotations

import codecs
import contextlib
import re
from collections import Counter
from dataclasses import dataclass, field

from school.texts.mangled import unmangled
from school.texts.mixed_encodings import mostly_utf8, read_mixed
from school.texts.old_encodings import decode_old, judge_old
from school.texts.wide_encodings import judge_wide

ACCIDENTS = 1000  # one odd byte in so many is an accident

BEGINNINGS = {  # of files that are no plain text, whatever they are called
    b"%PDF-": "a PDF",
    b"%!PS": "PostScript",
    b"{\\rtf": "RTF",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "an old Office document",
    b"PK\x03\x04": "a zip archive or an Office document",
    b"PK\x05\x06": "a zip archive",
    b"\x1f\x8b\x08": "a gzip archive",
    b"\xfd7zXZ\0": "an xz archive",
    b"\x28\xb5\x2f\xfd": "a zstd archive",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"Rar!\x1a\x07": "a RAR archive",
    b"\x89PNG\r\n": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"SQLite format 3\0": "a database",
    b"bplist00": "a property list",
    b"\x7fELF": "a program",
    b"\xcf\xfa\xed\xfe": "a program",
    b"\xca\xfe\xba\xbe": "a program",
}
BINARY_BEGINNINGS = {  # the same, of files that are binary further on; a person's text may begin so, too
    b"BZh": "a bzip2 archive",
    b"MZ": "a program",
    b"\0asm": "a program",
    b"GIF8": "a picture",
    b"BM": "a picture",
    b"II*\0": "a picture",
    b"MM\0*": "a picture",
    b"\0\0\x01\0": "a picture",
    b"8BPS": "a picture",
    b"RIFF": "a picture, a sound or a film",
    b"ID3": "a sound",
    b"OggS": "a sound",
    b"fLaC": "a sound",
    b"wOF": "a font",
    b"OTTO": "a font",
}

MARKS = {  # byte-order marks, the longer ones first
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
SEVEN_BIT = ("iso2022_jp", "iso2022_jp_ext", "iso2022_kr")

_RUN = re.compile(rb"\0{16,}")  # what a file system leaves after a crash
_CONTROLS = bytes(set(range(1, 32)) - set(b"\t\n\v\f\r\x1a\x1b"))


class Unreadable(Exception):
    """A file that is no text; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """``encoding`` as Python calls it; ``repaired``: in how many places something was mended or left out; ``note``:
    what a person should hear about it ("read as Windows-1250, unsure"), "" where all was plain."""

    text: str
    encoding: str
    sure: bool
    repaired: int
    note: str


@dataclass(slots=True)
class _Reading:
    """A text on its way; ``odd`` counts what was not as it should be, by how it is told."""

    text: str
    encoding: str
    sure: bool = True
    odd: Counter[str] = field(default_factory=Counter)


def decode(data: bytes) -> Decoded:
    """The text of a file without its byte-order mark, line ends as they were. Raises Unreadable."""
    if kind := kind_of(data):
        raise Unreadable(f"it is {kind}, not plain text")
    reading = _marked(data) or _utf8(data) or _wide(data) or _old(data)
    _leave_out_zeros(reading)
    reading.text, reading.odd["{} decoded wrongly once and repaired|line"] = unmangled(reading.text)
    reading.odd["{} lost before it came here (U+FFFD)|character"] = reading.text.count("\ufffd")
    told = [_counted(what, count) for what, count in reading.odd.items() if count]
    if not reading.sure:
        told.insert(0, "unsure")
    return Decoded(
        text=reading.text,
        encoding=reading.encoding,
        sure=reading.sure,
        repaired=reading.odd.total(),
        note=", ".join([f"read as {shown(reading.encoding)}", *told]) if told else "",
    )


def kind_of(data: bytes) -> str:
    """What a file is that begins like no plain text ("a PDF"), or ""."""
    for beginning, kind in BEGINNINGS.items():
        if data.startswith(beginning):
            return kind
    if data[4:8] == b"ftyp":
        return "a film, a sound or a picture"
    if _controls(data[:4096]) + data[:4096].count(0) > 2:
        for beginning, kind in BINARY_BEGINNINGS.items():
            if data.startswith(beginning):
                return kind
    return ""


def shown(encoding: str) -> str:
    """An encoding as people call it: ``cp1250`` is Windows-1250."""
    name = codecs.lookup(encoding).name
    for prefix, words in (("cp125", "Windows-125"), ("cp", "code page "), ("iso8859-", "ISO 8859-")):
        if name.startswith(prefix):
            return words + name.removeprefix(prefix)
    if name.startswith("mac-"):
        return name.title().replace("-", " ")
    return name.upper().replace("_", "-")


def _marked(data: bytes) -> _Reading | None:
    for mark, encoding in MARKS.items():
        if data.startswith(mark):
            rest = data[len(mark) :]
            return (_utf8(rest) or _mixed(rest)) if encoding == "utf-8" else _as_marked(rest, encoding)
    return None


def _as_marked(data: bytes, encoding: str) -> _Reading:
    text, lost = decode_old(data, encoding)
    if lost > 8 + len(data) // ACCIDENTS:
        raise Unreadable(f"it begins like {shown(encoding)} but is none")
    return _Reading(text, encoding, odd=_lost(lost))


def _utf8(data: bytes) -> _Reading | None:
    """What is UTF-8 from its first byte to its last, or but for some parts; None for anything else."""
    if b"\x1b" in data and b"\x1b$" in data and (reading := _seven_bit(data)):
        return reading
    if _has_zeros(data) or _controls(data) > 2 + len(data) // 10:  # Hebrew in UTF-16 is ASCII, every other byte 5
        return None
    try:
        return _Reading(data.decode("utf-8"), "utf-8")
    except UnicodeDecodeError:
        return _mixed(data) if _controls(data) <= len(data) // ACCIDENTS and mostly_utf8(data) else None


def _seven_bit(data: bytes) -> _Reading | None:
    for encoding in SEVEN_BIT:
        with contextlib.suppress(UnicodeDecodeError):
            return _Reading(data.rstrip(b"\0").decode(encoding), encoding)
    return None


def _mixed(data: bytes) -> _Reading:
    mixture = read_mixed(data)
    odd = Counter({"{} cut short at the end|character": mixture.cut})
    if mixture.parts:
        odd[f"{{}} in {shown(mixture.encoding)}|part"] = mixture.parts
    return _Reading(mixture.text, "utf-8", odd=odd)


def _wide(data: bytes) -> _Reading | None:
    """Text of two or four bytes a character: it has bytes that other text never has."""
    if not _controls(data) + data.count(0):
        return None
    encoding = judge_wide(data)
    return _as_marked(data, encoding) if encoding else None


def _old(data: bytes) -> _Reading:
    kept = data.replace(b"\0", b"")
    encoding, sure = "", False
    if not _has_zeros(data):
        with contextlib.suppress(UnicodeDecodeError):
            return _Reading(data.decode("utf-8"), "utf-8")
        if _controls(data) <= len(data) // ACCIDENTS:
            encoding, sure = judge_old(kept)
    if not encoding:
        raise Unreadable("it looks like a binary file, not a text")
    text, lost = decode_old(kept, encoding)
    return _Reading(text, encoding, sure, _zeros(len(data) - len(kept)) + _lost(lost))


def _has_zeros(data: bytes) -> bool:
    """More than an accident leaves; runs of them, and those at the end, don't count."""
    bare = data.rstrip(b"\0")
    zeros = bare.count(0)
    return zeros > 0 and zeros - sum(map(len, _RUN.findall(bare))) > len(bare) // ACCIDENTS


def _controls(data: bytes) -> int:
    return len(data) - len(data.translate(None, _CONTROLS))


def _leave_out_zeros(reading: _Reading) -> None:
    """NULs, and the mark that ended files under DOS."""
    zeros = reading.text.count("\0")
    reading.text = reading.text.rstrip("\0").removesuffix("\x1a").replace("\0", "")
    reading.odd += _zeros(zeros)
    if reading.odd and not reading.text.strip():
        raise Unreadable("it holds nothing but zeros")


def _zeros(count: int) -> Counter[str]:
    return Counter({"{} left out|zero": count})


def _lost(count: int) -> Counter[str]:
    return Counter({"{} that made no character left out|byte": count})


def _counted(what: str, count: int) -> str:
    phrase, thing = what.split("|")
    return phrase.format(f"{count:,} {thing}{'s' * (count != 1)}")
