"""The form of an answer: what it opens is closed, nothing else is, and a long one comes to an end."""

from __future__ import annotations

import re

import torch
from torch import Tensor

from school.texts.tokenizer import Tokenizer

PAIRS = ("()", "[]", "{}", "“”", "„“", "„”", "«»", '""', "「」", "『』")
OPENERS = frozenset(pair[0] for pair in PAIRS)
CLOSERS = frozenset(pair[1] for pair in PAIRS)
SMILE = re.compile(r"[:;]-?[()\[\]]")
NUMBER = re.compile(r"(?<!\w)\w{1,2}\)$")  # of a list, a) or 12), where no bracket is open
FINAL = re.compile(r"[.!?…。！？؟।]+[\"'”’»)\]]*\s*$")
LONG = 0.5  # share of the longest answer from which on the next end of a sentence will do
PULL = 0.15  # nats a token past that by which ends of sentences become likelier


class Form:
    """Of answers of ``longest`` tokens at most. One by characters keeps the form of the files that it learned from: a
    line's end ends its answer, and nothing is added or refused."""

    def __init__(self, tokenizer: Tokenizer, longest: int):
        self._tokenizer, self._long = tokenizer, longest * LONG
        pieces = [tokenizer.token_bytes(i).decode("utf-8", "ignore") for i in range(tokenizer.size)]
        if tokenizer.by_letter:
            pieces = [""] * tokenizer.size
        self._marked = frozenset(i for i, piece in enumerate(pieces) if OPENERS.union(CLOSERS) & set(piece))
        self._final = torch.tensor([bool(FINAL.search(piece)) for piece in pieces])

    def pulled(self, logits: Tensor, counts: list[int]) -> Tensor:
        """Logits (B, V) of what comes after so many tokens: past LONG, ends of sentences gain."""
        past = (torch.tensor(counts) - self._long).clamp(min=0)
        if not past.any():
            return logits
        return logits + (PULL * past[:, None] * self._final).to(logits.device)

    def is_long(self, count: int) -> bool:
        return count >= self._long

    def refuses(self, said: list[int], token: int) -> bool:
        """Whether a token would close what isn't open, or open something in an answer that is long already."""
        if token not in self._marked:
            return False
        before, after = waiting(self._tokenizer.decode(said)), waiting(self._tokenizer.decode([*said, token]))
        if before is None:
            return False
        return after is None or (self.is_long(len(said)) and len(after) > len(before))

    def closing(self, said: list[int]) -> list[int]:
        """The tokens that close what is open."""
        if not self._marked:
            return []
        return self._tokenizer.encode(waiting(self._tokenizer.decode(said)) or "")


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
