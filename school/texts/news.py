"""What is said about the library at a wake: which texts are new, changed or gone, and which were left out and why."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from school.office.files import read_state, write_state
from school.texts.places import STARTER

FEW = 5  # names that are told one by one
FIRST = 3  # of more than those

Library = dict[str, str]  # the SHA-256 of each text, by its name


def named(names: Collection[str]) -> str:
    """``a.txt, b.txt and c.txt``; of many the first few."""
    first = list(names)
    if len(first) > FEW:
        return f"{', '.join(first[:FIRST])} and {len(first) - FIRST:,} more"
    *most, last = first
    return f"{', '.join(most)} and {last}" if most else last


def tell_skipped(skipped: Mapping[str, str]) -> list[str]:
    """A line for each that was left out, or for many with the same reason."""
    by_reason: dict[str, list[str]] = {}
    for name, why in skipped.items():
        by_reason.setdefault(why, []).append(name)
    lines = []
    for why, names in by_reason.items():
        each = [named(names)] if len(names) > FEW else names
        lines += [f"skipped {name}: {why}." for name in each]
    return lines


def tell_news(before: Library, now: Library) -> list[str]:
    """What has changed since the library was ``before``; the starter shelf is no news."""
    before, now = _own(before), _own(now)
    there, here = set(before.values()), set(now.values())
    new = [name for name, sha in now.items() if name not in before and sha not in there]
    changed = [name for name, sha in now.items() if before.get(name, sha) != sha]
    gone = [name for name, sha in before.items() if name not in now and sha not in here]
    names = {sha: name for name, sha in before.items() if name not in now}
    moved = [f"{names[sha]} (now {name})" for name, sha in now.items() if name not in before and sha in names]
    lines = []
    if new:
        lines.append(f"{len(new):,} new text{'s' * (len(new) != 1)}: {named(new)}.")
    if changed:
        lines.append(f"{len(changed):,} text{'s have' if len(changed) != 1 else ' has'} changed: {named(changed)}.")
    if moved:
        lines.append(f"{len(moved):,} text{'s have' if len(moved) != 1 else ' has'} another name: {named(moved)}.")
    if gone:
        lines.append(tell_gone(gone))
    return lines


def tell_gone(names: Collection[str]) -> str:
    return f"{len(names):,} text{'s are' if len(names) != 1 else ' is'} gone: {named(names)}."


def own_names(library: Library) -> list[str]:
    return list(_own(library))


def read_library(path: Path) -> Library:
    """The library as it was at the last wake; empty where nobody knows. Raises OSError."""
    return read_state(path, Library, {})


def write_library(path: Path, library: Library) -> None:
    """Raises OSError."""
    write_state(path, library)


def _own(library: Library) -> Library:
    return {name: sha for name, sha in library.items() if not name.startswith(f"{STARTER}/")}
