"""JSON as it comes: a file of any length, an object at a time. What breaks off in the middle is read up to there."""

from __future__ import annotations

import codecs
import io
import json
from collections import Counter
from collections.abc import Collection, Iterator
from typing import Any, BinaryIO

from school.texts.encodings import Unreadable
from school.texts.formats._text import as_utf8
from school.texts.original import Original

WHOLE = 64 << 20  # bytes of a file whose encoding is looked at
LINE = 32 << 20  # bytes of a line, at most
BEGIN = object()  # stands for an object that is not built, but of which parts are to come


class Objects:
    """The parts of a JSON file that stand at ``prefixes`` (as ijson calls them), in order, with their prefix. Those at
    ``edges`` are not built: BEGIN tells that one begins."""

    def __init__(self, file: Original, prefixes: Collection[str], edges: Collection[str] = ()):
        self._file, self._prefixes, self._edges = file, frozenset(prefixes), frozenset(edges)
        self.count, self.broken = 0, False

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        """Raises OSError, Unreadable."""
        import ijson

        with stream_of(self._file) as stream:
            try:
                if len(self._prefixes) == 1 and not self._edges:
                    (prefix,) = self._prefixes
                    for value in ijson.items(stream, prefix, use_float=True):
                        self.count += 1
                        yield prefix, value
                else:
                    yield from self._parts(ijson.parse(stream, use_float=True))
            except (ijson.JSONError, UnicodeDecodeError) as error:
                if not self.count:
                    raise Unreadable("it is no whole JSON; it may be cut short or damaged") from error
                self.broken = True

    def _parts(self, events) -> Iterator[tuple[str, Any]]:
        for prefix, event, value in events:
            if prefix in self._edges and event == "start_map":
                yield prefix, BEGIN
            if prefix not in self._prefixes or event in ("end_map", "end_array", "map_key"):
                continue
            if event in ("start_map", "start_array"):
                value = _built(events, event, value)
            self.count += 1
            yield prefix, value

    @property
    def note(self) -> str:
        """Once all is read."""
        return f"it breaks off after {self.count:,} entries, which were read" if self.broken else ""


def _built(events, event: str, value: Any) -> Any:
    from ijson.common import ObjectBuilder

    builder, depth = ObjectBuilder(), 1
    builder.event(event, value)
    for _, event, value in events:
        builder.event(event, value)
        depth += (event in ("start_map", "start_array")) - (event in ("end_map", "end_array"))
        if not depth:
            break
    return builder.value


def stream_of(file: Original) -> BinaryIO:
    """A JSON file's bytes in UTF-8. Raises OSError, Unreadable."""
    stream = file.open()
    raw = stream.read(WHOLE + 1)
    if len(raw) <= WHOLE:
        stream.close()
        return io.BytesIO(as_utf8(raw))
    stream.seek(len(codecs.BOM_UTF8) if raw.startswith(codecs.BOM_UTF8) else 0)
    return stream


def whole(file: Original) -> Any:
    """A small JSON file. Raises OSError, Unreadable."""
    try:
        return json.loads(as_utf8(file.raw()))
    except (ValueError, RecursionError):
        raise Unreadable("it is no whole JSON; it may be cut short or damaged") from None


def lines(file: Original, dropped: Counter[str]) -> Iterator[dict[str, Any]]:
    """The objects of a file with one on each line; lines that are none are counted. Raises OSError, Unreadable."""
    with stream_of(file) as stream:
        while line := stream.readline(LINE):
            if not line.strip():
                continue
            if not line.endswith(b"\n") and len(line) == LINE:
                dropped["line that is too long"] += 1
                while (rest := stream.readline(LINE)) and not rest.endswith(b"\n"):
                    pass
                continue
            try:
                value = json.loads(line)
            except (ValueError, RecursionError):
                value = None
            if isinstance(value, dict):
                yield value
            else:
                dropped["line that is no JSON"] += 1


def text_of(value: Any) -> str:
    """A text that may be given in parts: a string, or a list of strings and of objects with a ``text``."""
    if isinstance(value, list):
        return "".join(part if isinstance(part, str) else text_of(part) for part in value)
    if isinstance(value, dict):
        return text_of(value.get("text", "")) if value.get("type", "text") not in ("thinking", "tool_use") else ""
    return value if isinstance(value, str) else ""
