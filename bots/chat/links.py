"""Links: what a chat would show, or a person would open, as an address in the network; and what only looks like one,
since somebody left the space behind a full stop out."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

HERE = Path(__file__).parent
DOMAINS = frozenset((HERE / "domains.txt").read_text("utf-8").split())  # endings: the root zone of October 2026
ORDINARY = frozenset((HERE / "everyday.txt").read_text("utf-8").split())  # words; some of them end addresses, too
DOTS = ".．。｡"
PLAIN = re.compile(r"(?i)\b(?:https?://|www\.)\S|\b\d{1,3}(?:\.\d{1,3}){3}\b")
PLACE = re.compile(  # a part, a dot, the ending (of one alphabet), and what tells that it is meant: a path or a port
    rf"(?<![\w-])([\w-]+)[{DOTS}](?=(xn--[\w-]+|[A-Za-z]{{2,}}(?!-*[A-Za-z0-9])|[^\W\d_A-Za-z]{{2,}})(/\S|:\d)?(['’]\w)?)"
)


def has_link(text: str) -> bool:
    """Whether it contains an address: any with a known ending, unless both sides of the dot are ordinary words."""
    text = unicodedata.normalize("NFKC", text)  # as a browser reads it
    return bool(PLAIN.search(text)) or any(_is_place(found) for found in PLACE.finditer(text))


def without_links(text: str) -> str:
    """``text`` without the words that hold links, and no word left that could be taken for one."""
    return opened(" ".join(part for part in text.split() if not has_link(part)))


def opened(text: str) -> str:
    """``text`` with the space behind full stops that would make an address of two ordinary words."""
    return PLACE.sub(lambda found: found[0] if _is_place(found) or not _known(found[2]) else f"{found[0]} ", text)


def _is_place(found: re.Match[str]) -> bool:
    """Whether somebody could go there."""
    before, ending, further, apostrophe = found.groups()
    if not _known(ending):
        return False
    sentence = before.casefold() in ORDINARY or before.isdigit() or apostrophe
    return bool(further) or not (sentence and ending.casefold() in ORDINARY)


def _known(ending: str) -> bool:
    return ending.casefold() in DOMAINS or ending.casefold().startswith("xn--")
