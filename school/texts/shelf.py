"""The shelf: finds the texts of a library, reads whatever encoding they have, and keeps their tokens on disk.

Tokens live in memory-mapped files named after the text's content and the tokenizer, so a second wake only hashes.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import charset_normalizer
import numpy as np

from school.office.files import Unfit, is_damage, make_folder, open_plain, replacing, set_aside
from school.texts.tokenizer import BABY, END, PERSON, Tokenizer

SUFFIXES = {".txt", ".md", ".text", ".markdown"}
PIECE = 1 << 16  # characters encoded at a time
TURN = re.compile(r"^(you|baby): ?(.*)$", re.MULTILINE)
SPEAKERS = {"you": PERSON, "baby": BABY}


class Unreadable(Exception):
    """A file that is no text; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One text as tokens: ``learn`` (memory-mapped) is taught, ``held_out`` never is."""

    name: str
    sha256: str
    size: int  # bytes in the file
    learn: np.ndarray
    held_out: np.ndarray


def find_files(folder: Path) -> list[Path]:
    """Every text file below ``folder``, sorted by name; hidden files and folders are left alone."""
    found = []
    for root, folders, files in os.walk(folder, followlinks=True):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [Path(root, name) for name in files if not name.startswith(".")]
    return sorted(path for path in found if path.suffix.lower() in SUFFIXES)


def read_text(raw: bytes) -> str:
    """Decode a person's file: UTF-8, UTF-16 or 32 by their marks, else the likeliest older encoding.

    Raises Unreadable for what is no text.
    """
    for mark, encoding in (
        (b"\xff\xfe\0\0", "utf-32"),
        (b"\0\0\xfe\xff", "utf-32"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
    ):
        if raw.startswith(mark):
            return _decode(raw, encoding)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = _guess(raw)
    else:
        if _has_zeros(text):  # plain Latin letters in UTF-16 are UTF-8 as well
            text = _guess(raw)
    if _has_zeros(text):
        raise Unreadable("it looks like a binary file, not a text")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _has_zeros(text: str) -> bool:
    return text.count("\0") > len(text) // 1000


def _guess(raw: bytes) -> str:
    if raw[:4096].count(b"\0"):
        halves = [raw[:4096][i::2].count(b"\0") for i in (0, 1)]
        if max(halves) > 8 * min(halves) + 8:  # Latin letters in UTF-16: every other byte is zero
            return _decode(raw, "utf-16-le" if halves[1] > halves[0] else "utf-16-be")
        raise Unreadable("it looks like a binary file, not a text")
    control = sum(raw[:65536].count(byte) for byte in range(9))
    if control > len(raw[:65536]) / 100:
        raise Unreadable("it looks like a binary file, not a text")
    text = raw.decode("utf-8-sig", "replace")
    if 8 * text.count("\ufffd") < len(text) - sum(map(str.isascii, text)):
        return text  # UTF-8 that is broken in a few places
    return raw.decode(_likeliest(raw[:65536]), "replace")


def _likeliest(raw: bytes) -> str:
    """Western European, unless another encoding makes clearly more sense."""
    matches = list(charset_normalizer.from_bytes(raw))
    western = [match for match in matches if "cp1252" in match.could_be_from_charset]
    if not matches or (western and western[0].chaos <= matches[0].chaos + 0.045):
        return "cp1252"
    return matches[0].encoding


def _decode(raw: bytes, encoding: str) -> str:
    try:
        return raw.decode(encoding).removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        raise Unreadable(f"it begins like {encoding} but breaks at byte {error.start}") from None


def split_held_out(text: str, share: float) -> tuple[str, str]:
    """Cut off the last ``share`` of a text, at the end of a line or a word where one is near."""
    cut = round(len(text) * (1 - share))
    near = cut + min(2000, (len(text) - cut) // 2)  # a note of one paragraph keeps its part, too
    for mark in "\n ":
        found = text.find(mark, cut, near)
        if found >= 0:
            return text[: found + 1], text[found + 1 :]
    return text[:cut], text[cut:]


def pieces(text: str) -> Iterator[str]:
    """The text in pieces of about PIECE characters that end with a line, or a word."""
    start = 0
    while start < len(text):
        stop = min(start + PIECE, len(text))
        if stop < len(text):
            for mark in "\n ":
                found = text.rfind(mark, start + PIECE // 2, stop)
                if found > 0:
                    stop = found + (mark == "\n")
                    break
        yield text[start:stop]
        start = stop


def has_turns(text: str) -> bool:
    """Whether a text holds a conversation written as lines that begin ``you: `` and ``baby: ``."""
    speakers = {match[1] for match in TURN.finditer(text)}
    return len(speakers) == 2


def encode_conversation(tokenizer: Tokenizer, text: str) -> list[int]:
    """A text with ``you: `` and ``baby: `` lines as marked turns; lines of neither kind stay plain text."""
    ids = []
    for line in text.splitlines():
        if match := TURN.match(line):
            ids += [SPEAKERS[match[1]], *tokenizer.encode(match[2].strip()), END]
        elif line.strip():
            ids += tokenizer.encode(line + "\n")
    return ids


def open_text(
    path: Path, name: str, tokenizer: Tokenizer, *, held_out: float, cache: Path, say: Callable[[str], None]
) -> Text:
    """Read one file, or its tokens where they are cached. Raises Unreadable, OSError."""
    raw = path.read_bytes()
    sha = hashlib.sha256(raw).hexdigest()
    stem = f"{sha[:32]}-{tokenizer.fingerprint}-{held_out:g}"
    files = [cache / f"{stem}.{part}" for part in ("learn", "held_out")]
    parts = [_map_tokens(file, tokenizer.size) for file in files]
    if any(part is None for part in parts):
        text = read_text(raw)
        talk = has_turns(text)
        progress = _progress(name, len(text), say)
        for file, part in zip(files, split_held_out(text, held_out), strict=True):
            lines = [encode_conversation(tokenizer, part)] if talk else _encode(tokenizer, part, progress)
            _write_tokens(file, lines)
        parts = [_map_tokens(file, tokenizer.size) for file in files]
    learn, held = parts
    return Text(name=name, sha256=sha, size=len(raw), learn=learn, held_out=held)


def _encode(tokenizer: Tokenizer, text: str, progress: Callable[[int], None]) -> Iterator[list[int]]:
    batch = []
    for piece in pieces(text):
        batch.append(piece)
        if len(batch) == 64:
            yield from tokenizer.encode_many(batch)
            progress(sum(map(len, batch)))
            batch = []
    yield from tokenizer.encode_many(batch)


def _progress(name: str, total: int, say: Callable[[str], None]) -> Callable[[int], None]:
    """Something to tell of each part done, that says so after every tenth of the whole."""
    done = 0

    def tell(characters: int) -> None:
        nonlocal done
        before, done = done, done + characters
        if 10 * before // total < 10 * done // total:
            say(f"reading {name}: {100 * done // total} %")

    return tell


def _write_tokens(file: Path, parts: Iterable[list[int]]) -> None:
    make_folder(file.parent)
    if file.is_dir():
        set_aside(file)
    with replacing(file) as out:
        for part in parts:
            out.write(np.asarray(part, dtype=np.uint16).tobytes())


def _map_tokens(file: Path, vocabulary: int) -> np.ndarray | None:
    """The tokens in a file, or None where there are none that could be what was written. Raises OSError."""
    try:
        with open_plain(file) as stream:
            size = os.fstat(stream.fileno()).st_size
            if size == 0:
                return np.empty(0, dtype=np.uint16)
            if size % 2:
                return None
            tokens = np.memmap(stream, dtype=np.uint16, mode="r")
    except Unfit:
        return None
    except OSError as error:
        if is_damage(error):
            return None
        raise
    return tokens if tokens.max() < vocabulary else None


def sweep_cache(cache: Path, texts: list[Text], tokenizer: Tokenizer, held_out: float) -> None:
    """Delete the tokens of texts that are no longer on the shelf: what a person took away must not linger."""
    wanted = {f"{text.sha256[:32]}-{tokenizer.fingerprint}-{held_out:g}" for text in texts}
    for file in cache.glob("*-*"):
        if file.name.rsplit(".", 1)[0] not in wanted:
            if file.is_dir() and not file.is_symlink():
                shutil.rmtree(file, ignore_errors=True)
            else:
                file.unlink(missing_ok=True)
