"""Rows of digits in a text, and which of them are phones, cards or accounts. Digits are rare in what people write, so
they are looked for first, and all else is asked about them only."""

from __future__ import annotations

import re
from collections.abc import Iterator

from school.texts.redaction.accounts import is_account, is_called_account
from school.texts.redaction.found import Found, Span
from school.texts.redaction.phones import LOOK_BACK, phone_of

SPACES = " \u00a0\u202f"
ROW = re.compile(  # it begins with a +, a bracket or a digit
    rf"[+(\d](?<![\w@#=+].)(?<![\w][.,:/-].)(?<!//.)(?:(?<=\+)[{SPACES}]?(?:\((?=\+?\d{{1,6}}\)))?(?:\+[{SPACES}]?)?\d"
    rf"|(?<=\()(?=\+?\d{{1,6}}\))(?:\+[{SPACES}]?)?\d|(?<=\d))"
    rf"(?:[\d]|[{SPACES}./()–-]{{1,3}}(?=\d|\(\d))*\d(?!\w|[:@]\d|[.,]\d|°|′)"
)
APART = 4  # characters, at most, between two groups of a row
BEFORE = 5  # characters of a row before its first digit: "+ (+ "
GROUP = re.compile(r"\d+")
SHORTEST, LONGEST, GROUPS = 6, 34, 12  # digits, and groups of them
NOT = re.compile(  # what people write in digits but isn't anybody's
    r"""
      \d{4}[-./–]\d{1,2}[-./–]\d{1,2}(?:[ ]\d{1,2})?       # 2024-03-12
    | \d{1,2}[-./–][ ]?\d{1,2}[-./–][ ]?(?:\d{4}|\d{2})(?:[ ]\d{1,2})?  # 12.03.2024, 3/12/24
    | (?:1[0-9]|20)\d\d[-–/][ ]?(?:1[0-9]|20)?\d\d          # 1939-1945
    | [012]\d[0-5]\d[ ]?[-–][ ]?[012]\d[0-5]\d              # 0900-1700
    | \d{1,3}(?:\.\d{1,3}){3}                               # an address on the internet
    | \d+\.\d+                                              # a number with a point
    | \d{1,2}[-–]\d{1,2}(?:[ ]\d{1,2}[-–]\d{1,2})*          # scores
    | 97[89][- ]?\d[-\d ]{9,13}                             # an ISBN
    """,
    re.VERBOSE,
)
MONEY = re.compile(rf"(?:[$€£¥₹]|\b(?:EUR|USD|GBP|INR|BRL|CHF|SEK|Rs\.?|R\$|kr\.?))[{SPACES}]?$")
COUNTED = re.compile(
    rf"[{SPACES}]?(?:[$€£¥₹%]|(?:EUR|USD|GBP|kr|euros?|dollars?|pounds?|miles?|km|kg|mm?|cm|g|people|years?|steps?|tokens?"
    r"|bytes?|times|million|°)\b)"
)


def find_numbers(text: str, digits: list[Span], kinds: frozenset[str], regions: tuple[str, ...]) -> Iterator[Found]:
    for row in _rows(text, _together(digits)):
        if row.end() - row.start() >= SHORTEST and not NOT.fullmatch(row[0]):
            yield from _find_in(text, *row.span(), kinds, regions)


def _together(digits: list[Span]) -> list[Span]:
    """Those rows of digits that may be, or be a part of, a number that is long enough: most are years and prices."""
    kept: list[Span] = []
    first = count = 0
    for i, (start, stop) in enumerate(digits):
        count += stop - start
        if i + 1 == len(digits) or digits[i + 1][0] - stop > APART:
            if count >= SHORTEST:
                kept += digits[first : i + 1]
            first, count = i + 1, 0
    return kept


def _rows(text: str, digits: list[Span]) -> Iterator[re.Match]:
    """All that ROW finds."""
    end = 0
    for first, _ in digits:
        for start in range(max(end, first - BEFORE), first + 1):
            if (start == first or text[start] in "+(") and start >= end and (row := ROW.match(text, start)):
                yield row
                end = row.end()
                break


def _find_in(text: str, start: int, stop: int, kinds: frozenset[str], regions: tuple[str, ...]) -> Iterator[Found]:
    """What is in a row of digits, which may hold several things, with a space between: the longest first."""
    groups = [(start + g.start(), start + g.end()) for g in GROUP.finditer(text[start:stop])]
    first = 0
    while first < len(groups):
        for last in reversed(range(first, min(len(groups), first + GROUPS))):
            if first and not _parts(text, groups[first - 1][1], groups[first][0]):
                break
            if last + 1 < len(groups) and not _parts(text, groups[last][1], groups[last + 1][0]):
                continue
            if found := _which(text, start if first == 0 else groups[first][0], groups, first, last, kinds, regions):
                yield found
                first = last
                break
        first += 1


def _parts(text: str, stop: int, start: int) -> bool:
    return text[stop:start].strip("(") in SPACES or "(" in text[stop:start]


def _which(
    text: str,
    start: int,
    groups: list[tuple[int, int]],
    first: int,
    last: int,
    kinds: frozenset[str],
    regions: tuple[str, ...],
) -> Found | None:
    if first and text[start - 1] == "(" and ")" in text[start : start + 7]:
        start -= 1
    stop = groups[last][1]
    written = text[start:stop]
    digits = "".join(GROUP.findall(written))
    if not SHORTEST <= len(digits) <= LONGEST or NOT.fullmatch(written):
        return None
    shape = GROUP.sub(lambda group: str(len(group[0])), written.translate(_PLAIN))
    if "number" in kinds and (is_account(shape, digits) or is_called_account(text, start)):
        return Found(start, stop, "number", digits)
    before = text[max(0, start - LOOK_BACK) : start]
    if "phone" not in kinds or MONEY.search(before) or COUNTED.match(text, stop):
        return None
    dialled = phone_of(written, shape, before, regions)
    return Found(start, stop, "phone", dialled) if dialled else None


_PLAIN = {ord("\u00a0"): " ", ord("\u202f"): " ", ord("–"): "-", ord("("): None, ord(")"): None}
