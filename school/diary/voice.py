"""The voices: which words baby and staff have for which occasion, from one file per language that anybody can edit.

``voices/en.toml`` is complete. Another language, and the home's own ``voice.toml``, say only what they say differently.
"""

from __future__ import annotations

import difflib
import random
import string
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from school.door.signals import Signals, Weights
from school.office.files import Unfit, parse_toml, read_whole
from school.office.mistakes import Mistake

SHIPPED = Path(__file__).parent.parent / "voices"
ENGLISH, OWN = "en", "voice.toml"
NAMES, CHAT = "names", "chat"  # sections: single texts; what lines outside of all sections belong to
CHAT_ONCE = "twitch"  # what that section was called when there was one platform only

Lines = dict[str, list[str]]


class Voice:
    """Says one of its lines for an occasion; ``always`` are fields that every line may use, besides {you}."""

    def __init__(self, lines: Lines, always: Mapping[str, str] | None = None):
        self._lines, self._always = lines, {"you": "you", **(always or {})}

    def say(self, occasion: str, *, seed: object = None, **fields: object) -> str:
        """One line, filled in; with a ``seed``, always the same for the same."""
        return self.choose(occasion, seed=seed).format(**self._always | fields)

    def choose(self, occasion: str, *, seed: object = None) -> str:
        """One line as it stands in the file."""
        draw = random if seed is None else random.Random(f"{seed} {occasion}")
        return draw.choice(self._lines[occasion])

    def lines(self, occasion: str) -> list[str]:
        """All of them as they stand in the file."""
        return list(self._lines[occasion])

    def knows(self, occasion: str) -> bool:
        return occasion in self._lines


Voices = Mapping[str, Voice]  # by section


def signals_of(voices: Voices, weights: Weights) -> Signals:
    """What tells laughter and thanks in this language."""
    return Signals({name: voices["signals"].lines(name) for name in ("laughter", "thanks")}, weights)


def read_voices(home: Path, language: str = ENGLISH, always: Mapping[str, Mapping[str, str]] | None = None) -> Voices:
    """The voices of a language, changed by the home's own file, if there is one. ``always``: fields that every line of
    a section may use, besides {you} and the names. Raises Mistake with one line that names the file and the key."""
    always = always or {}
    file = SHIPPED / f"{language}.toml"
    if not language.isidentifier() or not file.exists():
        known = ", ".join(sorted(path.stem for path in SHIPPED.glob("*.toml")))
        raise Mistake(f"voice.language: there is no voice for {language}; there are: {known}.")
    book = _shipped(SHIPPED / f"{ENGLISH}.toml")
    if language != ENGLISH:
        book = _merged(book, _shipped(file), file, always)
    if (own := home / OWN).exists():
        book = _merged(book, _read(own), own, always)
    names = {name: choices[0] for name, choices in book[NAMES].items()}
    return {section: Voice(lines, names | dict(always.get(section, {}))) for section, lines in book.items()}


@cache
def _shipped(file: Path) -> dict[str, Lines]:
    """What comes with the program is read once; nobody changes what comes back."""
    return _read(file)


def _merged(
    book: dict[str, Lines], changes: dict[str, Lines], file: Path, always: Mapping[str, Mapping[str, str]]
) -> dict[str, Lines]:
    """The book with what a file changes, if it is all known. Raises Mistake."""
    merged = dict(book)
    for section, lines in changes.items():
        if section not in book:
            raise Mistake(f"{file}: there is no section [{section}]; there are: {', '.join(book)}.")
        for occasion, choices in lines.items():
            if occasion not in book[section]:
                close = difflib.get_close_matches(occasion, book[section], n=1, cutoff=0.5)
                hint = f"; did you mean {close[0]}?" if close else "."
                raise Mistake(f"{file}: {section}.{occasion} is nothing that it says{hint}")
            known = {field for line in book[section][occasion] for field in _fields(line)}
            known |= {"you"} | book[NAMES].keys() | always.get(section, {}).keys()
            for field in sorted({field for line in choices for field in _fields(line)} - known):
                there = ", ".join(sorted(known))
                raise Mistake(f"{file}: {section}.{occasion} has no {{{field}}}; there are: {there}.")
        merged[section] = book[section] | lines
    return merged


def _read(file: Path) -> dict[str, Lines]:
    """The sections of a file. Raises Mistake."""
    try:
        values = parse_toml(read_whole(file).decode("utf-8-sig"))
    except (OSError, UnicodeDecodeError, Unfit) as error:
        raise Mistake(f"{file}: can't be read ({error}).") from None
    except ValueError as error:
        raise Mistake(f"{file}: not valid TOML: {error}.") from None
    book = {section: lines for section, lines in values.items() if isinstance(lines, dict)}
    outside = {key: value for key, value in values.items() if not isinstance(value, dict)}
    if earlier := outside | book.pop(CHAT_ONCE, {}):
        book[CHAT] = earlier | book.get(CHAT, {})
    return {
        section: {key: _choices(file, section, key, value) for key, value in book[section].items()} for section in book
    }


def _choices(file: Path, section: str, key: str, value: object) -> list[str]:
    """What a key says, as a list. Raises Mistake."""
    if section == NAMES:
        if not isinstance(value, str) or not value.strip():
            raise Mistake(f'{file}: {section}.{key} must be a text, like "baby".')
        return [value]
    if not isinstance(value, list) or not value or not all(isinstance(c, str) and c.strip() for c in value):
        raise Mistake(f'{file}: {section}.{key} must be a list of texts, like ["hello"].')
    for line in value:
        try:
            _fields(line)
        except ValueError as error:
            raise Mistake(f"{file}: {section}.{key}: {error}; write {{{{ for a brace.") from None
    return value


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
