"""What the files of a library say, and which parts of them are taught and held out; before anything becomes tokens."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from school.texts.copies import Range, Share, pieces_of, share_out
from school.texts.decoding import Decoded, Unreadable
from school.texts.formats import PLAIN, Format, format_of
from school.texts.places import Source, read_bytes
from school.texts.stamps import Stamp, Stamps, stamp_of
from school.texts.turns import has_turns, next_turn

KEPT = 64 << 20  # letters of texts in memory at once, at most; others are read again when they are needed


@dataclass(frozen=True, slots=True)
class File:
    """A file as it is now. ``unreadable``: why it is none that can be learned, or ""; ``stamp`` tells next time whether
    it is still the same."""

    source: Source
    sha256: str
    size: int
    format: Format
    unreadable: str = ""
    stamp: Stamp | None = None


def look_at(sources: list[Source], known: Stamps | None = None) -> list[File]:
    """All files by their content; those are not read whose stamps are ``known``."""
    known = known or {}
    return [_look(source, *known.get(source.name, (None, ""))) for source in sources]


def _look(source: Source, before: Stamp | None, sha256: str) -> File:
    format_, stamp = format_of(source.path) or PLAIN, stamp_of(source.path)
    if stamp and stamp == before:
        return File(source, sha256, stamp[0], format_, stamp=stamp)
    raw, why = _try(lambda: read_bytes(source.path), b"")
    return File(source, hashlib.sha256(raw).hexdigest(), len(raw), format_, why, None if why else stamp)


def read_content(path: Path) -> Decoded:
    """Raises OSError, Unreadable, MemoryError."""
    return (format_of(path) or PLAIN).read(read_bytes(path))


@dataclass(slots=True)
class Survey:
    """``shares``: of each file; ``skipped`` and ``notes``: by the name of a file, why it is left out, or what was
    remarkable in reading it."""

    files: list[File]
    shares: list[Share]
    talks: list[bool]  # whether it is a conversation
    skipped: dict[str, str]
    notes: dict[str, str]
    text: Callable[[int], str] = field(repr=False)

    def parts(self, number: int) -> list[str]:
        """What of a file is taught, and what is held out. Raises Unreadable if it was changed meanwhile."""
        share = self.shares[number]
        text = self.text(number) if share.taught or share.held_out else ""
        return [_joined(text, ranges) for ranges in (share.taught, share.held_out)]

    @property
    def taught_letters(self) -> int:
        return sum(stop - start for share in self.shares for start, stop in share.taught)

    def taught(self) -> Iterator[str]:
        """The taught part of each file that can be read."""
        for number in range(len(self.files)):
            text, why = _try(lambda number=number: self.parts(number)[0], "")
            if text and not why:
                yield text


def survey(files: list[File], held_out: float) -> Survey:
    """Read all files and decide who teaches what."""
    texts = _Texts(files)
    skipped = {file.source.name: file.unreadable for file in files if file.unreadable}
    notes: dict[str, str] = {}
    talks, pieces = [], []
    for number, file in enumerate(files):
        content, why = None, file.unreadable
        if not why:
            content, why = _try(lambda number=number: texts.read(number), None)
        if why:
            skipped[file.source.name] = why
        if content and content.note:
            notes[file.source.name] = content.note
        text = content.text if content else ""
        talks.append(has_turns(text))
        pieces.append(pieces_of(text, cut_of(text, held_out, talk=talks[-1])))
    shares = share_out(pieces, texts, lambda text: cut_of(text, held_out, talk=has_turns(text)))
    for file, share in zip(files, shares, strict=True):
        if share.copy_of is not None:
            skipped[file.source.name] = f"all of it is in {files[share.copy_of].source.name}"
    return Survey(files, shares, talks, skipped, notes, texts)


def cut_of(text: str, share: float, *, talk: bool = False) -> int:
    """Where the last ``share`` of a text begins: at a turn of a conversation, the end of a line or a word where one is
    near."""
    cut = round(len(text) * (1 - share))
    near = cut + min(2000, (len(text) - cut) // 2)  # a note of one paragraph keeps its part, too
    if talk and (turn := next_turn(text, cut, near)) is not None:
        return turn
    for mark in "\n ":
        found = text.find(mark, cut, near)
        if found >= 0:
            return found + 1
    return cut


class _Texts:
    """The texts by their numbers, as they were when the files were looked at; some of them in memory."""

    def __init__(self, files: list[File]):
        self.files, self.kept, self.letters = files, {}, 0

    def __call__(self, number: int) -> str:
        return self.kept[number] if number in self.kept else self.read(number).text

    def read(self, number: int) -> Decoded:
        file = self.files[number]
        raw = read_bytes(file.source.path)
        if hashlib.sha256(raw).hexdigest() != file.sha256:
            raise Unreadable("it was changed while it was being read; it will be read at the next wake")
        content = file.format.read(raw)
        if self.letters + len(content.text) <= KEPT:
            self.kept[number] = content.text
            self.letters += len(content.text)
        return content


def _try(read: Callable, otherwise):
    """What ``read`` gives, or something else and why."""
    try:
        return read(), ""
    except Unreadable as why:
        return otherwise, str(why)
    except OSError as error:
        return otherwise, f"it can't be opened ({error.strerror})"
    except MemoryError:
        return otherwise, "it needs more memory than there is"


def _joined(text: str, ranges: list[Range]) -> str:
    return "".join(text[start:stop] for start, stop in ranges)
