"""Web pages, and notes that were exported as such (Apple Notes, Notion)."""

from __future__ import annotations

import re
from collections import Counter

from school.texts import decoding
from school.texts.content import Content
from school.texts.encodings import Unreadable
from school.texts.formats import Format
from school.texts.formats._html import words_of
from school.texts.formats._text import content
from school.texts.original import Original

_CHARSET = re.compile(rb"charset=[\"']?([\w.-]+)", re.I)
_CHATS = re.compile(  # other people's words stand in these without any mark that holds
    r"class=\"(?:page_wrap|chatlog|preamble__guild)|messages/(?:inbox|archived_threads|e2ee_cutover)/.*message_\d+\.html"
)


def read(file: Original) -> Content:
    """Raises OSError, Unreadable."""
    beginning = file.head.decode("latin-1")
    if _CHATS.search(f"{beginning} {file.name}"):
        raise Unreadable("it is a chat as a web page, which doesn't tell whose words are whose; export it as JSON")
    if (beside := file.neighbour(f"{file.path.stem}.json")) and b'"userEditedTimestampUsec"' in beside.raw():
        raise Unreadable(f"{beside.path.name} has the same note")
    dropped: Counter[str] = Counter()
    decoded = decoding.read(_as_said(file.raw(), file.head))
    return content(decoded, [words_of(decoded.text, dropped)], dropped=+dropped)


def _as_said(raw: bytes, head: bytes) -> bytes:
    """In UTF-8, if the page says rightly what it is in."""
    charset = _CHARSET.search(head)
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        try:
            return raw.decode(charset[1].decode()).encode() if charset else raw
        except (UnicodeError, LookupError):
            return raw
    return raw


FORMAT = Format(name="html", suffixes=frozenset({".html", ".htm", ".xhtml"}), read=read, version=1)
