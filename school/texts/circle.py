"""The circle in which all texts of a library stand, each behind a document mark; a text that weighs more stands there
several times."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from school.texts.shelf import Text
from school.texts.tokenizer import DOCUMENT, END, PERSON


class Circle:
    """``order``: the texts by their numbers, one behind the other."""

    def __init__(self, texts: list[Text], order: list[int]):
        self.texts, self.order = texts, order
        self._starts = np.cumsum([0, *(len(texts[i].learn) + 1 for i in order)])
        self._quiet = {i: Quiet(texts[i].learn) for i in set(order) if texts[i].context}

    @property
    def tokens(self) -> int:
        """Tokens in the circle, document marks included."""
        return int(self._starts[-1])

    def read(self, start: int, count: int) -> tuple[np.ndarray, np.ndarray]:
        """``count`` tokens from ``start`` on, and whether each is learned."""
        out, learned = np.empty(count, dtype=np.int64), np.ones(count, dtype=bool)
        filled = 0
        while filled < count:
            place = (start + filled) % self.tokens
            index = int(np.searchsorted(self._starts, place, side="right")) - 1
            offset, text = place - int(self._starts[index]), self.order[index]
            if offset == 0:
                out[filled] = DOCUMENT
                filled += 1
                continue
            piece = self.texts[text].learn[offset - 1 : offset - 1 + count - filled]
            out[filled : filled + len(piece)] = piece
            if text in self._quiet:
                learned[filled : filled + len(piece)] = self._quiet[text].learned(offset - 1, len(piece))
            filled += len(piece)
        return out, learned

    def sources(self, start: int, count: int) -> np.ndarray:
        """Of which text each of ``count`` tokens from ``start`` on is, by its number; -1 for a document mark."""
        places = np.arange(start, start + count) % self.tokens
        index = np.searchsorted(self._starts, places, side="right") - 1
        return np.where(places == self._starts[index], -1, np.array(self.order)[index])


class Quiet:
    """Where others have their say in the tokens of a text: what they say and its end are read, but not learned."""

    def __init__(self, tokens: np.ndarray):
        self._begins, self._ends = np.flatnonzero(tokens == PERSON), np.flatnonzero(tokens == END)

    def learned(self, start: int, count: int) -> np.ndarray:
        """Of ``count`` tokens from ``start`` on."""
        places = np.arange(start, start + count)
        return _last(self._begins, places) <= _last(self._ends, places)


def _last(marks: np.ndarray, places: np.ndarray) -> np.ndarray:
    """The last of the marks before each place, -1 where there is none."""
    return np.concatenate([[-1], marks])[np.searchsorted(marks, places)]


def order_of(texts: list[Text], chance: Callable[[], float]) -> list[int]:
    """Each text as often as it weighs; the rest of a weight that is no whole number, by ``chance`` (0 to 1)."""
    times = [int(text.weight) + (text.weight % 1 > 0 and chance() < text.weight % 1) for text in texts]
    laps = [[i for i, count in enumerate(times) if count > lap] for lap in range(max(times, default=0))]
    return [i for lap in laps for i in lap] or list(range(len(texts)))
