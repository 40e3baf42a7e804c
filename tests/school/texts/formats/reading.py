"""How tests of readers read: a file by its name and content, with others beside it."""

from __future__ import annotations

import json
import posixpath
from io import BytesIO
from pathlib import PurePosixPath
from zipfile import ZIP_DEFLATED, ZipFile

from school.texts.content import Content, Talk
from school.texts.formats import known, read_as
from school.texts.original import Original

Said = str | bytes | list | dict


def raw(said: Said) -> bytes:
    """Bytes as they are, a text in UTF-8, anything else as JSON."""
    if isinstance(said, bytes):
        return said
    return (said if isinstance(said, str) else json.dumps(said)).encode()


def original(name: str, said: Said, **beside: Said) -> Original:
    """``beside``: what else there is, by its path with "__" for a slash and "_" before its ending."""
    others = {path.replace("__", "/").replace("_", "."): raw(content) for path, content in beside.items()}

    def neighbour(path: str) -> Original | None:
        path = posixpath.normpath(str(PurePosixPath(name).parent / path))
        return Original(path, lambda: BytesIO(others[path])) if path in others else None

    return Original(name, lambda: BytesIO(raw(said)), neighbour)


def read(name: str, said: Said, kind: str = "", *, column: str = "", **beside: Said) -> Content:
    """What is in a file; ``kind``: which reader it must be."""
    file = original(name, said, **beside)
    file.column = column
    format_ = known(file)
    assert not kind or format_.name == kind
    return read_as(format_, file)


def talk(content: Content) -> Talk:
    """The only conversation of a file, as pairs."""
    (document,) = content.documents
    assert not isinstance(document, str)
    return [tuple(turn) for turn in document]


def zip_of(files: dict[str, Said]) -> bytes:
    """A zip of files, by their paths."""
    stream = BytesIO()
    with ZipFile(stream, "w", ZIP_DEFLATED) as archive:
        for path, content in files.items():
            archive.writestr(path, raw(content))
    return stream.getvalue()
