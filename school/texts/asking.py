"""What somebody may have said whom a statement answers: by the forms of a language, and one of the statement's words
that says something."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

FORMS = Path(__file__).with_name("asking.toml")
BARE = {"open": ["?"], "anything": ["{}?"]}
TITLED = r"(?:[A-ZÀ-ÞΑ-ΩА-Я]\w{0,2}\. ?|[A-ZÀ-ÞΑ-ΩА-Я]\w+ )*"  # Mr. W. Hewer, Lady Jane
NAME = re.compile(rf"(?<=[\w,;] ){TITLED}[A-ZÀ-ÞΑ-ΩА-Я]\w{{2,}}")  # not where a sentence begins
WORD = re.compile(r"[^\W\d_]{3,}(?:['’][^\W\d_]+)*")
BEFORE = re.compile(r"(\w+) $")
SMALL = 0.2  # of all are typed without capitals
OPEN = 0.15  # of all take up no word of the answer


def forms(code: str) -> dict[str, list[str]]:
    """Of a language, by its code; bare ones where nobody told of it."""
    return BARE | tomllib.loads(FORMS.read_text("utf-8")).get(code, {})


class Word(NamedTuple):
    """A word of a statement, or a name of several: ``weight`` is how much it says, ``kind`` which forms it takes."""

    text: str
    weight: float
    kind: str


class Asking:
    """In one language, by its code. ``weight``: how much a word says; nothing at 0."""

    def __init__(self, code: str, weight: Callable[[str], float]):
        self._forms = forms(code)
        self._weight = weight
        self._at, self._articles = (frozenset(self._forms.get(name, ())) for name in ("at", "articles"))

    def question(self, statement: str, rng: np.random.Generator) -> str:
        """What the ``statement`` may answer; the more a word says, the likelier it is asked about."""
        words = self.words(statement)
        if not words or rng.random() < OPEN:
            return self._drawn("open", rng)
        weights = np.array([word.weight for word in words])
        word = words[int(rng.choice(len(words), p=weights / weights.sum()))]
        asked = self._drawn(word.kind, rng).replace("{}", word.text)
        return asked.lower() if rng.random() < SMALL else asked

    def words(self, statement: str) -> list[Word]:
        """Those that say something; names first."""
        names = list(NAME.finditer(statement))
        words = [word for word in WORD.finditer(statement) if not any(_within(word, name) for name in names)]
        found = [self._told(name, statement) for name in names] + [self._told(word, statement) for word in words]
        return [word for word in found if word.weight > 0]

    def _told(self, match: re.Match[str], statement: str) -> Word:
        before = BEFORE.search(statement[: match.start()])
        word = before[1].lower() if before else ""
        last = match[0].split()[-1]
        if match.re is NAME:
            kind = "anywhere" if word in self._at else "anyone"
        else:
            ends = statement[match.end() : match.end() + 1] != " "
            kind = "thing" if ends and word in self._articles else "anything"
        return Word(match[0], self._weight(last), kind if kind in self._forms else "anything")

    def _drawn(self, kind: str, rng: np.random.Generator) -> str:
        forms = self._forms[kind]
        return forms[int(rng.integers(len(forms)))]


def words_of(text: str) -> list[str]:
    return re.findall(r"\w+", text)


def _within(word: re.Match[str], name: re.Match[str]) -> bool:
    return name.start() <= word.start() and word.end() <= name.end()
