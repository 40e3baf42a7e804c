"""Folders that are whole or not at all: each lists the checksums of its files, and that list is written last."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

SUMS = "SHA256SUMS"


class SoulDamaged(Exception):
    """A soul's folder is not what was written; the message says which part."""


def seal(place: Path) -> None:
    """List the checksums of what is in a folder, and wait until all of it is on the disk."""
    sums = {file.name: _sha256(file) for file in sorted(place.iterdir())}
    (place / SUMS).write_text("".join(f"{digest}  {name}\n" for name, digest in sums.items()), encoding="utf-8")
    sync_all(place)


def check(place: Path) -> list[str]:
    """The names of the files that are listed, all of them as they were written. Raises SoulDamaged or OSError."""
    try:
        listed = dict(line.split("  ")[::-1] for line in (place / SUMS).read_text("utf-8").splitlines())
    except ValueError as error:
        raise SoulDamaged(f"{SUMS}: {error}") from None
    for name, digest in listed.items():
        if _sha256(place / name) != digest:
            raise SoulDamaged(f"{name} has changed")
    parts = {"facts.json", "tokenizer.json", *(file.name for file in place.glob("*.safetensors"))}
    if unlisted := parts - listed.keys():
        raise SoulDamaged(f"{min(unlisted)} is not listed in {SUMS}")
    return list(listed)


def mend(folder: Path) -> None:
    """Clear up what a crash left among such folders: one that was to be replaced comes back if nothing took its place,
    and what was not finished goes."""
    for replaced in folder.glob(".replaced-*"):
        place = folder / replaced.name.removeprefix(".replaced-")
        if not place.exists():
            replaced.rename(place)
    for leftover in [*folder.glob(".unfinished-*"), *folder.glob(".replaced-*")]:
        shutil.rmtree(leftover, ignore_errors=True)


def sync(path: Path) -> None:
    """Wait until a file or folder is on the disk (Windows can't open folders)."""
    if path.is_dir() and os.name == "nt":
        return
    handle = os.open(path, os.O_RDONLY if path.is_dir() or os.name != "nt" else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_all(place: Path) -> None:
    for file in [*place.iterdir(), place]:
        sync(file)


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
