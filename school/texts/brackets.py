"""Brackets and quotation marks: which of a text are still open, and where it may end. Small bodies carry this, too."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable
from typing import Protocol
from unicodedata import category

PAIRS = ("()", "[]", "{}", "“”", "„“", "„”", "«»", '""', "「」", "『』")
OPENERS = frozenset(pair[0] for pair in PAIRS)
CLOSERS = frozenset(pair[1] for pair in PAIRS)
MARK = re.compile("[" + re.escape("".join(sorted(OPENERS | CLOSERS))) + "]")
TELLS = re.compile(MARK.pattern + r"|[:;\-\ufffd]")  # what changes what is open, or may with what comes behind it
SMILE, FACE = re.compile(r"[:;]-?[()\[\]]"), "\u263a"
NUMBER = re.compile(r"(?<!\w)\w{1,2}\)$")  # of a list, a) or 12), where no bracket is open
TORN = "\ufffd"  # for bytes of a character that are not all there


class Letters(Protocol):
    """What makes tokens of a text, and a text of tokens."""

    def encode(self, text: str) -> list[int]: ...

    def decode(self, ids: Iterable[int]) -> str: ...


class Brackets:
    """``marked``: the tokens in which there are any or that say nothing, and ``end``, which ends an answer; where there
    are none, nothing is refused or closed. ``long``: the share of the longest answer past which one opens nothing."""

    def __init__(self, letters: Letters, marked: Collection[int], end: int, long: float):
        self._letters, self._marked, self._end, self._long = letters, marked, end, long

    def refuses(self, said: list[int], token: int, most: int) -> bool:
        """Whether a token may not come in an answer of ``most`` tokens: it would close what isn't open or has nothing
        in it, end what may not end yet, open something late, or leave no room for what has to follow."""
        if token not in self._marked or self._follows_a_word(said, token):
            return False
        text = self._letters.decode(said)
        before = waiting(text)
        if before is None:
            return False
        if token == self._end:
            return not may_end(text)
        text, late = self._letters.decode([*said, token]), most * self._long
        after = waiting(text)
        if after is None or (len(said) >= late and len(after) > len(before)):
            return True
        then = len(said) + 1 + (not may_end(text))  # what is open is closed from the half on, no sooner
        return max(then, math.ceil(late)) + len(self._letters.encode(after)) > most

    def _follows_a_word(self, said: list[int], token: int) -> bool:
        """Whether it is a comma or the like behind a word, which most are of those that are looked at."""
        if token == self._end or not said or said[-1] in self._marked:
            return False
        return not TELLS.search(self._letters.decode([token]))

    def closing(self, said: list[int]) -> list[int]:
        """The tokens that close what is open."""
        if not self._marked:
            return []
        return self._letters.encode(waiting(self._letters.decode(said)) or "")


def waiting(text: str) -> str | None:
    """The marks that a text still needs to close what it opened, in their order; None where it closes what it did not
    open, or what has nothing in it."""
    opened: list[str] = []
    text, inside = _plain(text), 0
    for found in MARK.finditer(text):
        letter, place = found[0], found.end()
        if opened and opened[-1] + letter in PAIRS:
            if not text[inside : place - 1].strip():
                return None
            opened.pop()
        elif letter in OPENERS:
            opened.append(letter)
            inside = place
        elif not NUMBER.search(text[max(0, place - 4) : place]):
            return None
    wanted = {pair[0]: pair[1] for pair in PAIRS} | {"„": "”" if "”" in text else "“"}
    return "".join(wanted[letter] for letter in reversed(opened))


def says(text: str) -> bool:
    """Whether there is anything in it but punctuation and white space; a smile is something."""
    return any(not letter.isspace() and category(letter)[0] != "P" for letter in _plain(text))


def may_end(text: str) -> bool:
    """Whether it says anything, also in what it opened last, and can be closed: behind a colon that would smile."""
    needed = waiting(text)
    return needed is not None and says(text) and waiting(text + needed) == ""


def _plain(text: str) -> str:
    """What opens and closes nothing is another character, and what is torn none."""
    return SMILE.sub(FACE, text).replace(TORN, " ")
