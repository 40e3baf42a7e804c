"""What is nobody's business is taken out of a text before anything learns it.

Everything is told by how it is written, checked where it has a check, and replaced by something that says what stood
there; the same is always replaced by the same. What is found first keeps its place: a password in an address is no
e-mail, and no number in it a phone.
"""

from __future__ import annotations

import hmac
import json
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import phonenumbers

from school.office.files import read_whole
from school.office.mistakes import Mistake
from school.texts.redaction.accounts import find_accounts
from school.texts.redaction.addresses import find_addresses
from school.texts.redaction.found import Found, Span, digits_in
from school.texts.redaction.names import find_names
from school.texts.redaction.numbers import find_numbers
from school.texts.redaction.secrets import find_secrets
from school.texts.redaction.settings import KINDS, RedactionSettings
from school.texts.redaction.standins import KEY, mark_of, open_key, other_names

NAMES = "names.txt"
LOCAL, LONGEST_LOCAL = re.compile(r"[\w.%+-]*\Z"), 64  # the part of an e-mail address before its sign
AT = re.compile(r"@(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}(?![\w-])")


@dataclass(frozen=True, slots=True)
class Redaction:
    """How it is done in one life. ``names``: each with what it becomes; ``key`` chooses what is said instead."""

    kinds: frozenset[str]
    names: Mapping[str, str] = field(repr=False)
    regions: tuple[str, ...]
    key: bytes = field(repr=False)

    @classmethod
    def of(cls, settings: RedactionSettings, names: Iterable[str], key: bytes) -> Redaction:
        """Raises Mistake."""
        _check("redaction.kinds", settings.kinds, KINDS)
        _check("redaction.regions", settings.regions, phonenumbers.SUPPORTED_REGIONS)
        return cls(frozenset(settings.kinds), other_names(key, names), settings.regions, key)

    @classmethod
    def open(cls, settings: RedactionSettings, home: Path) -> Redaction:
        """With the names that are listed in a home, and the key that is kept there. Raises Mistake."""
        try:
            return cls.of(settings, read_names(home / NAMES), open_key(home / "soul"))
        except OSError as error:
            raise Mistake(f"{home / 'soul' / KEY}: can't be read or written ({error.strerror}).") from None

    @property
    def digest(self) -> str:
        """What a redacted text depends on, in short; it tells nothing."""
        what = [sorted(self.kinds), self.names, self.regions]
        return hmac.new(self.key, json.dumps(what).encode(), "sha256").hexdigest()[:16]


def read_names(file: Path) -> list[str]:
    """A name a line; what follows a # is a remark. Raises Mistake."""
    try:
        lines = read_whole(file).decode("utf-8-sig").splitlines()
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise Mistake(f"{file}: can't be read ({error}).") from None
    return [name for line in lines if (name := line.partition("#")[0].strip())]


def _check(setting: str, values: Iterable[str], known: Collection[str]) -> None:
    for value in values:
        if value not in known:
            raise Mistake(f'{setting}: there is no "{value}"; there are: {", ".join(sorted(known))}.')


@dataclass(frozen=True, slots=True)
class Redacted:
    """``counts``: how many of each kind were replaced."""

    text: str
    counts: Counter[str]


def redact(text: str, how: Redaction) -> Redacted:
    """``text`` with a stand-in for each thing of the kinds that go."""
    found = find_all(text, how)
    if not found:
        return Redacted(text, Counter())
    parts, at = [], 0
    for one in found:
        parts += [
            text[at : one.start],
            how.names[one.is_] if one.kind == "name" else mark_of(how.key, one.kind, one.is_),
        ]
        at = one.stop
    return Redacted("".join([*parts, text[at:]]), Counter(one.kind for one in found))


def find_all(text: str, how: Redaction) -> list[Found]:
    """What goes, in order; of two things in the same place the one that was looked for first, or begins first."""
    taken: list[Found] = []
    digits = digits_in(text)
    for finder in FINDERS:
        if new := _apart(one for one in finder(text, digits, how) if one.kind in how.kinds):
            taken += new
            text = _hidden(text, new)
            digits = digits_in(text)
    return sorted(taken)


def _apart(found: Iterable[Found]) -> list[Found]:
    """What begins first, and the longer of two that begin together, goes before what it touches."""
    apart: list[Found] = []
    for one in sorted(found, key=lambda one: (one.start, -one.stop)):
        if not apart or one.start >= apart[-1].stop:
            apart.append(one)
    return apart


def _hidden(text: str, found: list[Found]) -> str:
    """The text, of the same length, with something like a mark where these are."""
    parts, at = [], 0
    for one in found:
        size = one.stop - one.start
        parts += [text[at : one.start], ("[".ljust(size - 1, "x") + "]")[:size]]
        at = one.stop
    return "".join([*parts, text[at:]])


def _e_mails(text: str) -> Iterator[Found]:
    free = 0  # where the last one ends
    for at in AT.finditer(text):
        before = LOCAL.search(text[max(free, at.start() - LONGEST_LOCAL - 1) : at.start()])[0]
        start = at.start() - len(before)
        if 1 <= len(before) <= LONGEST_LOCAL and not LOCAL.fullmatch(text[start - 1 : start] or "@"):
            free = at.end()
            yield Found(start, free, "e-mail", text[start:free].casefold())


FINDERS: tuple[Callable[[str, list[Span], Redaction], Iterator[Found]], ...] = (
    lambda text, digits, how: find_secrets(text),
    lambda text, digits, how: _e_mails(text),
    lambda text, digits, how: find_accounts(text, digits),
    lambda text, digits, how: find_addresses(text, digits),
    lambda text, digits, how: find_numbers(text, digits, how.kinds, how.regions),
    lambda text, digits, how: find_names(text, how.names),
)
