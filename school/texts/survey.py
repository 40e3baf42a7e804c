"""What the files of a library say, and which parts of them are taught and held out; before anything becomes tokens."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from school.texts.content import Content, notes
from school.texts.copies import Range, Share, pieces_of, share_out
from school.texts.encodings import Unreadable
from school.texts.facts import Facts
from school.texts.formats import PLAIN, Format, read_as
from school.texts.formats import known as known_format
from school.texts.marks import in_ranges, own_words, unmarked
from school.texts.original import LARGEST, on_disk, open_file, too_large
from school.texts.places import Source
from school.texts.prepare import VERSION, Prepared, prepared
from school.texts.stamps import Stamp, Stamps, stamp_of
from school.texts.turns import has_turns, next_turn

AT_ONCE = 64 << 20  # bytes of a file that is read in one piece
LARGEST_STREAM = 64 << 30  # of one that is never in memory as a whole
KEPT = 64 << 20  # letters of texts in memory at once, at most; others are read again when they are needed


@dataclass(frozen=True, slots=True)
class File:
    """A file as it is now. ``unreadable``: why it is none that can be learned, or ""; ``stamp`` tells next time whether
    it is still the same; ``written``: when it was, in ns."""

    source: Source
    sha256: str
    size: int
    format: Format
    unreadable: str = ""
    stamp: Stamp | None = None
    written: int = 0

    @property
    def manner(self) -> list[object]:
        """What its text depends on, besides its content."""
        return [f"{self.format.name}{self.format.version}", VERSION, self.source.facts.reading, self.source.care.key]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A file that was read: as its reader gives it, and as it is learned."""

    content: Content
    prepared: Prepared


def look_at(sources: list[Source], known: Stamps | None = None) -> list[File]:
    """All files by their content; those are not read whose stamps are ``known``."""
    known = known or {}
    return [_look(source, *known.get(source.name, (None, ""))) for source in sources]


def _look(source: Source, before: Stamp | None, sha256: str) -> File:
    stamp = stamp_of(source.path)
    format_, why = _try(lambda: known_format(on_disk(source.path)), PLAIN)
    if stamp and stamp == before and not why:
        return File(source, sha256, stamp[0], format_, stamp=stamp, written=stamp[1])
    if why:
        return File(source, "", 0, format_, why)
    (sha256, size, written), why = _try(lambda: _weigh(source.path, format_), ("", 0, 0))
    return File(source, sha256, size, format_, why, None if why else stamp, written)


def _weigh(path: Path, format_: Format) -> tuple[str, int, int]:
    """A file's checksum, its size, and when it was written. Raises OSError, Unreadable."""
    with open_file(path) as stream:
        found = os.fstat(stream.fileno())
        if found.st_size > (LARGEST_STREAM if format_.streams else LARGEST):
            raise too_large(found.st_size)
        return hashlib.file_digest(stream, "sha256").hexdigest(), found.st_size, found.st_mtime_ns


def read_alone(path: Path, facts: Facts) -> tuple[Format, Content]:
    """A file that need not be in a library, whatever its name ends with. Raises OSError, Unreadable, MemoryError."""
    file = on_disk(path)
    file.column = facts.column
    format_ = known_format(file)
    return format_, read_as(format_, file)


@dataclass(slots=True)
class Survey:
    """``shares``: of each file; ``contexts``: whether it has turns of others, which aren't learned; ``skipped``
    and ``notes``: by the name of a file, why it is left out, or what was remarkable in reading it."""

    files: list[File]
    shares: list[Share]
    talks: list[bool]  # whether it is a conversation
    contexts: list[bool]
    skipped: dict[str, str]
    notes: dict[str, str]
    text: Callable[[int], str] = field(repr=False)

    def parts(self, number: int) -> list[str]:
        """What of a file is taught, and what is held out. Raises Unreadable if it was changed meanwhile."""
        share = self.shares[number]
        text = self.text(number) if share.taught or share.held_out else ""
        return [in_ranges(text, ranges) for ranges in (share.taught, share.held_out)]

    @property
    def taught_letters(self) -> int:
        return sum(stop - start for share in self.shares for start, stop in share.taught)

    def taught(self) -> Iterator[str]:
        """The taught part of each file that can be read, without what others say in it."""
        for number in range(len(self.files)):
            text, why = _try(lambda number=number: self.parts(number)[0], "")
            if text and not why:
                yield own_words(text)

    def letters(self) -> Iterator[str]:
        """All of each file that can be read, without marks: what an alphabet is made of."""
        for number in range(len(self.files)):
            parts, why = _try(lambda number=number: self.parts(number), [])
            if not why:
                yield unmarked("".join(parts))


def survey(files: list[File], held_out: float) -> Survey:
    """Read all files and decide who teaches what."""
    texts = _Texts(files)
    skipped = {file.source.name: file.unreadable for file in files if file.unreadable}
    remarks: dict[str, str] = {}
    contexts: list[bool] = []
    talks, pieces = [], []
    for number, file in enumerate(files):
        reading, why = None, file.unreadable
        if not why:
            reading, why = _try(lambda number=number: texts.read(number), None)
        if why:
            skipped[file.source.name] = why
        if reading and (remark := remark_on(reading)):
            remarks[file.source.name] = remark
        contexts.append(reading is not None and reading.prepared.context)
        text = reading.prepared.text if reading else ""
        talks.append(has_turns(text))
        pieces.append(pieces_of(text, cut_of(text, held_out, talk=talks[-1])))
    shares = share_out(pieces, texts, lambda text: cut_of(text, held_out, talk=has_turns(text)))
    _leave_out(shares, texts, files, remarks)
    for file, share in zip(files, shares, strict=True):
        if share.copy_of is not None:
            skipped[file.source.name] = f"all of it is in {files[share.copy_of].source.name}"
    return Survey(files, shares, talks, contexts, skipped, remarks, texts)


def _leave_out(shares: list[Share], texts: _Texts, files: list[File], remarks: dict[str, str]) -> None:
    """What texts say again in nearly the same words is neither taught nor held out; all of them must fit into memory to
    be compared."""
    read = [number for number, share in enumerate(shares) if share.taught or share.held_out]
    if not read or any(number not in texts.kept for number in read):
        return
    drops = files[read[0]].source.care.again([texts.kept[number] for number in read])
    for number, found in groupby(drops, key=lambda drop: drop.text):
        share, gone = shares[read[number]], [(drop.start, drop.stop) for drop in found]
        share.taught, share.held_out = (without(ranges, gone) for ranges in (share.taught, share.held_out))
        name = files[read[number]].source.name
        again = f"{len(gone):,} left out that stand elsewhere in nearly the same words"
        remarks[name] = notes(remarks.get(name, ""), again)


def without(ranges: list[Range], gone: list[Range]) -> list[Range]:
    """What is left of ranges, both in order."""
    left = []
    for start, stop in ranges:
        for first, last in gone:
            if first < stop and last > start:
                if first > start:
                    left.append((start, first))
                start = max(start, last)
        if start < stop:
            left.append((start, stop))
    return left


def remark_on(reading: Reading) -> str:
    """What a person should hear about a text: what was remarkable in reading it, and how much was left out."""
    dropped = Counter(reading.prepared.dropped)
    dropped.pop("inlined picture", None)  # of which the note tells more
    total = dropped.total()
    left_out = f"{total:,} left out ({', '.join(f'{rule}: {count:,}' for rule, count in dropped.most_common(3))})"
    return notes(reading.content.note, left_out if total else "")


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
        return self.kept[number] if number in self.kept else self.read(number).prepared.text

    def read(self, number: int) -> Reading:
        """Raises OSError, Unreadable, MemoryError."""
        file = self.files[number]
        reading = read_as_seen(file)
        text = reading.prepared.text
        if number not in self.kept and self.letters + len(text) <= KEPT:
            self.kept[number] = text
            self.letters += len(text)
        return reading


def read_or_why(file: File) -> tuple[Reading | None, str]:
    """A file, or why it can't be read."""
    return (None, file.unreadable) if file.unreadable else _try(lambda: read_as_seen(file), None)


def read_as_seen(file: File) -> Reading:
    """A file, which must be as it was when it was looked at: a small one to the letter, a large one by when it was
    written. Raises OSError, Unreadable, MemoryError."""
    path, facts, raw = file.source.path, file.source.facts, None
    if file.size <= AT_ONCE:
        with open_file(path) as stream:
            raw = stream.read(AT_ONCE + 1)
        same = hashlib.sha256(raw).hexdigest() == file.sha256
    original = on_disk(path, raw)
    original.column = facts.column
    if raw is None or same:
        content = read_as(file.format, original)
        same = raw is not None or (path.stat().st_size, path.stat().st_mtime_ns) == (file.size, file.written)
    if not same:
        raise Unreadable("it was changed while it was being read; it will be read the next time")
    return Reading(content=content, prepared=prepared(content, facts, file.source.name, file.source.care))


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
