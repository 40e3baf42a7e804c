"""Brackets and quotation marks: which of a text are still open. Small bodies carry this, too."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Protocol

PAIRS = ("()", "[]", "{}", "“”", "„“", "„”", "«»", '""', "「」", "『』")
OPENERS = frozenset(pair[0] for pair in PAIRS)
CLOSERS = frozenset(pair[1] for pair in PAIRS)
SMILE = re.compile(r"[:;]-?[()\[\]]")
NUMBER = re.compile(r"(?<!\w)\w{1,2}\)$")  # of a list, a) or 12), where no bracket is open


class Letters(Protocol):
    """What makes tokens of a text, and a text of tokens."""

    def encode(self, text: str) -> list[int]: ...

    def decode(self, ids: Iterable[int]) -> str: ...


class Brackets:
    """``marked``: the tokens in which there are any; where there are none, nothing is refused or closed."""

    def __init__(self, letters: Letters, marked: Collection[int]):
        self._letters, self._marked = letters, marked

    def refuses(self, said: list[int], token: int, *, late: bool) -> bool:
        """Whether a token would close what isn't open or, late in an answer, open something."""
        if token not in self._marked:
            return False
        before, after = waiting(self._letters.decode(said)), waiting(self._letters.decode([*said, token]))
        if before is None:
            return False
        return after is None or (late and len(after) > len(before))

    def closing(self, said: list[int]) -> list[int]:
        """The tokens that close what is open."""
        if not self._marked:
            return []
        return self._letters.encode(waiting(self._letters.decode(said)) or "")


def waiting(text: str) -> str | None:
    """The marks that a text still needs to close what it opened, in their order; None where it closes what it did not
    open."""
    opened: list[str] = []
    text = SMILE.sub("", text)
    for place, letter in enumerate(text, 1):
        if opened and opened[-1] + letter in PAIRS:
            opened.pop()
        elif letter in OPENERS:
            opened.append(letter)
        elif letter in CLOSERS and not NUMBER.search(text[max(0, place - 4) : place]):
            return None
    wanted = {pair[0]: pair[1] for pair in PAIRS} | {"„": "”" if "”" in text else "“"}
    return "".join(wanted[letter] for letter in reversed(opened))
