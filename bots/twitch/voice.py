"""The baby's voice in chat: which words it has for which occasion, from a file that its streamer can edit."""

from __future__ import annotations

import difflib
import random
import string
import tomllib
from pathlib import Path

from school.mistakes import Mistake

SHIPPED = Path(__file__).with_name("voice.toml")

Lines = dict[str, list[str]]


class Voice:
    """Says one of its lines for an occasion; ``always`` are fields that every line may use, besides {you}."""

    def __init__(self, lines: Lines, always: dict[str, str] | None = None):
        self._lines, self._always = lines, {"you": "you"} | (always or {})

    def say(self, occasion: str, **fields: object) -> str:
        return random.choice(self._lines[occasion]).format(**self._always | fields)


def read_voice(own: Path, always: dict[str, str]) -> Voice:
    """The shipped lines, and in their place those of the file ``own``, if there is one. Raises Mistake with one line
    that names the file and the key."""
    lines = _read(SHIPPED)
    if own.exists():
        changed = _read(own)
        for occasion, choices in changed.items():
            if occasion not in lines:
                close = difflib.get_close_matches(occasion, lines, n=1, cutoff=0.5)
                hint = f"; did you mean {close[0]}?" if close else "."
                raise Mistake(f"{own}: {occasion} is nothing that it says{hint}")
            known = {field for line in lines[occasion] for field in _fields(line)} | always.keys() | {"you"}
            for field in sorted({field for line in choices for field in _fields(line)} - known):
                raise Mistake(f"{own}: {occasion} has no {{{field}}}; there are: {', '.join(sorted(known))}.")
        lines |= changed
    return Voice(lines, always)


def _read(file: Path) -> Lines:
    try:
        lines = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise Mistake(f"{file}: can't be read ({error}).") from None
    except tomllib.TOMLDecodeError as error:
        raise Mistake(f"{file}: not valid TOML: {error}.") from None
    for occasion, choices in lines.items():
        if not isinstance(choices, list) or not choices or not all(isinstance(c, str) and c.strip() for c in choices):
            raise Mistake(f'{file}: {occasion} must be a list of texts, like ["hello"].')
        for line in choices:
            try:
                _fields(line)
            except ValueError as error:
                raise Mistake(f"{file}: {occasion}: {error}; write {{{{ for a brace.") from None
    return lines


def _fields(line: str) -> list[str]:
    """The names in braces. Raises ValueError where braces don't match or hold more than a name."""
    fields = []
    for _, name, form, conversion in string.Formatter().parse(line):
        if name is None:
            continue
        if not name.isidentifier() or form or conversion:
            raise ValueError("in braces there can only be a name")
        fields.append(name)
    return fields
