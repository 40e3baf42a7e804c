"""Street addresses: a house number, and around it a street as one writes it there (streets.py)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from school.texts.redaction import streets
from school.texts.redaction.found import Found, Span, around

HOUSE = re.compile(rf"\d(?<![\w.,:/$€£+-].){streets.NUMBER_GOES_ON}(?![\w:%])")
DIGITS = re.compile(r"\d+")
LOOK_BACK = 80  # characters in which a street stands before its number
NAMED = 3  # words before a number, of which one has a capital if any is of a street: "Calle Mayor, n. º 5"
YEAR = re.compile(r"\b(?:in|since|by|of|until|till|from|after|before|year|en|im|nel|em)\s$", re.IGNORECASE)


POSTCODE = 10  # characters of a British one, what stands beside it included


def find_addresses(text: str, digits: list[Span]) -> Iterator[Found]:
    end = number_end = 0  # of the last address, and the last house number
    for start, _ in digits:
        number = HOUSE.match(text, start) if start >= number_end else None
        if not number:
            continue
        number_end = number.end()
        if span := _after(text, number, end) or _before(text, number):
            end = span[1]
            yield Found(*span, "address", " ".join(text[slice(*span)].casefold().split()))
    for first, last in around(digits, POSTCODE):
        for code in streets.UK_POSTCODE.finditer(text, first, last):
            if code[1] in streets.UK_AREAS:
                yield Found(*code.span(), "address", code[0])


def _after(text: str, number: re.Match, free: int) -> tuple[int, int] | None:
    """The street behind its number, as in English and French."""
    start, stop = number.span()
    stops = {stop, start + len(DIGITS.match(number[0])[0])}  # of "12 N. Main Street" the N is none of the number's
    found = next((street for end in stops for shape in streets.AFTER if (street := shape.match(text, end))), None)
    before = text[max(0, start - LOOK_BACK) : start]
    if not found or (re.fullmatch(r"1\d{3}|20\d\d", number[0]) and YEAR.search(before)):
        return None
    if (unit := streets.UNIT_BEFORE.search(before)) and start - len(unit[0]) >= free:
        start -= len(unit[0])
    return start, _end(text, found.end())[0]


def _before(text: str, number: re.Match) -> tuple[int, int] | None:
    """The street before its number, as in most of Europe and in Brazil."""
    start, stop = number.span()
    before = text[max(0, start - LOOK_BACK) : start]
    if not before[-1:].isspace() and not before.endswith(("º", "°", ".")):
        return None
    if not streets.CAPITAL.search(" ".join(before.split()[-NAMED:])):
        return None
    end, coded = _end(text, stop)
    for shapes, sure in ((streets.BEFORE_SURE, True), (streets.BEFORE_UNSURE, False)):
        for shape in shapes:
            street = shape.search(before)
            if street and (sure or coded or streets.CALLED.search(before[: street.start()])):
                return start - len(street[0]), end
    return None


def _end(text: str, stop: int) -> tuple[int, bool]:
    """Where the address ends whose street and number end there, and whether there is a postcode."""
    unit = streets.TAIL_UNIT.match(text, stop)
    code = streets.TAIL_POST.match(text, unit.end())
    return (code or unit).end(), bool(code)
