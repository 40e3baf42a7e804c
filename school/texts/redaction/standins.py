"""What is said instead: the same for the same all its life long, and telling nothing about it.

A mark is short, reads as what it stands for, and can't be taken for anybody's: a small model puts pieces of numbers
together anew, so numbers that look real would sooner or later be somebody's. Its two digits keep two people's numbers
apart without a list of them: a keyed hash chooses them, so one pair in ninety shares a mark. Secrets need no telling
apart. Names become other names, as a diary is about people, and marks in all its sentences would be what it learns.
"""

from __future__ import annotations

import hmac
import re
import secrets
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from school.office.files import make_folder, read_state, write_state

KEY = "redaction.key"
KEY_BYTES = 32
_NAMES = (
    "Robin Alex Kim Sam Noa Luca Mika Jules Charlie Jamie Sasha Toni Andrea Dana Eden Finley Gale Harper Indigo "
    "Jesse Kai Lee Morgan Nico Oakley Parker Quinn Remy Sage Taylor Uli Val Wren Yael Zuri Ariel Blair Casey "
    "Devon Ellis Frankie Gray Hollis Ira Jody Kerry Lane Marlow Nour Odell Perry Reese Shea Tracy Umber Vesper "
    "Winter Yuri Zion Ash"
)
NAMES = tuple(_NAMES.split())


def open_key(folder: Path) -> bytes:
    """The key of this life, made at its first use, for its owner's eyes only. Raises OSError."""
    make_folder(folder)
    known = read_state(folder / KEY, str, "")
    if not re.fullmatch(rf"[0-9a-f]{{{2 * KEY_BYTES}}}", known):
        known = secrets.token_hex(KEY_BYTES)
        write_state(folder / KEY, known)
    return bytes.fromhex(known)


def number_of(key: bytes, kind: str, what: str, below: int) -> int:
    """From 0 to below ``below``, as the key has it for this."""
    digest = hmac.digest(key, f"{kind}\0{what}".encode(), "sha256")
    return int.from_bytes(digest[:8], "big") % below


def mark_of(key: bytes, kind: str, what: str) -> str:
    """``what``: the thing itself, however it was written."""
    return "[secret]" if kind == "secret" else f"[{kind} {10 + number_of(key, kind, what, 90)}]"


def other_names(key: bytes, names: Iterable[str]) -> dict[str, str]:
    """What each of these names becomes. One that is written ``name=other`` becomes that; of the rest no two become the
    same while there are enough, and the first keep theirs if others are added behind them."""
    chosen: dict[str, str] = {}
    for entry in names:
        name, _, other = (" ".join(unicodedata.normalize("NFC", part).split()) for part in entry.partition("="))
        if name and name not in chosen:
            chosen[name] = other or _free_name(key, name, {*chosen.values(), *chosen})
    return chosen


def _free_name(key: bytes, name: str, taken: set[str]) -> str:
    first = number_of(key, "name", name.casefold(), len(NAMES))
    row = [*NAMES[first:], *NAMES[:first]]
    taken = {one.casefold() for one in taken} | {name.casefold()}
    return next((other for other in row if other.casefold() not in taken), row[0])
