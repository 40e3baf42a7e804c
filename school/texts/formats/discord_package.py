"""The package that Discord itself hands out: of every channel what its owner said there, and nobody else."""

from __future__ import annotations

import re
from collections import Counter

from school.texts.content import Content, Turn
from school.texts.encodings import Unreadable
from school.texts.formats import Format
from school.texts.formats._json import Objects, whole
from school.texts.formats._text import beginning, decoded
from school.texts.formats.table import rows_of, titles_of
from school.texts.original import Original

HEADER = ["id", "timestamp", "contents"]
ME = "me"
MARKUP = (  # as one sees it; who and where is only a number here
    (re.compile(r"<a?(:\w+:)\d+>"), r"\1"),
    (re.compile(r"<@[!&]?\d+>"), "@someone"),
    (re.compile(r"<#\d+>"), "#channel"),
    (re.compile(r"<t:\d+(?::\w)?>"), ""),
)


def read(file: Original) -> Content:
    """Each message is a turn of its own: what others said between them isn't there. Raises OSError, Unreadable."""
    name, dropped, note = _owner(file), Counter[str](), ""
    if file.suffix == ".json":
        found = Objects(file, ["item"])
        contents = [message.get("Contents") or "" for _, message in found]
        note = found.note
    else:
        rows = rows_of(decoded(file).text)
        next(rows, None)
        contents = [row[2] for row in rows if len(row) > 2]
    talk = []
    for text in contents:
        for pattern, stays in MARKUP:
            text = pattern.sub(stays, text)
        if text.strip():
            talk.append(Turn(name, text.strip()))
        else:
            dropped["attachment"] += 1
    talk.reverse()  # the newest come first
    return Content(documents=[talk], owner=frozenset({name}), dropped=dropped, note=note)


def _owner(file: Original) -> str:
    for place in ("../../account/user.json", "../../Account/user.json"):
        user = file.neighbour(place)
        try:
            if user and isinstance(name := whole(user).get("username"), str):
                return name
        except (OSError, Unreadable, AttributeError):
            continue
    return ME


def sniff(file: Original) -> bool:
    if file.suffix == ".json":
        text = beginning(file)
        return '"Contents"' in text and '"Timestamp"' in text
    return titles_of(file)[:3] == HEADER


FORMAT = Format(
    name="discord package", suffixes=frozenset({".json", ".csv"}), read=read, sniff=sniff, version=1, streams=True
)
