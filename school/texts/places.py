"""Where texts are: every file of a library once, and a reason for each that is left out."""

from __future__ import annotations

import os
import stat
from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from school.texts.care import CARELESS, Care
from school.texts.facts import Facts, facts_on, read_known
from school.texts.formats import can_be_read

STARTER = "starter"
STARTER_SHELF = Path(__file__).resolve().parent.parent.parent / "library" / STARTER

TEMPLATES = {"templates", "template", "_templates"}
UNSAID, SHIPPED = Facts(), Facts(private=False)

Place = tuple[int, int]  # device and number of a folder, however one came there


@dataclass(frozen=True, slots=True)
class Source:
    """A file found on the shelf, the name it goes by in the record, what its owner said about it, and what is to be
    done to its text."""

    path: Path
    name: str
    facts: Facts = Facts()
    care: Care = CARELESS


@dataclass(slots=True)
class Found:
    """The files that can be texts, sorted, and why others can't, by their names."""

    files: list[Path] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)


def find_files(folder: Path, *, without: Collection[Path] = ()) -> Found:
    """Every text file below ``folder``. Links are followed, but what is reached in several ways is found once, by the
    way with the fewest links. Hidden files and folders are left alone, and so are the folders ``without``."""
    found = Found()
    seen = {place for path in without if (place := _place(path))}
    seen.discard(_place(folder))
    waiting, linked = deque([folder]), deque()
    while waiting or linked:
        here = waiting.popleft() if waiting else linked.popleft()
        place = _place(here)
        if place in seen:
            continue
        seen.add(place)
        try:
            entries = sorted((entry for entry in os.scandir(here) if not entry.name.startswith(".")), key=_name)
        except FileNotFoundError:
            continue  # not there, or not any more
        except OSError as error:
            found.skipped[shown(here.relative_to(folder))] = f"it can't be opened ({error.strerror})"
            continue
        before = len(found.files) + len(waiting) + len(linked)
        for entry in entries:
            _sort_in(entry, Path(here, entry.name), folder, found, waiting, linked)
        if here != folder and can_be_read(here) and len(found.files) + len(waiting) + len(linked) == before:
            found.skipped[shown(here.relative_to(folder))] = "not a file"
    found.files.sort()
    return found


def _sort_in(
    entry: os.DirEntry, path: Path, folder: Path, found: Found, waiting: deque[Path], linked: deque[Path]
) -> None:
    """Into texts, folders still to be looked into, and what can't be read."""
    try:
        kind = entry.stat().st_mode
    except OSError as error:  # a link to nowhere or round in a circle, or too deep below
        found.skipped[shown(path.relative_to(folder))] = f"it can't be opened ({error.strerror})"
        return
    if stat.S_ISDIR(kind):
        if not _is_of_an_app(path):
            (linked if entry.is_symlink() else waiting).append(path)
    elif stat.S_ISREG(kind) and can_be_read(path):
        found.files.append(path)
    else:
        found.skipped[shown(path.relative_to(folder))] = _no_reader(path) if stat.S_ISREG(kind) else "not a file"


def _is_of_an_app(folder: Path) -> bool:
    """Whether a note-taking app keeps something there that nobody wrote: templates, settings and copies."""
    if folder.name.casefold() in TEMPLATES and (folder.parent / ".obsidian").is_dir():
        return True
    return folder.name == "__MACOSX" or (folder.name == "logseq" and (folder / "config.edn").is_file())


def _no_reader(path: Path) -> str:
    if not path.suffix:
        return "its name has no ending; call it .txt if it is a text"
    return f"{shown(Path(path.suffix.lower()))} files can't be read here; save it as .txt to have it learned"


def gather_sources(
    library: Path,
    others: list[Path],
    starter: Path,
    use_starter: str,
    *,
    home: Path | None = None,
    default: Facts = UNSAID,
    care: Care = CARELESS,
) -> tuple[list[Source], dict[str, str]]:
    """The files to learn from: the home's library, further folders or single files, and the starter shelf while it is
    wanted; and what was left out. What else is in the ``home`` (souls, the record, letters) is never learned.
    ``default``: what holds for files of which nothing else was said; ``care``: what is done to all but those that come
    with the program. Raises Mistake."""
    without = [home, home / "soul", home / "statistics"] if home else []
    found = find_files(library, without=[*without, library / STARTER])
    known = read_known(library)

    def named(path: Path, name: str) -> Source:
        return Source(path, name, facts_on(name.replace(os.sep, "/"), known, default), care)

    own = [named(path, shown(path.relative_to(library))) for path in found.files]
    skipped = dict(found.skipped)
    for folder in others:
        above = Path(folder.absolute().name)
        if not folder.is_dir():  # a single file, whatever its name ends with
            own.append(named(folder, shown(above)))
            continue
        further = find_files(folder, without=[*without, library])
        own += [named(path, shown(above / path.relative_to(folder))) for path in further.files]
        skipped |= {str(above / name): why for name, why in further.skipped.items()}
    if use_starter == "always" or (use_starter == "auto" and not own):
        own += [Source(path, shown(STARTER / path.relative_to(starter)), SHIPPED) for path in find_files(starter).files]
    return own, skipped


def shown(path: Path) -> str:
    """A file's name as it can be written down and shown: bytes that are no UTF-8, and what a terminal would obey, as
    escapes."""
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _name(entry: os.DirEntry) -> str:
    return entry.name


def _place(folder: Path) -> Place | None:
    try:
        now = folder.stat()
    except OSError:
        return None
    return now.st_dev, now.st_ino
