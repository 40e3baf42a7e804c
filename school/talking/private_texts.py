"""Where the guard's knowledge of the private texts is kept: made at waking, and again only when a text has changed.

The file holds hashes of runs of words, no words: what they depend on, the sorted hashes, a checksum.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterable
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
    texts: Iterable[Text],
    tokenizer: Tokenizer,
    words: int,
    file: Path,
    *,
    newborn: bool = False,
) -> Guard | None:
    """A guard of the private ones among the texts, and of all that stood in such before, unless it is ``newborn``: what
    was once learned may still be known. What stands in a public one may be said, if it is in no private one now. None
    where there is nothing to guard (``words`` is 0, or there are no such texts); then no ``file`` stays either. In a
    text's held-out part, too, no run may be said."""
    texts = list(texts)
    guarded, public = ([text for text in texts if text.private == private] for private in (True, False))
    key = _digest([VERSION, words]) + _key([guarded, public], tokenizer)
    before, known = (b"", None) if newborn or not words else _read(file, key[:DIGEST])
    if not words or (not guarded and known is None):
        with contextlib.suppress(OSError):
            file.unlink(missing_ok=True)
        return None
    if before == key:
        return Guard(known, tokenizer.pieces, words)
    windows = _runs(guarded, tokenizer, words)
    if known is not None:
        windows = np.union1d(np.setdiff1d(known, _runs(public, tokenizer, words)), windows)
    with contextlib.suppress(OSError):  # where the disk takes no more they stay in memory
        _write(file, key, windows)
        kept, known = _read(file, key[:DIGEST])
        windows = known if kept == key else windows
    return Guard(windows, tokenizer.pieces, words)


def _digest(what: object) -> bytes:
    return hashlib.sha256(json.dumps(what).encode()).digest()


def _runs(texts: list[Text], tokenizer: Tokenizer, words: int) -> np.ndarray:
    return windows_of(([text.learn, text.held_out] for text in texts), tokenizer.pieces, words)


def _key(kinds: list[list[Text]], tokenizer: Tokenizer) -> bytes:
    """What the hashes depend on: the tokens themselves, as the same file may become others."""
    key = hashlib.sha256(tokenizer.fingerprint.encode())
    for texts in kinds:
        key.update(len(texts).to_bytes(8, "little"))
        for text in texts:
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


def _read(file: Path, kind: bytes) -> tuple[bytes, np.ndarray | None]:
    """What the hashes in a file depend on, which begins with their ``kind``, and the hashes themselves, left on the
    disk until they are looked at. Nothing, where they are not what was written."""
    try:
        with open_plain(file) as stream:
            key = stream.read(2 * DIGEST)
            raw = np.memmap(stream, dtype=np.uint8, mode="r")
    except (OSError, Unfit, ValueError):
        return b"", None
    if not key.startswith(kind) or len(raw) < 3 * DIGEST or len(raw) % 8:
        return b"", None
    if hashlib.sha256(raw[:-DIGEST]).digest() != raw[-DIGEST:].tobytes():
        return b"", None
    return key, np.asarray(raw)[2 * DIGEST : -DIGEST].view(np.uint64)
