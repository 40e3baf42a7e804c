"""The shelf: a text's tokens, kept on disk.

They lie in memory-mapped files named after the text's content, who read it and the tokenizer, so that a second wake
only hashes.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from school.office.files import Unfit, is_damage, make_folder, open_plain, replacing, set_aside
from school.texts.formats import PLAIN, Format, format_of
from school.texts.places import read_bytes
from school.texts.tokenizer import Tokenizer
from school.texts.turns import encode_conversation, has_turns

PIECE = 1 << 16  # characters encoded at a time
VERSION = 1  # goes up with every change by which the same text is cut or encoded differently


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One text as tokens: ``learn`` (memory-mapped) is taught, ``held_out`` never is."""

    name: str
    sha256: str
    size: int  # bytes in the file
    format: Format = PLAIN
    learn: np.ndarray
    held_out: np.ndarray


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


def open_text(
    path: Path, name: str, tokenizer: Tokenizer, *, held_out: float, cache: Path, say: Callable[[str], None]
) -> Text:
    """Read one file, or its tokens where they are cached. Raises Unreadable, OSError."""
    format_ = format_of(path) or PLAIN
    raw = read_bytes(path)
    sha = hashlib.sha256(raw).hexdigest()
    stem = _stem(sha, format_, tokenizer, held_out)
    files = [cache / f"{stem}.{part}" for part in ("learn", "held_out")]
    kept = [_map_tokens(file, tokenizer.size) for file in files]
    if any(part is None for part in kept):
        decoded = format_.read(raw)
        if decoded.note:
            say(f"{name}: {decoded.note}.")
        kept = _encode_and_keep(files, name, split_held_out(decoded.text, held_out), tokenizer, say)
    learn, held = kept
    return Text(name=name, sha256=sha, size=len(raw), format=format_, learn=learn, held_out=held)


def _encode_and_keep(
    files: list[Path], name: str, parts: tuple[str, str], tokenizer: Tokenizer, say: Callable[[str], None]
) -> list[np.ndarray]:
    """The tokens of each part, from a file that keeps them; or only in memory, where the disk takes no more."""
    talk = has_turns("".join(parts))
    progress = _progress(name, sum(map(len, parts)), say)

    def encoded(part: str) -> Iterator[list[int]]:
        return iter([encode_conversation(tokenizer, part)]) if talk else _encode(tokenizer, part, progress)

    kept, problem = [], ""
    for file, part in zip(files, parts, strict=True):
        try:
            _write_tokens(file, encoded(part))
            tokens = _map_tokens(file, tokenizer.size)
        except OSError as error:
            tokens, problem = None, error.strerror
        if tokens is None:
            tokens = np.array([token for ids in encoded(part) for token in ids], dtype=np.uint16)
        kept.append(tokens)
    if problem:
        say(f"the tokens of {name} can't be kept ({problem}); they will be made anew at the next wake.")
    return kept


def _stem(sha: str, format_: Format, tokenizer: Tokenizer, held_out: float) -> str:
    """The name of a text's tokens: whatever they depend on is in it."""
    return f"{sha[:32]}-{format_.name}{format_.version}.{VERSION}-{tokenizer.fingerprint}-{held_out:g}"


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
    wanted = {_stem(text.sha256, text.format, tokenizer, held_out) for text in texts}
    for file in cache.glob("*-*"):
        if file.name.rsplit(".", 1)[0] not in wanted:
            if file.is_dir() and not file.is_symlink():
                shutil.rmtree(file, ignore_errors=True)
            else:
                file.unlink(missing_ok=True)
