"""What the files of a library say, and which parts of them are taught and held out; before anything becomes tokens."""

from __future__ import annotations

import hashlib
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sized
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from school.texts.care import COMPARED
from school.texts.content import Content, notes
from school.texts.copies import Gathered, Range, Share, pieces_of, share_out
from school.texts.encodings import Unreadable
from school.texts.facts import Facts
from school.texts.formats import BY_KEY, PLAIN, Format, read_as
from school.texts.formats import known as known_format
from school.texts.marks import in_ranges, own_words, unmarked
from school.texts.original import LARGEST, on_disk, open_file, too_large
from school.texts.places import Source
from school.texts.prepare import VERSION, Prepared, prepared
from school.texts.spool import Spool
from school.texts.stamps import Stamp, Stamps, stamp_of
from school.texts.turns import has_turns, next_turn

AT_ONCE = 64 << 20  # bytes of a file that is read in one piece
LARGEST_STREAM = 64 << 30  # of one that is never in memory as a whole
TOLD_SECONDS = 5.0  # between two lines that say how far it is


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
    return [_look(source, *known.get(source.name, (None, "", ""))) for source in sources]


def _look(source: Source, before: Stamp | None, sha256: str, kind: str) -> File:
    stamp = stamp_of(source.path)
    if stamp and stamp == before and kind in BY_KEY:
        return File(source, sha256, stamp[0], BY_KEY[kind], stamp=stamp, written=stamp[1])
    format_, why = _try(lambda: known_format(on_disk(source.path)), PLAIN)
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
        """What of a file is taught, and what is held out. Raises OSError."""
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


def survey(
    files: list[File], held_out: float, folder: Path | None = None, say: Callable[[str], object] = lambda text: None
) -> Survey:
    """Read all files and decide who teaches what. ``folder``: where texts that don't fit into memory may wait; ``say``
    hears how far it is."""
    texts, pieces = _Texts(folder), Gathered(sum(file.size for file in files), Spool(folder))
    skipped = {file.source.name: file.unreadable for file in files if file.unreadable}
    remarks: dict[str, str] = {}
    contexts: list[bool] = []
    talks: list[bool] = []
    progress = _Progress(files, skipped, say)
    for file in files:
        reading, why = read_or_why(file)
        if why:
            skipped[file.source.name] = why
        if reading and (remark := remark_on(reading)):
            remarks[file.source.name] = remark
        contexts.append(reading is not None and reading.prepared.context)
        text = reading.prepared.text if reading else ""
        texts.add(text)
        talks.append(has_turns(text))
        pieces.add(pieces_of(text, cut_of(text, held_out, talk=talks[-1])))
        progress.read(file)
    condensed = pieces.condensed()
    del pieces  # whose table is as large as a tenth of a large library
    shares = share_out(condensed, texts, lambda text: cut_of(text, held_out, talk=has_turns(text)))
    condensed.clear()
    _leave_out(shares, texts, files, remarks)
    for file, share in zip(files, shares, strict=True):
        if share.copy_of is not None:
            skipped[file.source.name] = f"all of it is in {files[share.copy_of].source.name}"
    return Survey(files, shares, talks, contexts, skipped, remarks, texts)


def _leave_out(shares: list[Share], texts: _Texts, files: list[File], remarks: dict[str, str]) -> None:
    """What texts say again in nearly the same words is neither taught nor held out. So many as fit into memory are
    compared at once: neighbours by name, as drafts of the same mostly are."""
    read = [number for number, share in enumerate(shares) if share.taught or share.held_out]
    for block in _blocks(read, texts):
        drops = files[block[0]].source.care.again([texts(number) for number in block])
        for number, found in groupby(drops, key=lambda drop: drop.text):
            share, gone = shares[block[number]], [(drop.start, drop.stop) for drop in found]
            share.taught, share.held_out = (without(ranges, gone) for ranges in (share.taught, share.held_out))
            name = files[block[number]].source.name
            again = f"{len(gone):,} left out that stand elsewhere in nearly the same words"
            remarks[name] = notes(remarks.get(name, ""), again)


def _blocks(numbers: list[int], texts: _Texts) -> Iterator[list[int]]:
    """Texts, in order, of at most COMPARED bytes together; without one that has more by itself."""
    block, size = [], 0
    for number in numbers:
        length = texts.sizes[number]
        if block and size + length > COMPARED:
            yield block
            block, size = [], 0
        if length <= COMPARED:
            block.append(number)
            size += length
    if block:
        yield block


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
    """The texts by their numbers, as they were when they were read."""

    def __init__(self, folder: Path | None):
        self._spool, self._places, self.sizes = Spool(folder), [], []

    def add(self, text: str) -> None:
        data = text.encode("utf-8", "surrogatepass")
        self._places.append(self._spool.put(data))
        self.sizes.append(len(data))

    def __call__(self, number: int) -> str:
        """Raises OSError."""
        return self._spool.get(self._places[number]).decode("utf-8", "surrogatepass")


class _Progress:
    """Tells now and then how far the reading is, where it takes long."""

    def __init__(self, files: list[File], skipped: Sized, say: Callable[[str], object]):
        self._count, self._bytes = len(files), sum(file.size for file in files)
        self._skipped, self._say, self._done, self._size = skipped, say, 0, 0
        self._told = time.monotonic()

    def read(self, file: File) -> None:
        self._done, self._size = self._done + 1, self._size + file.size
        if time.monotonic() - self._told < TOLD_SECONDS or not self._bytes:
            return
        self._told = time.monotonic()
        skipped = f"; {len(self._skipped):,} skipped, told below" if self._skipped else ""
        self._say(
            f"looking through the library: {100 * self._size // self._bytes} %, {self._done:,} of {self._count:,} "
            f"files, {self._size / 1e6:,.0f} of {self._bytes / 1e6:,.0f} MB{skipped}"
        )


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
