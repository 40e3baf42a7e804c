"""Folders that are whole or not at all: each lists the checksums of its files, and that list is written last."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import re
import shutil
from collections.abc import Collection
from pathlib import Path

from school.office.files import Opener, Unfit, clear_unfinished, is_damage, open_plain, read_whole, sync

SUMS = "SHA256SUMS"
SUMS_BYTES = 1 << 16
LARGEST = 32 << 30  # bytes of all files together; the largest preset's soul has a tenth of it
LINE = re.compile(r"([0-9a-f]{64})  ([a-z]+\.json|[a-z_]+\.safetensors)")  # names of ours, never a path
DELETED = ".deleted-"  # how the name of a folder begins that is being deleted

log = logging.getLogger(__name__)


class SoulDamaged(Exception):
    """A soul's folder is not what was written; the message says which part."""


def seal(place: Path) -> None:
    """List the checksums of what is in a folder, and wait until all of it is on the disk."""
    sums = {file.name: _sha256(file) for file in sorted(place.iterdir())}
    (place / SUMS).write_text("".join(f"{digest}  {name}\n" for name, digest in sums.items()), encoding="utf-8")
    sync_all(place)


def check(place: Path, opener: Opener = open_plain) -> list[str]:
    """The names of the files that are listed, all of them as they were written. Raises SoulDamaged, or OSError where
    they can't be read just now: that is no damage."""
    try:
        listed = _listed(place, opener)
        _weigh(place, listed)
        for name, digest in listed.items():
            if _sha256(place / name, opener) != digest:
                raise SoulDamaged(f"{name} has changed")
        parts = {"facts.json", "tokenizer.json", *(file.name for file in place.glob("*.safetensors"))}
    except OSError as error:
        raise as_damage(error) from None
    if unlisted := parts - listed.keys():
        raise SoulDamaged(f"{min(unlisted)} is not listed in {SUMS}")
    return list(listed)


def as_damage(error: OSError) -> Exception:
    """SoulDamaged for an error that means that a file is gone; the error itself for one that it can't be read."""
    if not is_damage(error):
        return error
    name = Path(error.filename).name if error.filename else "a file"
    return SoulDamaged(f"{name} is missing" if isinstance(error, FileNotFoundError) else f"{name}: {error.strerror}")


def is_half(place: Path) -> bool:
    """Whether files of a folder are gone: its deletion was broken off. Raises OSError."""
    try:
        return any(not (place / name).exists() for name in _listed(place, open_plain))
    except FileNotFoundError:
        return True
    except SoulDamaged:
        return False


def _listed(place: Path, opener: Opener) -> dict[str, str]:
    """Digests by the names of files. Raises SoulDamaged, OSError."""
    try:
        lines = read_whole(place / SUMS, SUMS_BYTES, opener).decode("utf-8").splitlines()
    except ValueError as error:
        raise SoulDamaged(f"{SUMS}: {error}") from None
    matches = [LINE.fullmatch(line) for line in lines]
    if not all(matches):
        raise SoulDamaged(f"{SUMS} lists what is no part of a soul")
    return {match[2]: match[1] for match in matches}


def _weigh(place: Path, names: Collection[str]) -> None:
    """Look at what is listed before any of it is read. Raises SoulDamaged, OSError."""
    for name in names:
        if (place / name).is_symlink():
            raise SoulDamaged(f"{name} is a link, no part of a soul")
    if (size := sum((place / name).stat().st_size for name in names)) > LARGEST:
        raise SoulDamaged(f"it is said to have {size / 1e9:,.0f} GB, more than any soul")


def mend(folder: Path) -> None:
    """Clear up what a crash left among such folders: one that was to be replaced comes back if nothing took its place,
    what was not finished goes, and so does, named, what was being deleted."""
    for replaced in folder.glob(".replaced-*"):
        place = folder / replaced.name.removeprefix(".replaced-")
        if not place.exists():
            replaced.rename(place)
    for half in folder.glob(f"{DELETED}*"):
        log.warning("%s: %s was half deleted; the rest is deleted now.", folder, half.name.removeprefix(DELETED))
    for leftover in [*folder.glob(".replaced-*"), *folder.glob(f"{DELETED}*")]:
        shutil.rmtree(leftover, ignore_errors=True)
    clear_unfinished(folder)


def discard(place: Path) -> None:
    """Delete a folder so that, whenever that is broken off, nobody takes the rest for a whole one. Raises OSError."""
    going = place.with_name(f"{DELETED}{place.name}")
    shutil.rmtree(going, ignore_errors=True)
    place.rename(going)
    with contextlib.suppress(OSError):  # it is out of the way; the next wake tries again
        sync(place.parent)
    shutil.rmtree(going, ignore_errors=True)


def sync_all(place: Path) -> None:
    for file in [*place.iterdir(), place]:
        sync(file)


def _sha256(file: Path, opener: Opener = open_plain) -> str:
    try:
        with opener(file) as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except Unfit as why:
        raise SoulDamaged(f"{file.name}: {why}") from None
