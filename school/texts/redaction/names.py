"""The names that the owner lists. Nobody else's: a list of everybody's would hold Mark, May, Will and Rose, too."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Collection, Iterator

from school.texts.redaction.found import Found

MONTHS = frozenset(
    [
        "april",
        "may",
        "june",
        "august",
        "mai",
        "juni",
        "avril",
        "juin",
        "abril",
        "mayo",
        "junio",
        "maggio",
        "giugno",
        "aprile",
    ]
)
UNEVEN = "\u0130\u0131\u017f"  # that count as i and s, and become something else in small letters
OF_A_DATE = re.compile(r"(?:\d\.?|\b(?:in|of|by|since|until|till|last|next|early|late|mid|this)) $", re.IGNORECASE)


def find_names(text: str, names: Collection[str]) -> Iterator[Found]:
    """With a capital a name is found as it is written, else in capitals, too. Where it is a month it stays."""
    small = text.lower() if any(_folds(name) for name in names) and not any(c in text for c in UNEVEN) else ""
    for name in names:
        if small and _folds(name) and name.split()[0] not in small:
            continue  # searching for it in whatever capitals takes long
        shape, apart = _shape(name)
        for match in shape.finditer(text):
            start, stop = match.span()
            if apart and start and (text[start - 1].isalnum() or text[start - 1] == "_"):
                continue
            if name.casefold() in MONTHS and _is_month(text, start, stop):
                continue
            yield Found(start, stop, "name", name)


def _folds(name: str) -> bool:
    """Whether it is found in capitals, too, and small letters tell where it can't be."""
    return name.isascii() and name == name.casefold()


@functools.lru_cache(maxsize=1024)
def _shape(name: str) -> tuple[re.Pattern, bool]:
    """How it looks, and whether it stands apart from what is before it. That is no part of the expression, for one
    that begins with letters is searched for ten times as fast."""
    words = r"[\s\u00a0]+".join(map(re.escape, name.split()))
    end = r"(?!\w)" if _spaced(name[-1]) else ""
    return re.compile(words + end, re.IGNORECASE if name == name.casefold() else 0), _spaced(name[0])


def _spaced(char: str) -> bool:
    """Whether words are apart from each other where it is a letter."""
    return not unicodedata.name(char, "").startswith(("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR"))


def _is_month(text: str, start: int, stop: int) -> bool:
    return bool(OF_A_DATE.search(text[max(0, start - 8) : start]) or re.match(r" \d", text[stop : stop + 2]))
