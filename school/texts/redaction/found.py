"""Something in a text that is to be replaced; and where its digits are, which most such things have and most of a text
has not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from school.texts.spaces import odd_characters

DIGITS = re.compile(r"\d\d*")  # not \d+, which is searched for slowly
LONG = 1 << 12  # characters of a text that is looked at as numbers
AT_ONCE = 1 << 15  # of them together
Span = tuple[int, int]


class Found(NamedTuple):
    """From ``start`` to ``stop``: a ``kind`` of thing, and what it ``is`` however it was written."""

    start: int
    stop: int
    kind: str
    is_: str


def digits_in(text: str) -> list[Span]:
    """Where each row of digits begins and ends, those of any script."""
    if len(text) < LONG:
        return _searched(text)
    edges: list[int] = []
    within = np.False_
    for start in range(0, len(text), AT_ONCE):
        part = text[start : start + AT_ONCE]
        if not part.isascii() and any(map(str.isdecimal, odd_characters(part.encode("utf-8", "surrogatepass")))):
            return _searched(text)
        codes = np.frombuffer(part.encode("utf-32-le", "surrogatepass"), np.uint32)
        digits = codes - np.uint32(ord("0")) < 10  # what is below is large then
        edges += (np.flatnonzero(np.diff(digits, prepend=within)) + start).tolist()
        within = digits[-1]
    if within:
        edges.append(len(text))
    return list(zip(edges[::2], edges[1::2], strict=True))


def _searched(text: str) -> list[Span]:
    return [match.span() for match in DIGITS.finditer(text)]


def digits_left(digits: list[Span], text: str) -> list[Span]:
    """Of these rows those that are still there, where something was hidden in the text."""
    left = []
    for start, stop in digits:
        row = text[start:stop]
        if row.isdecimal():
            left.append((start, stop))
        elif any(map(str.isdecimal, row)):  # a part of it was hidden
            return digits_in(text)
    return left


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
