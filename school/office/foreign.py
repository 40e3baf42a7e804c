"""Words from outside, where they can do no harm: file names, settings, what people write and are called, what libraries
and servers say. A terminal obeys some of what it is shown, and a line end makes two lines of one.

``emit`` is the one place that prints. Whatever it gets, only printable characters, tabs and line ends leave it; what
was ``Painted`` here may carry colours, too. Where a text must stay one line, ``one_line`` sees to it.
"""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any, TextIO

# Unassigned characters are left to the terminal's font. Joiners make letters of some scripts, and faces of faces.
UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
JOINERS = "\u200c\u200d"
_MAYBE_UNSEEN = re.compile(r"[^\t\n\x20-\x7e\u00a1-\u00ac\u00ae-\u05ff]")  # of the rest, all are looked at
_COLOURS = re.compile(r"(\x1b\[[0-9;:]*m)")


class Painted(str):
    """A text whose colours are our own."""

    __slots__ = ()


def visible(text: str) -> str:
    """What can't be seen is written out (``\\x1b``, ``\\u202e``), but tabs and line ends."""
    return _MAYBE_UNSEEN.sub(_written_out, text)


def one_line(text: object) -> str:
    """As ``visible``, and line ends and tabs are written out, too."""
    return visible(str(text)).replace("\n", "\\n").replace("\t", "\\t")


def to_json(value: Any, **how: Any) -> str:
    """JSON in which all that can't be seen is written out, as JSON does it; what it means is unchanged."""
    return _MAYBE_UNSEEN.sub(_in_json, json.dumps(value, ensure_ascii=False, **how))


def emit(text: str, stream: TextIO, end: str = "\n") -> None:
    """Print a text and a line end, or what else stands at its ``end``. Raises OSError."""
    if isinstance(text, Painted):
        text = "".join(part if _COLOURS.fullmatch(part) else visible(part) for part in _COLOURS.split(text))
    else:
        text = visible(text)
    print(text, file=stream, flush=True, end=end)


def _written_out(found: re.Match) -> str:
    character = found[0]
    if unicodedata.category(character) not in UNSEEN or character in JOINERS:
        return character
    return ascii(character)[1:-1]


def _in_json(found: re.Match) -> str:
    character = found[0]
    if unicodedata.category(character) not in UNSEEN or character in JOINERS:
        return character
    return json.dumps(character)[1:-1]
