"""Where in a text something stands that goes. What was looked for first has its place, whatever else is found there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from school.texts.redaction.accounts import find_accounts
from school.texts.redaction.addresses import find_addresses
from school.texts.redaction.found import Found, Span, digits_in, digits_left
from school.texts.redaction.names import find_names
from school.texts.redaction.numbers import find_numbers
from school.texts.redaction.secrets import find_secrets

if TYPE_CHECKING:
    from school.texts.redaction import Redaction

LOCAL, LONGEST_LOCAL = re.compile(r"[\w.%+-]*\Z"), 64  # the part of an e-mail address before its sign
AT = re.compile(r"@(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}(?![\w-])")


def find_all(text: str, how: Redaction) -> list[Found]:
    """What goes, in order; of two things in the same place the one that was looked for first, or begins first."""
    taken: list[Found] = []
    digits = digits_in(text)
    for finder in FINDERS:
        if new := _apart(one for one in finder(text, digits, how) if one.kind in how.kinds):
            taken += new
            text = _hidden(text, new)
            digits = digits_left(digits, text)
    return sorted(taken)


def _apart(found: Iterable[Found]) -> list[Found]:
    """What begins first, and the longer of two that begin together, goes before what it touches."""
    apart: list[Found] = []
    for one in sorted(found, key=lambda one: (one.start, -one.stop)):
        if not apart or one.start >= apart[-1].stop:
            apart.append(one)
    return apart


def _hidden(text: str, found: list[Found]) -> str:
    """The text, of the same length, with something like a mark where these are."""
    parts, at = [], 0
    for one in found:
        size = one.stop - one.start
        parts += [text[at : one.start], ("[".ljust(size - 1, "x") + "]")[:size]]
        at = one.stop
    return "".join([*parts, text[at:]])


def _e_mails(text: str) -> Iterator[Found]:
    free = 0  # where the last one ends
    for at in AT.finditer(text):
        before = LOCAL.search(text[max(free, at.start() - LONGEST_LOCAL - 1) : at.start()])[0]
        start = at.start() - len(before)
        if 1 <= len(before) <= LONGEST_LOCAL and not LOCAL.fullmatch(text[start - 1 : start] or "@"):
            free = at.end()
            yield Found(start, free, "e-mail", text[start:free].casefold())


FINDERS: tuple[Callable[[str, list[Span], Redaction], Iterator[Found]], ...] = (
    lambda text, digits, how: find_secrets(text),
    lambda text, digits, how: _e_mails(text),
    lambda text, digits, how: find_accounts(text, digits),
    lambda text, digits, how: find_addresses(text, digits),
    lambda text, digits, how: find_numbers(text, digits, how.kinds, how.regions),
    lambda text, digits, how: find_names(text, how.names),
)
