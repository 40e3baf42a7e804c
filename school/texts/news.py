"""What is said about the library at a wake: which texts are new, changed or gone, and which were left out and why."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from school.office.files import read_state, write_state
from school.office.mistakes import Mistake
from school.texts.places import STARTER

FEW = 5  # names that are told one by one
WHO = "which of "  # how the reason begins where it isn't known whose words are whose
FIRST = 3  # of more than those

Library = dict[str, str]  # the SHA-256 of each text, by its name


def named(names: Collection[str]) -> str:
    """``a.txt, b.txt and c.txt``; of many the first few."""
    first = list(names)
    if len(first) > FEW:
        return f"{', '.join(first[:FIRST])} and {len(first) - FIRST:,} more"
    return " and ".join(part for part in (", ".join(first[:-1]), *first[-1:]) if part)


def tell_each(line: str, by_name: Mapping[str, str]) -> list[str]:
    """A line for each name, or for many of which there is the same to say."""
    by_what: dict[str, list[str]] = {}
    for name, what in by_name.items():
        by_what.setdefault(what, []).append(name)
    return [
        line.format(name=name, what=what)
        for what, names in by_what.items()
        for name in ([named(names)] if len(names) > FEW else names)
    ]


def tell_skipped(skipped: Mapping[str, str]) -> list[str]:
    """Of many chats in which nobody knows who the owner is, one line says how to tell for all."""
    unknown = [name for name, why in skipped.items() if why.startswith(WHO)]
    if len(unknown) <= FEW:
        return tell_each("skipped {name}: {what}.", skipped)
    what = 'who are you in them? Say it once, in config.toml below [library]: speaker = ["NAME"]'
    return tell_each("skipped {name}: {what}.", {**skipped, **dict.fromkeys(unknown, what)})


def tell_notes(notes: Mapping[str, str], unless: Collection[tuple[str, str]] = ()) -> list[str]:
    """What was remarkable in reading texts, without those whose names are in ``unless``: that is told once."""
    known = {name for name, _ in unless}
    return tell_each("{name}: {what}.", {name: note for name, note in notes.items() if name not in known})


def tell_news(before: Library, now: Library) -> list[str]:
    """What has changed since the library was ``before``; the starter shelf is no news."""
    before, now = _own(before), _own(now)
    there, here = set(before.values()), set(now.values())
    new = [name for name, sha in now.items() if name not in before and sha not in there]
    changed = [name for name, sha in now.items() if before.get(name, sha) != sha]
    gone = [name for name, sha in before.items() if name not in now and sha not in here]
    names = {sha: name for name, sha in before.items() if name not in now}
    moved = [f"{names[sha]} (now {name})" for name, sha in now.items() if name not in before and sha in names]
    lines = [
        (new, f"{_texts(new)}: {named(new)}.".replace(" text", " new text", 1)),
        (changed, f"{_texts(changed)} changed: {named(changed)}."),
        (moved, f"{_texts(moved)} called otherwise now: {named(moved)}."),
        (gone, f"{_texts(gone)} {'is' if len(gone) == 1 else 'are'} gone: {named(gone)}."),
    ]
    return [line for names, line in lines if names]


def _texts(names: Collection[str]) -> str:
    return f"{len(names):,} text{'s' * (len(names) != 1)}"


def own_names(library: Library) -> list[str]:
    return list(_own(library))


def read_library(path: Path) -> Library:
    """The library as it was at the last wake; empty where nobody knows. Raises Mistake."""
    try:
        return read_state(path, Library, {})
    except OSError as error:
        raise Mistake(f"{path}: can't be read ({error.strerror}).") from None


def write_library(path: Path, library: Library, say: Callable[[str], None]) -> None:
    try:
        write_state(path, library)
    except OSError as error:
        say(f"which texts there are can't be written down ({error.strerror}): the next wake can't tell what is new.")


def _own(library: Library) -> Library:
    return {name: sha for name, sha in library.items() if not name.startswith(f"{STARTER}/")}
