"""What is nobody's business is taken out of a text before anything learns it.

Everything is told by how it is written, checked where it has a check, and replaced by something that says what stood
there; the same is always replaced by the same. What is found first keeps its place: a password in an address is no
e-mail, and no number in it a phone.
"""

from __future__ import annotations

import hmac
import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from school.office.files import read_whole
from school.office.mistakes import Mistake
from school.texts.redaction.settings import KINDS, REGIONS, RedactionSettings
from school.texts.redaction.standins import KEY, mark_of, open_key, other_names

NAMES = "names.txt"


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
        if settings.regions != REGIONS:
            from phonenumbers import SUPPORTED_REGIONS

            _check("redaction.regions", settings.regions, SUPPORTED_REGIONS)
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
    from school.texts.redaction.finding import find_all  # it takes a while to load, and most wakes read nothing new

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
