"""Many texts to ids at a go: a word that comes again is looked up, so that byte pairs are only made of new ones.

The tokenizer never joins what stands on two sides of a space or line end before a word: that one belongs to the word,
and all white space before it is by itself. So a text may be cut there, and its ids are those of the parts, one behind
the other. ``tests/school/texts/test_words.py`` holds them against the plain way.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from school.door.values import writable
from school.texts.spaces import has_odd_spaces

KEPT = 1 << 17  # words that are known at once; then all are forgotten, and the frequent ones are soon back
LONGEST = 40  # characters of a word that is likely to come again
GAP = "\0"

BEFORE_WORD = re.compile(r"[ \n][!-~\w]")  # certainly not white space, whatever Unicode says next year
CUT = re.compile(rf"(?={BEFORE_WORD.pattern})")
ONCE_SPACES = "\u180e\u200b\ufeff"  # that older tables call white space


class WordIds:
    """``encode`` gives the ids of each of several texts; ``byte_lengths`` (V,): how many bytes each id stands for."""

    def __init__(self, encode: Callable[[list[str]], Iterable[list[int]]], byte_lengths: list[int]):
        self._encode, self._byte_lengths = encode, np.array(byte_lengths)
        self._known: dict[str, bytes] = {}  # a word, with the space before it -> its ids as uint16

    def __call__(self, texts: list[str]) -> Iterator[np.ndarray]:
        """The ids of each, (N,) uint16."""
        return map(self._ids, map(writable, texts))

    def _ids(self, text: str) -> np.ndarray:
        words = words_of(text)
        ids = list(map(self._known.get, words))
        if None in ids:
            new = self._learn(word for word, known in zip(words, ids, strict=True) if known is None)
            ids = [new[word] if known is None else known for word, known in zip(words, ids, strict=True)]
        return np.frombuffer(b"".join(ids), np.uint16)

    def _learn(self, unknown: Iterable[str]) -> dict[str, bytes]:
        """Those words and their ids, made in one text, as for one alone it takes several times as long."""
        some = dict.fromkeys(unknown)
        inner = [word for word in some if BEFORE_WORD.match(word)]
        others = [word for word in some if not BEFORE_WORD.match(word)]
        whole, *alone = (np.array(ids, np.uint16) for ids in self._encode(["".join(inner), *others]))
        word_ends = np.cumsum([len(word.encode()) for word in inner])
        stops = np.searchsorted(np.cumsum(self._byte_lengths[whole]), word_ends) + 1
        new = dict(zip(inner, map(np.ndarray.tobytes, np.split(whole, stops)), strict=False))
        new |= dict(zip(others, map(np.ndarray.tobytes, alone), strict=True))
        if len(self._known) >= KEPT:
            self._known.clear()
        self._known |= {word: ids for word, ids in new.items() if len(word) <= LONGEST}
        return new


def words_of(text: str) -> list[str]:
    """The text, cut before words."""
    if not _is_even(text):
        return CUT.split(text)
    words = text.replace(" ", GAP + " ").replace("\n", GAP + "\n").split(GAP)  # four times as fast
    if text[-2:].isspace():
        words[-2:] = ["".join(words[-2:])]  # at the end there is no word to part it from the rest
    return words


def _is_even(text: str) -> bool:
    """Whether no more than two spaces or line ends stand side by side, and no other white space."""
    if GAP in text or "  " in text or " \n" in text or "\n\n\n" in text or "\n\n " in text:
        return False
    return not has_odd_spaces(text) and (text.isascii() or not any(char in text for char in ONCE_SPACES))
