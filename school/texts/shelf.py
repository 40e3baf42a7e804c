"""The shelf: the tokens of all texts, kept on disk in one file.

The file is whole or worth nothing, and made anew then: tokens, an index in JSON, its length and a checksum. As long as
no text changes a wake only compares checksums; where one does, the tokens of the others are copied.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
from pydantic import TypeAdapter, ValidationError

from school.office.files import Unfit, is_damage, make_folder, open_plain, replacing, set_aside
from school.texts.decoding import Unreadable
from school.texts.formats import PLAIN, Format
from school.texts.marks import unmarked
from school.texts.pieces import PIECE, pieces
from school.texts.places import Source
from school.texts.stamps import NAME as STAMPS
from school.texts.stamps import keep_stamps, read_stamps
from school.texts.survey import File, Survey, cut_of, look_at, survey
from school.texts.tokenizer import Segment, Tokenizer
from school.texts.turns import begins_with_turn, conversation_segments, has_turns

NAME = "library.tokens"
CHUNK = 1 << 20  # bytes of a file that are compared at once
BATCH = 64  # such pieces on their way through the tokenizer at once
VERSION = 4  # goes up with every change by which the same text is cut or encoded differently
CHECKSUM = hashlib.sha256().digest_size

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One text as tokens: ``learn`` (memory-mapped) is taught, ``weight`` times as often as others, ``held_out`` never
    is. With ``context``, what others say in it is read but not learned; none that is ``private`` is said word for word
    where others hear it."""

    name: str
    sha256: str
    size: int  # bytes in the file
    format: Format = PLAIN
    weight: float = 1.0
    private: bool = True
    context: bool = False
    written: int = 0  # when its file was, in ns
    learn: np.ndarray
    held_out: np.ndarray


@dataclass(frozen=True, slots=True)
class Shelved:
    """All texts of a library; by their names, the checksum of every file that can be read, why others were left out,
    and what was remarkable."""

    texts: list[Text]
    files: dict[str, str]
    skipped: dict[str, str]
    notes: dict[str, str]


def split_held_out(text: str, share: float) -> tuple[str, str]:
    """Cut off the last ``share`` of a text."""
    cut = cut_of(text, share)
    return text[:cut], text[cut:]


def segments_of(text: str, *, talk: bool | None = None, only_turns: bool | None = None) -> Iterator[Segment]:
    """A text as the tokenizer takes it, with marks where turns are. ``talk``: whether there are any, and
    ``only_turns``, whether nothing else is there; both told by the text where they aren't given."""
    if has_turns(text) if talk is None else talk:
        return conversation_segments(text, only_turns=only_turns)
    return pieces(text)


def open_texts(
    sources: list[Source],
    tokenizer: Tokenizer,
    *,
    held_out: float,
    cache: Path,
    say: Say,
    found: Survey | None = None,
) -> Shelved:
    """Every text that can be read, as tokens; and nothing else stays in the folder ``cache``. ``found``: the survey of
    these sources, if there was one just now."""
    stamps = read_stamps(cache)
    files = found.files if found else look_at(sources, stamps)
    key = _key([VERSION, tokenizer.fingerprint, held_out, *([f.sha256, f.manner, f.unreadable] for f in files)])
    pack = Pack.open(cache / NAME)
    if pack is None or pack.index.key != key:
        with contextlib.suppress(OSError):
            make_folder(cache)
        pack = _pack(found or survey(files, held_out, cache, say), tokenizer, key, pack, cache / NAME, say)
    _sweep(cache)
    now = {file.source.name: (file.stamp, file.sha256, file.format.key) for file in files if file.stamp}
    if now != stamps:
        keep_stamps(cache, now)
    return _shelved(files, pack)


class Kept(NamedTuple):
    """What is taught of a text, whether others have their say in it, and when its file was written, in ns."""

    learn: np.ndarray
    context: bool
    written: int = 0


def kept_texts(cache: Path, tokenizer: Tokenizer) -> list[Kept]:
    """Each text, as it was at the last wake; nothing where other tokens are kept, or none."""
    try:
        pack = Pack.open(cache / NAME)
    except OSError:
        return []
    if pack is None or pack.index.made_by != (VERSION, tokenizer.fingerprint):
        return []
    rows = (row for row in pack.index.texts if row.copy_of is None and not row.unreadable)
    return [Kept(pack.tokens[row.tokens[0] : row.tokens[1]], row.context, row.written) for row in rows]


def _shelved(files: list[File], pack: Pack) -> Shelved:
    names = [file.source.name for file in files]
    texts, skipped, notes = [], {}, {}
    for file, row in zip(files, pack.index.texts, strict=True):
        if row.copy_of is not None:
            skipped[file.source.name] = f"all of it is in {names[row.copy_of]}"
        elif row.unreadable:
            skipped[file.source.name] = row.unreadable
        else:
            start, middle, stop = row.tokens
            texts.append(
                Text(
                    name=file.source.name,
                    sha256=file.sha256,
                    size=file.size,
                    format=file.format,
                    weight=file.source.facts.weight,
                    private=file.source.facts.private,
                    context=row.context,
                    written=file.written,
                    learn=pack.tokens[start:middle],
                    held_out=pack.tokens[middle:stop],
                )
            )
        if row.note:
            notes[file.source.name] = row.note
    rows = zip(files, pack.index.texts, strict=True)
    checksums = {file.source.name: file.sha256 for file, row in rows if not row.unreadable}
    return Shelved(texts, checksums, skipped, notes)


# ---- the file ------------------------------------------------------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class Row:
    """One file: ``key`` of what its tokens depend on, and where in the pack they begin, where those that are held out
    do, and where they end; or why it has none."""

    key: str
    tokens: tuple[int, int, int] = (0, 0, 0)
    copy_of: int | None
    unreadable: str
    note: str
    context: bool = False
    written: int = 0


@dataclass(frozen=True, slots=True)
class Index:
    key: str  # of what everything depends on
    made_by: tuple[int, str]
    texts: list[Row]


INDEX = TypeAdapter(Index)


class Pack:
    """``tokens`` (N,) of all texts, and an ``index`` that tells which are whose."""

    def __init__(self, tokens: np.ndarray, index: Index):
        self.tokens, self.index = tokens, index

    @classmethod
    def open(cls, path: Path) -> Pack | None:
        """What is in a file, or None where it isn't what was written. Raises OSError."""
        try:
            with open_plain(path) as stream:
                return cls._read(stream)
        except Unfit:
            return None
        except OSError as error:
            if is_damage(error):
                return None
            raise

    @classmethod
    def _read(cls, stream: BinaryIO) -> Pack | None:
        size = stream.seek(0, io.SEEK_END)
        if size < CHECKSUM + 8:
            return None
        body, checksum = size - CHECKSUM, hashlib.sha256()
        stream.seek(0)
        while some := stream.read(min(CHUNK, body - stream.tell())):  # what is only compared need not stay in memory
            checksum.update(some)
        if checksum.digest() != stream.read(CHECKSUM):
            return None
        raw = np.memmap(stream, dtype=np.uint8, mode="r")  # one open file, however many texts are in it
        length = int.from_bytes(raw[body - 8 : body].tobytes(), "little")
        try:
            index = INDEX.validate_json(raw[max(0, body - 8 - length) : body - 8].tobytes())
        except ValidationError:
            return None
        return cls(np.asarray(raw)[: body - 8 - length].view(np.uint16), index)


class _Writer:
    """Writes a pack to a stream, its checksum at the end."""

    def __init__(self, stream: BinaryIO):
        self._stream, self._checksum = stream, hashlib.sha256()

    def write(self, data: bytes) -> None:
        self._checksum.update(data)
        self._stream.write(data)

    def finish(self, index: Index) -> None:
        data = INDEX.dump_json(index)
        self.write(data)
        self.write(len(data).to_bytes(8, "little"))
        self._stream.write(self._checksum.digest())


def _pack(found: Survey, tokenizer: Tokenizer, key: str, old: Pack | None, path: Path, say: Say) -> Pack:
    """The tokens of all texts, from a file that keeps them; or only in memory, where the disk takes no more."""
    try:
        make_folder(path.parent)
        if path.is_dir():
            set_aside(path)
        with replacing(path) as stream:
            _fill(stream, found, tokenizer, key, old, say)
        if pack := Pack.open(path):
            return pack
        problem = "it came back damaged"
    except OSError as error:
        problem = error.strerror
    say(f"the tokens of the library can't be kept ({problem}); they will be made anew at the next wake.")
    memory = io.BytesIO()
    index = _fill(memory, found, tokenizer, key, old, say)
    return Pack(np.frombuffer(memory.getbuffer(), dtype=np.uint16, count=_end(index)), index)


def _fill(stream: BinaryIO, found: Survey, tokenizer: Tokenizer, key: str, old: Pack | None, say: Say) -> Index:
    """Write a pack; tokens that the old one has are copied."""
    made_by = (VERSION, tokenizer.fingerprint)
    known = {row.key: row.tokens for row in old.index.texts} if old and old.index.made_by == made_by else {}
    rows = [_row(found, number) for number in range(len(found.files))]
    counts = np.zeros((len(rows), 2), dtype=np.int64)
    writer = _Writer(stream)
    for number, part, tokens in _tokens(found, rows, known, old, tokenizer, say):
        writer.write(np.asarray(tokens, dtype=np.uint16).tobytes())
        counts[number, part] += len(tokens)
    ends = counts.ravel().cumsum().reshape(-1, 2)
    for row, (middle, stop), count in zip(rows, ends.tolist(), counts[:, 0].tolist(), strict=True):
        row.tokens = (middle - count, middle, stop)
    index = Index(key=key, made_by=made_by, texts=rows)
    writer.finish(index)
    return index


def _row(found: Survey, number: int) -> Row:
    file, share = found.files[number], found.shares[number]
    name = file.source.name
    copied = share.copy_of is not None
    return Row(
        key=_key([file.sha256, file.manner, share.taught, share.held_out]),
        copy_of=share.copy_of,
        unreadable="" if copied else found.skipped.get(name, ""),
        note=found.notes.get(name, ""),
        context=found.contexts[number],
        written=file.written,
    )


Span = tuple[int, int, int]
Arrived = tuple[int, int, Segment | np.ndarray]  # text, part, and some of it
Encode = Callable[[list[str]], Iterator[np.ndarray]]
Tokens = Iterator[tuple[int, int, list[int] | np.ndarray]]


def _tokens(
    found: Survey, rows: list[Row], known: dict[str, Span], old: Pack | None, tokenizer: Tokenizer, say: Say
) -> Tokens:
    """The tokens of each text's parts, in order: batches of what is new, whatever texts it is from."""
    new = [number for number, row in enumerate(rows) if row.key not in known]
    progress = _progress(sum(_letters(found, number) for number in new), say)
    encode = tokenizer.in_bulk()
    batch: list[Arrived] = []
    waiting = 0
    for number, row in enumerate(rows):
        if row.key in known:
            start, middle, stop = known[row.key]
            batch += [(number, 0, old.tokens[start:middle]), (number, 1, old.tokens[middle:stop])]
            continue
        for part, segment in _segments(found, row, number, tokenizer):
            batch.append((number, part, segment))
            waiting += len(segment) if isinstance(segment, str) else 1
            if waiting >= BATCH * PIECE:
                yield from _encoded(batch, tokenizer, encode)
                progress(waiting)
                batch, waiting = [], 0
    yield from _encoded(batch, tokenizer, encode)


def _segments(found: Survey, row: Row, number: int, tokenizer: Tokenizer) -> Iterator[tuple[int, Segment]]:
    try:
        parts = found.parts(number)
    except (Unreadable, OSError) as why:
        row.key, row.unreadable = "", str(why)
        return
    whole = "".join(parts)
    if tokenizer.by_letter and (lacking := tokenizer.lacks(unmarked(whole))):
        row.key, row.unreadable = "", f"the alphabet lacks characters of it: {lacking}"
        return
    talk = found.talks[number]
    only_turns = talk and begins_with_turn(whole)
    for part, text in enumerate(parts):
        for segment in segments_of(text, talk=talk, only_turns=only_turns):
            yield part, segment


def _encoded(batch: list[Arrived], tokenizer: Tokenizer, encode: Encode) -> Tokens:
    encoded = encode([some for _, _, some in batch if isinstance(some, str)])
    for number, part, some in batch:
        if isinstance(some, str):
            yield number, part, next(encoded)
        else:
            yield number, part, tokenizer.mark(some) if isinstance(some, int) else some


def _letters(found: Survey, number: int) -> int:
    share = found.shares[number]
    return sum(stop - start for start, stop in share.taught + share.held_out)


def _progress(total: int, say: Say) -> Callable[[int], None]:
    """Something to tell of each part done, that says so after every tenth of the whole."""
    done = 0

    def tell(characters: int) -> None:
        nonlocal done
        before, done = done, min(done + characters, total)
        if 10 * before // total < 10 * done // total:
            say(f"reading the library: {100 * done // total} %")

    return tell


def _end(index: Index) -> int:
    return index.texts[-1].tokens[2] if index.texts else 0


def _key(what: list) -> str:
    return hashlib.sha256(json.dumps(what).encode()).hexdigest()[:32]


def _sweep(cache: Path) -> None:
    """Delete whatever else is there (a file for each text, in earlier versions): what a person took away must not
    linger."""
    for file in cache.glob("*"):
        if file.name in (NAME, STAMPS) and not file.is_symlink():
            continue
        if file.is_dir() and not file.is_symlink():
            shutil.rmtree(file, ignore_errors=True)
        else:
            file.unlink(missing_ok=True)
