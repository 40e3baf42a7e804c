"""Archives (.zip): read as what is in them, all that can be read in the order of their names."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from school.texts import formats
from school.texts.content import Content, Document, notes
from school.texts.encodings import Unreadable
from school.texts.original import Archive, Original

DEEPEST = 2  # a zip of zips is what Notion makes
ANYWAY = {"__MACOSX", ".obsidian", ".trash"}
FEW = 3


def read(file: Original) -> Content:
    """Raises OSError, Unreadable if nothing in it can be read."""
    with file.open() as stream:
        archive = Archive(stream)
        found, failed = _read_all(archive, 1)
    if not found:
        why = "; ".join(f"{name}: {reason}" for name, reason in list(failed.items())[:FEW])
        raise Unreadable(f"nothing in it can be read{f' ({why})' if why else ''}")
    documents = [document for content in found for document in content.documents]
    dropped = sum((content.dropped for content in found), Counter())
    dropped["file in it that can't be read"] += len(failed)
    some = "; ".join(f"{name} in it: {reason}" for name, reason in list(failed.items())[:FEW])
    owner = frozenset().union(*(content.owner for content in found))
    return replace(
        found[0],
        documents=documents,
        owner=owner or in_all(documents),
        dropped=+dropped,
        sure=all(content.sure for content in found),
        note=notes(*dict.fromkeys(content.note for content in found), some),
    )


def _read_all(archive: Archive, depth: int) -> tuple[list[Content], dict[str, str]]:
    found: list[Content] = []
    failed: dict[str, str] = {}
    for name in sorted(archive.names, key=_in_order):
        if any(part.startswith(".") or part in ANYWAY for part in name.split("/")):
            continue
        member = archive.member(name)
        try:
            if member.suffix == ".zip":
                if depth >= DEEPEST:
                    raise Unreadable("an archive in an archive in an archive")
                with member.open() as stream:
                    inner, more = _read_all(archive.within(stream), depth + 1)
                found += inner
                failed |= more
            elif content := formats.read_member(member):
                found.append(content)
        except Unreadable as why:
            if archive.spent:
                raise
            failed[member.path.name] = str(why)
    return found, failed


def _in_order(name: str) -> tuple[object, ...]:
    """Numbers in names by their size, so that message_10 comes behind message_2."""
    digits, parts, number = "", [], False
    for letter in name:
        if letter.isdecimal() != number and digits:
            parts.append((0, int(digits), "") if number else (1, 0, digits))
            digits = ""
        number = letter.isdecimal()
        digits += letter
    return (*parts, (0, int(digits), "") if number and digits else (1, 0, digits))


def in_all(documents: list[Document]) -> frozenset[str]:
    """Who speaks in every one of several conversations: that is whose export it is."""
    talks = [{turn.speaker for turn in talk} for talk in documents if not isinstance(talk, str)]
    everywhere = set.intersection(*talks) if len(talks) > 1 else set()
    return frozenset(everywhere) if len(everywhere) == 1 else frozenset()


FORMAT = formats.Format(name="archive", suffixes=frozenset({".zip"}), read=read, version=1, streams=True)
