"""The form of an answer: what it opens is closed, nothing else is, and a long one comes to an end."""

from __future__ import annotations

import re

import torch
from torch import Tensor

from school.texts.brackets import CLOSERS, OPENERS, Brackets
from school.texts.tokenizer import Tokenizer

FINAL = re.compile(r"[.!?…。！？؟।]+[\"'”’»)\]]*\s*$")
LONG = 0.5  # share of the longest answer from which on the next end of a sentence will do
PULL = 0.15  # nats a token past that by which ends of sentences become likelier


class Form:
    """Of answers of ``longest`` tokens at most. One by characters keeps the form of the files that it learned from: a
    line's end ends its answer, and nothing is added or refused.

    ``marked``: the tokens with brackets or quotation marks; ``final`` (V,): which end a sentence."""

    def __init__(self, tokenizer: Tokenizer, longest: int):
        self._long = longest * LONG
        pieces = [tokenizer.token_bytes(i).decode("utf-8", "ignore") for i in range(tokenizer.size)]
        if tokenizer.by_letter:
            pieces = [""] * tokenizer.size
        self.marked = frozenset(i for i, piece in enumerate(pieces) if OPENERS.union(CLOSERS) & set(piece))
        self.final = torch.tensor([bool(FINAL.search(piece)) for piece in pieces])
        self._brackets = Brackets(tokenizer, self.marked)

    def pulled(self, logits: Tensor, counts: list[int]) -> Tensor:
        """Logits (B, V) of what comes after so many tokens: past LONG, ends of sentences gain."""
        past = (torch.tensor(counts) - self._long).clamp(min=0)
        if not past.any():
            return logits
        return logits + (PULL * past[:, None] * self.final).to(logits.device)

    def is_long(self, count: int) -> bool:
        return count >= self._long

    def refuses(self, said: list[int], token: int) -> bool:
        """Whether a token would close what isn't open, or open something in an answer that is long already."""
        return self._brackets.refuses(said, token, late=self.is_long(len(said)))

    def closing(self, said: list[int]) -> list[int]:
        """The tokens that close what is open."""
        return self._brackets.closing(said)
