"""A question by its words: without their endings, so that *dogs* is found by *dog*, and what kind of question it is."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import snowballstemmer

LANGUAGES = Path(__file__).with_name("questions.toml")
KINDS = ("who", "where", "when", "why", "how", "what")
WORD = re.compile(r"\w+(?:['\u2019]\w+)*")
UNSPACED = re.compile(r"[\u0e00-\u0eff\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]+")  # Thai, Lao, Khmer, Japanese, Chinese
WORDS_KNOWN = 1 << 16
LETTERS = 3  # of a word that says something


@dataclass(frozen=True, slots=True)
class Question:
    """``stems``: its words without endings, and of those that ask for the same thing one. ``kinds``: who, where,
    when..., as far as it says so; ``whose``: whether it speaks of whoever asks ("me"), of whoever is asked ("you")."""

    stems: frozenset[str]
    kinds: frozenset[str] = frozenset()
    whose: frozenset[str] = frozenset()


class Language:
    """How a question is taken apart in it."""

    def __init__(self, name: str):
        known = tomllib.loads(LANGUAGES.read_text("utf-8")).get(name, {})
        self._stem = _stemmer(known.get("stemmer"))
        self._kinds = {word: kind for kind in KINDS for word in known.get(kind, ())}
        self._whose = {word: whose for whose in ("me", "you") for word in known.get(whose, ())}
        groups = [group.casefold().split() for group in known.get("same", ())]
        self._same = {self._stem(word): group[0] for group in groups for word in group}
        self._same |= {self._stem(word): whose for word, whose in self._whose.items()}

    def question(self, text: str) -> Question:
        words = [_plain(word) for word in WORD.findall(text.casefold())]
        return Question(
            frozenset(self._stems(words)),
            frozenset(self._kinds[word] for word in words if word in self._kinds),
            frozenset(self._whose[word] for word in words if word in self._whose),
        )

    def says_little(self, word: str) -> bool:
        """Whether it only says what kind of question it is, or whose."""
        word = _plain(word.casefold())
        return len(word) < LETTERS or word in self._kinds or word in self._whose

    def stems(self, text: str) -> list[str]:
        """The stems of its words in order; of scripts without spaces, every two neighbouring letters."""
        return list(self._stems([_plain(word) for word in WORD.findall(text.casefold())]))

    def _stems(self, words: list[str]) -> Iterator[str]:
        for word in words:
            if UNSPACED.search(word):
                yield from (word[i : i + 2] for i in range(max(1, len(word) - 1)))
            else:
                stem = self._stem(word)
                yield self._same.get(stem, stem)


@cache
def language(name: str) -> Language:
    """By its code ("en"). One that nobody told of has neither endings nor kinds of questions."""
    return Language(name)


def _plain(word: str) -> str:
    return word.replace("\u2019", "'").removesuffix("'s")


def _stemmer(name: str | None) -> Callable[[str], str]:
    if name is None:
        return lambda word: word
    known: dict[str, str] = {}
    cut = snowballstemmer.stemmer(name).stemWord

    def stem(word: str) -> str:
        if word not in known:
            if len(known) >= WORDS_KNOWN:
                known.clear()
            known[word] = cut(word)
        return known[word]

    return stem
