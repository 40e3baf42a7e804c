"""What somebody gave as settings: a TOML file, then each ``--set``, as values that nobody has looked at yet.

Apart from ``settings.py``, which holds them against the classes that know all settings, because looking at a life needs
one of them at most, and loading those classes takes longer than looking.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from school.office.files import parse_toml
from school.office.mistakes import Mistake

LONGEST_FILE = 1 << 20  # bytes


@dataclass(slots=True)
class Given:
    """``values``: by section and key; ``origin``: of a name, where it comes from if not from the file."""

    file: Path | None = None
    values: dict[str, Any] = field(default_factory=dict)
    origin: dict[str, str] = field(default_factory=dict)

    def where(self, name: str) -> str:
        """Where a section or a setting was given."""
        return self.origin.get(name, str(self.file) if self.file else "settings")

    def get(self, section: str, key: str, default: Any) -> Any:
        """What was given for a setting, whatever that is."""
        inside = self.values.get(section)
        return inside.get(key, default) if isinstance(inside, dict) else default


def read_given(file: Path | None, changes: Iterable[str]) -> Given:
    """``file``, then each ``section.key=value`` of ``changes``. Raises Mistake with one clear line."""
    given = Given(file, _read_toml(file) if file else {})
    for change in changes:
        _apply(given, change)
    return given


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        with file.open("rb") as opened:
            raw = opened.read(LONGEST_FILE + 1)
        if len(raw) > LONGEST_FILE:
            raise Mistake(f"{file}: too long for a settings file.")
        return parse_toml(raw.decode("utf-8-sig"))
    except FileNotFoundError:
        raise Mistake(f"{file}: there is no such settings file.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise Mistake(f"{file}: can't be read ({error}).") from None
    except ValueError as error:
        raise Mistake(f"{file}: not valid TOML: {error}.") from None


def _apply(given: Given, change: str) -> None:
    """Enter one ``section.key=value``; the value is TOML, or else taken as plain text."""
    path, equals, text = change.partition("=")
    keys = [" ".join(key.split()) for key in path.split(".")]
    if not equals or len(keys) != 2 or not all(keys):
        raise Mistake(f"--set {' '.join(change.split())}: write it as section.key=value.")
    try:
        parsed = parse_toml(f"value = {text}")
    except ValueError:
        parsed = {}
    if keys[0] not in given.values:
        given.origin[keys[0]] = "--set"
    section = given.values.setdefault(keys[0], {})
    if isinstance(section, dict):  # else the tree's own check says what is wrong
        section[keys[1]] = parsed["value"] if parsed.keys() == {"value"} else text.strip()
        given.origin[".".join(keys)] = "--set"
