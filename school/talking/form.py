"""The form of an answer: what it opens is closed, with something in it, nothing else is, it is one paragraph, does not
break off in a sentence, a long one comes to an end, words are spelled, and it says something.

Shapes: B answers, V vocabulary.
"""

from __future__ import annotations

import re

import torch
from torch import Tensor

from brain.ops.backend import Kernels
from brain.sampling import FAR, spell_on
from school.texts.brackets import MARK, Brackets, says
from school.texts.tokenizer import Tokenizer
from school.texts.wording import is_unspaced

FINAL = re.compile(r"[.!?…。！？؟।]+[\"'”’»)\]]*\s*$")
LONG = 0.5  # share of the longest answer from which on the next end of a sentence will do
PULL = 0.15  # nats a token past that by which ends of sentences become likelier
SPELLED = 0.2  # of the likeliest way to go on with a word, how likely another has to be


class Form:
    """Of answers of ``longest`` tokens at most. One by characters keeps the form of the files that it learned from: a
    line's end ends its answer, and nothing is added or refused.

    ``marked``: the tokens with brackets or quotation marks, those that say nothing, and the end; ``final`` (V,): which
    end a sentence; ``goes_on`` (V,): which go on with a word, where one is ``begun``: after a token that ends with a
    letter of a script with spaces; ``lines``: which are the ends of lines."""

    def __init__(self, tokenizer: Tokenizer, longest: int):
        self._long = longest * LONG
        pieces = [tokenizer.token_bytes(i).decode("utf-8", "ignore") for i in range(tokenizer.size)]
        if tokenizer.by_letter:
            pieces = [""] * tokenizer.size
        looked_at = [i for i, piece in enumerate(pieces) if MARK.search(piece) or not says(piece)]
        self.marked = frozenset([] if tokenizer.by_letter else looked_at)
        self.final = torch.tensor([bool(FINAL.search(piece)) for piece in pieces])
        self.begun = frozenset(i for i, piece in enumerate(pieces) if _spelled(piece[-1:]))
        self.goes_on = torch.tensor([_spelled(piece[:1]) for piece in pieces])
        self.lines = [i for i, piece in enumerate(pieces) if "\n" in piece and not piece.strip()]
        self._finals, self._end = self.final.nonzero()[:, 0].tolist(), tokenizer.end
        self._brackets = Brackets(tokenizer, self.marked, tokenizer.end, LONG)

    def pulled(self, logits: Tensor, counts: list[int]) -> Tensor:
        """Logits (B, V) of what comes after so many tokens: past LONG, ends of sentences gain."""
        past = [max(0.0, count - self._long) for count in counts]
        if not any(past):
            return logits
        return logits + (PULL * torch.tensor(past)[:, None] * self.final).to(logits.device)

    def spelled(self, logits: Tensor, said: list[list[int]], *, run: Kernels | None = None) -> Tensor:
        """Logits (B, V) in which a word that is begun goes on as words do: of its ways to go on, each piece and to
        leave it at that, those stay that are at least SPELLED as likely as the likeliest. What makes up words that
        nobody knows is a bold choice in the middle of one; between words it may be as bold as ever."""
        rows = [i for i, tokens in enumerate(said) if tokens and tokens[-1] in self.begun]
        if not rows:
            return logits
        logits = logits.clone()
        logits[rows] = spell_on(logits[rows], self.goes_on.to(logits.device), SPELLED, run=run)
        return logits

    def ended(self, logits: Tensor, said: list[list[int]]) -> Tensor:
        """Logits (B, V) in which an answer ends like what it learned from. A second end of line, where another
        paragraph would begin, is its end. In the middle of a sentence there is no paragraph's end, and it breaks off
        only where that is likelier than each mark that could end one, as where people write none: how it ends is no
        place to be bold."""
        if not self._finals:
            return logits
        logits = logits.clone()
        for row, tokens in zip(logits, said, strict=True):
            last = next((token for token in reversed(tokens) if token not in self.lines), None)
            if last not in self._finals and row[self._end] < row[self._finals].amax():
                row[self._end] -= FAR
            if tokens and tokens[-1] in self.lines:
                if last in self._finals:
                    row[self._end] = row[[self._end, *self.lines]].logsumexp(-1)
                row[self.lines] -= FAR
        return logits

    def is_long(self, count: int) -> bool:
        return count >= self._long

    def refuses(self, said: list[int], token: int, most: int) -> bool:
        """Whether a token may not come in an answer of ``most`` tokens: see ``Brackets``."""
        return self._brackets.refuses(said, token, most)

    def closing(self, said: list[int]) -> list[int]:
        """The tokens that close what is open."""
        return self._brackets.closing(said)


def _spelled(letter: str) -> bool:
    """Whether it is one of those of which several make a word."""
    return letter.isalpha() and not is_unspaced(letter)
