"""Something in a text that is to be replaced; and where its digits are, which most such things have and most of a text
has not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

DIGITS, ASCII_DIGITS = re.compile(r"\d+"), re.compile(r"[0-9]+")
ODD_DIGIT = re.compile(r"[^\x00-\x7f](?<=\d)")
Span = tuple[int, int]


class Found(NamedTuple):
    """From ``start`` to ``stop``: a ``kind`` of thing, and what it ``is`` however it was written."""

    start: int
    stop: int
    kind: str
    is_: str


def digits_in(text: str) -> list[Span]:
    """Where each row of digits begins and ends, those of any script."""
    which = DIGITS if ODD_DIGIT.search(text) else ASCII_DIGITS
    return [match.span() for match in which.finditer(text)]


def around(digits: list[Span], reach: int) -> Iterator[Span]:
    """The parts of a text that are no farther than this from a digit, in order; neighbours as one."""
    if not digits:
        return
    start, stop = digits[0][0] - reach, digits[0][1] + reach
    for first, last in digits[1:]:
        if first - reach > stop:
            yield max(0, start), stop
            start = first - reach
        stop = last + reach
    yield max(0, start), stop
