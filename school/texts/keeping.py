"""Putting files into a home's library, taking them out again, and what a person says about them meanwhile."""

from __future__ import annotations

import filecmp
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from school.office.files import make_folder, replacing
from school.office.mistakes import Mistake
from school.texts.facts import Known, read_known, write_known
from school.texts.formats import can_be_read
from school.texts.original import open_file
from school.texts.places import find_files, shown

BIN = ".removed"  # in the library; its name begins with a dot, so nothing in it is learned
FROM = "from"  # in the facts: where a file was copied from


@dataclass(slots=True)
class Added:
    """``names`` in the library of what was added, or said something about; ``skipped``: what was not, and why."""

    names: list[str] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)


def add(library: Path, path: Path, said: dict[str, object]) -> Added:
    """Copy a file, or all that can be read in a folder, into a library, and note what was ``said`` about it. For what
    is there already it is only noted. Raises Mistake."""
    known = read_known(library)
    here = in_library(library, path)
    added = Added()
    if here is not None:
        added.names.append(here)
    elif path.is_dir():
        found = find_files(path)
        added.skipped = found.skipped
        top = Path(path.absolute().name)
        for file in found.files:
            added.names.append(_copy(library, file, top / file.relative_to(path), known))
        if said and added.names:
            known[top.as_posix()] = known.get(top.as_posix(), {}) | said
            said = {}
    elif not os.path.lexists(path):
        raise Mistake(f"{path}: there is no such file or folder.")
    elif not can_be_read(path):
        ending = f"{path.suffix} files can't be read" if path.suffix else "its name has no ending; call it .txt"
        raise Mistake(f"{path}: {ending} (docs/library.md says what can).")
    else:
        added.names.append(_copy(library, path, Path(path.name), known))
    for name in added.names if said else []:
        known[name] = known.get(name, {}) | said
    write_known(library, known)
    return added


def in_library(library: Path, path: Path) -> str | None:
    """The name by which a library has a file or a folder, whichever way it is written."""
    for place in (path, library / path):
        inside = Path(os.path.normpath(place.absolute()))
        if os.path.lexists(inside) and inside.is_relative_to(library.absolute()) and inside != library.absolute():
            return inside.relative_to(library.absolute()).as_posix()
    return None


def _copy(library: Path, file: Path, name: Path, known: Known) -> str:
    place = library / name
    try:
        if os.path.lexists(place):
            if place.is_file() and filecmp.cmp(file, place, shallow=False):
                return name.as_posix()
            raise Mistake(f"{shown(name)}: the library has another file of this name; remove or rename one of them.")
        make_folder(place.parent)
        with open_file(file) as source, replacing(place) as copy:
            shutil.copyfileobj(source, copy)
    except OSError as error:
        raise Mistake(f"{file}: can't be copied into {library} ({error.strerror}).") from None
    known[name.as_posix()] = known.get(name.as_posix(), {}) | {FROM: str(file.absolute())}
    return name.as_posix()


def remove(library: Path, name: str) -> list[str]:
    """Take a file or a folder out of a library; a line for each file. It is deleted where the one it was copied from is
    still there, else it goes to the library's bin. Raises Mistake."""
    here = in_library(library, Path(name))
    if here is None:
        raise Mistake(f"{name}: the library has no such file; `library list` shows all.")
    known, place = read_known(library), library / here
    files = [place] if not place.is_dir() or place.is_symlink() else sorted(p for p in place.rglob("*") if p.is_file())
    lines = [_remove(library, file, known) for file in files]
    for said in [said for said in known if said == here or said.startswith(f"{here}/")]:
        del known[said]
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place, ignore_errors=True)  # only empty folders are left
    write_known(library, known)
    return lines


def _remove(library: Path, file: Path, known: Known) -> str:
    name = file.relative_to(library)
    source = Path(str(known.get(name.as_posix(), {}).get(FROM, "")))
    try:
        if file.is_symlink() or (source.is_file() and filecmp.cmp(source, file, shallow=False)):
            file.unlink()
            return f"{shown(name)} is out of the library."
        place = library / BIN / name
        make_folder(place.parent)
        while os.path.lexists(place):
            place = place.with_name(f"{place.name}~")
        file.rename(place)
    except OSError as error:
        raise Mistake(f"{shown(name)}: can't be removed ({error.strerror}).") from None
    return f"{shown(name)} is out of the library; the only copy of it that is known is {place} now."
