"""The kinds of file that can be read, a module each: how they are recognised, and how their bytes become documents.

A further kind is a further module here with a ``FORMAT``; nothing else has to know of it. Modules whose names begin
with ``_`` hold what several kinds need. All are known at every wake, at most of which no file is new: a package that
reads a kind is imported where such a file is read.
"""

from __future__ import annotations

import hashlib
import logging
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from school.texts.content import Content
from school.texts.encodings import Unreadable, kind_of
from school.texts.original import Original

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """``read`` turns a file into content, or raises Unreadable with the reason. ``sniff`` says by the beginning whether
    a file with such an ending is of this kind, None: it takes what no other kind with this ending wants. ``anywhere``:
    it is known by its first bytes, whatever it is called. ``streams``: it never holds the whole file in memory.
    ``version`` goes up with every change by which it reads a file differently: tokens that were kept of an earlier
    version are not used again."""

    name: str
    suffixes: frozenset[str]  # small letters, with their dot
    read: Callable[[Original], Content]
    version: int
    sniff: Callable[[Original], bool] | None = None
    anywhere: bool = False
    streams: bool = False

    @property
    def key(self) -> str:
        """The same as long as no kind is read otherwise, and none is new: then a file is of the kind that it was."""
        return f"{self.name} {_KINDS}"


def _all() -> tuple[Format, ...]:
    names = [module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_")]
    found = [import_module(f"{__name__}.{name}").FORMAT for name in names]
    last = [suffix for format_ in found if not format_.sniff for suffix in format_.suffixes]
    assert len(last) == len(set(last)), "two formats claim the rest of an ending"
    return tuple(found)


FORMATS: tuple[Format, ...] = _all()
_KINDS = hashlib.sha256(repr([(format_.name, format_.version) for format_ in FORMATS]).encode()).hexdigest()[:8]
BY_KEY = {format_.key: format_ for format_ in FORMATS}
PLAIN = next(format_ for format_ in FORMATS if format_.name == "plain")
SUFFIXES = frozenset(suffix for format_ in FORMATS for suffix in format_.suffixes)
_ANYWHERE = [format_ for format_ in FORMATS if format_.anywhere]
_BY_SUFFIX = {suffix: [format_ for format_ in FORMATS if suffix in format_.suffixes] for suffix in SUFFIXES}


def can_be_read(path: Path) -> bool:
    """Whether a file of such a name may be one for a reader here."""
    return path.suffix.lower() in SUFFIXES


def by_ending(path: Path) -> str:
    """The kind that a file of such a name may be, or where several may the ending; "" for what can't be read."""
    kinds = _BY_SUFFIX.get(path.suffix.lower(), [])
    plain = [format_.name for format_ in kinds if not format_.sniff] or [format_.name for format_ in kinds]
    return plain[0] if len(plain) == 1 else path.suffix.lower() if kinds else ""


def format_of(file: Original) -> Format | None:
    """By its ending and its beginning; None for a file that nobody here can read. Raises OSError, Unreadable."""
    for format_ in _ANYWHERE:
        if format_.sniff(file):
            return format_
    claimed = _BY_SUFFIX.get(file.suffix, [])
    for format_ in claimed:
        if format_.sniff and format_.sniff(file):
            return format_
    return next((format_ for format_ in claimed if not format_.sniff), None)


def known(file: Original) -> Format:
    """The kind of a file, or plain text where its name has an ending that nobody here claims. Raises OSError,
    Unreadable."""
    format_ = format_of(file)
    if format_ is None and file.suffix in SUFFIXES:
        if kind := kind_of(file.head):
            raise Unreadable(f"it is {kind}, which can't be read here")
        raise Unreadable(f"it is none of the {file.suffix} files that are known here (see docs/library.md)")
    return format_ or PLAIN


def read_as(format_: Format, file: Original) -> Content:
    """What a file says. Whatever a reader stumbles over in it, it is Unreadable then. Raises OSError, too."""
    try:
        return format_.read(file)
    except (Unreadable, OSError, MemoryError):
        raise
    except RecursionError:
        raise Unreadable("it is nested too deeply") from None
    except Exception as error:
        log.exception("%s: the reader for %s failed", file.name, format_.name)
        raise Unreadable(f"its content is not what {format_.name} files have ({type(error).__name__})") from error


def read_member(file: Original) -> Content | None:
    """A file in an archive; None for one that is no text or that only belongs to others. Raises OSError,
    Unreadable."""
    if not can_be_read(Path(file.path.name)):
        return None
    format_ = format_of(file)
    return read_as(format_, file) if format_ else None
