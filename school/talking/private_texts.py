"""Where the guard's knowledge of the private texts is kept: made at waking, and again only when a text has changed.

The file holds hashes of runs of words, no words: what they depend on, the sorted hashes, a checksum.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Collection, Iterable
from pathlib import Path

import numpy as np

from school.office.files import Unfit, make_folder, open_plain, replacing
from school.talking.guard import Guard, windows_of
from school.texts.shelf import Text
from school.texts.tokenizer import Tokenizer

NAME = "private.runs"
VERSION = 1  # goes up with every change by which the same texts have other hashes
DIGEST = hashlib.sha256().digest_size


def open_guard(
    texts: Iterable[Text], tokenizer: Tokenizer, private: Collection[str], words: int, file: Path
) -> Guard | None:
    """A guard of the texts named in ``private``, or None where there is nothing to guard (``words`` is 0, or there is
    no such text); then no ``file`` stays either. In a text's held-out part, too, no run may be said."""
    guarded = [text for text in texts if text.name in private] if words else []
    if not guarded:
        with contextlib.suppress(OSError):
            file.unlink(missing_ok=True)
        return None
    key = _key(guarded, tokenizer, words)
    windows = _read(file, key)
    if windows is None:
        windows = windows_of(([text.learn, text.held_out] for text in guarded), tokenizer.pieces, words)
        with contextlib.suppress(OSError):  # where the disk takes no more they stay in memory
            _write(file, key, windows)
            windows = kept if (kept := _read(file, key)) is not None else windows
    return Guard(windows, tokenizer.pieces, words)


def private_names(texts: Iterable[Text], shipped: Path) -> set[str]:
    """The names of all texts but those that come with the program, in the folder ``shipped``. These are told by what is
    in them: a folder of anybody's may be called the same."""
    public = {hashlib.sha256(file.read_bytes()).hexdigest() for file in shipped.rglob("*") if file.is_file()}
    return {text.name for text in texts if text.sha256 not in public}


def _key(guarded: list[Text], tokenizer: Tokenizer, words: int) -> bytes:
    """What the hashes depend on: the tokens themselves, as the same file may become others."""
    key = hashlib.sha256(json.dumps([VERSION, words, tokenizer.fingerprint]).encode())
    for text in guarded:
        for part in (text.learn, text.held_out):
            key.update(len(part).to_bytes(8, "little"))
            key.update(np.ascontiguousarray(part, np.uint16).data)
    return key.digest()


def _write(file: Path, key: bytes, windows: np.ndarray) -> None:
    """Raises OSError."""
    make_folder(file.parent)
    body = windows.tobytes()
    with replacing(file) as stream:
        for part in (key, body, hashlib.sha256(key + body).digest()):
            stream.write(part)


def _read(file: Path, key: bytes) -> np.ndarray | None:
    """The hashes, left on the disk until they are looked at; None where they are not what was written for this key."""
    try:
        with open_plain(file) as stream:
            if stream.read(DIGEST) != key:
                return None
            raw = np.memmap(stream, dtype=np.uint8, mode="r")
    except (OSError, Unfit, ValueError):
        return None
    if len(raw) % 8 or hashlib.sha256(raw[:-DIGEST]).digest() != raw[-DIGEST:].tobytes():
        return None
    return np.asarray(raw)[DIGEST:-DIGEST].view(np.uint64)
