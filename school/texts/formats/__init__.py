"""The kinds of text that can be read, a file each: which names they have, and how their bytes become text.

A further kind is a further module here with a ``FORMAT``; nothing else has to know of it.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from school.texts.decoding import Decoded


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """``read`` turns a file's bytes into text and a note on it, or raises Unreadable with the reason. ``version``
    goes up with every change by which it reads a file differently: tokens that were kept of an earlier version are not
    used again."""

    name: str
    suffixes: frozenset[str]  # small letters, with their dot
    read: Callable[[bytes], Decoded]
    version: int


def _all() -> tuple[Format, ...]:
    found = [import_module(f"{__name__}.{module.name}").FORMAT for module in pkgutil.iter_modules(__path__)]
    claimed = [suffix for format_ in found for suffix in format_.suffixes]
    assert len(claimed) == len(set(claimed)), "two formats claim the same ending"
    return tuple(found)


FORMATS: tuple[Format, ...] = _all()
PLAIN = next(format_ for format_ in FORMATS if format_.name == "plain")
_BY_SUFFIX = {suffix: format_ for format_ in FORMATS for suffix in format_.suffixes}


def format_of(path: Path) -> Format | None:
    """By its name; None for a file that nobody here can read."""
    return _BY_SUFFIX.get(path.suffix.lower())
