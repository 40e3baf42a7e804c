"""What it was told: the answers that people taught it, found again at once by the rare words of a question.

The weights need many lessons for one sentence. Until they have it, and beside them, an answer that was taught to a
question like this one is held out to the voice, which leans towards it token by token for as long as it says the same.

Two questions are alike by the words that they share, each weighed by how rare it is in questions: the cosine of their
vectors of inverse document frequencies (Spärck Jones 1972). Taking an answer back leaves nothing of it.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from school.door.values import ME, Pair, Scope
from school.talking.stems import stems
from school.texts.tokenizer import END, Tokenizer

TOLD = ("fix", "teach")  # sources of what somebody wants to hear again as it is
LIKE = 0.45  # from which likeness on an answer is one to this question
SURE = 0.98  # how far the voice leans at most
GROWTH = 0.5  # of the doubt that is left, so much stays with each token that it says of the answer


@dataclass(frozen=True, slots=True)
class Told:
    """An answer that is held out: its ``tokens``, END included, and how ``like`` the questions are, in (0, 1]."""

    pair: str
    tokens: tuple[int, ...]
    like: float

    def next(self, said: list[int]) -> tuple[int, float]:
        """What comes next in it and how far to lean towards that, in [0, 1); 0 where something else was said."""
        count = len(said)
        if not self.follows(said):
            return END, 0.0
        return self.tokens[count], min(SURE, 1 - (1 - self.like) * GROWTH**count)

    def follows(self, said: list[int]) -> bool:
        """Whether what was said is how it begins."""
        return len(said) < len(self.tokens) and tuple(said) == self.tokens[: len(said)]


class Recall:
    """The taught answers. ``usual`` brings what people ordinarily say, which tells what words are rare; it is asked for
    once there is anything to be found."""

    def __init__(self, tokenizer: Tokenizer, *, language: str = "en", usual: Callable[[], Iterable[str]] = tuple):
        self._tokenizer, self._language, self._usual = tokenizer, language, usual
        self._pairs: dict[str, tuple[Pair, frozenset[str]]] = {}
        self._with: defaultdict[str, set[str]] = defaultdict(set)  # ids of the pairs that have a stem
        self._count: Counter[str] | None = None  # of questions with a stem, those of the pairs included
        self._questions = 0

    def __len__(self) -> int:
        return len(self._pairs)

    def __contains__(self, key: str) -> bool:
        return key in self._pairs

    def learn(self, pair: Pair) -> None:
        """Keep a pair, if it is one that somebody wants to hear again."""
        if pair.source not in TOLD or not pair.prompt or not pair.answer.strip():
            return
        self._take_out(pair.id)
        words = frozenset(self._words(pair.prompt))
        self._pairs[pair.id] = pair, words
        for word in words:
            self._with[word].add(pair.id)

    def forget(self, scope: Scope) -> None:
        for key in [key for key, (pair, _) in self._pairs.items() if scope.covers(pair)]:
            self._take_out(key)

    def find(self, question: str, person: str) -> Told | None:
        """What was told to the question most like this one; the later, of several. What the owner tells is for
        everybody, what others do for themselves."""
        if not self._pairs:
            return None
        asked = frozenset(self._words(question))
        near = {key for word in asked for key in self._with.get(word, ())}
        heard = [key for key in near if self._pairs[key][0].person in (ME, person)]
        like, key = max(((self._likeness(asked, self._pairs[key][1]), key) for key in heard), default=(0.0, ""))
        if like < LIKE:
            return None
        answer = self._pairs[key][0].answer.strip()
        return Told(key, (*self._tokenizer.encode(answer), END), like)

    def _take_out(self, key: str) -> None:
        if key in self._pairs:
            for word in self._pairs.pop(key)[1]:
                self._with[word].discard(key)
                if not self._with[word]:
                    del self._with[word]

    def _likeness(self, asked: frozenset[str], told: frozenset[str]) -> float:
        shared = sum(self._rarity(word) ** 2 for word in asked & told)
        lengths = (math.sqrt(sum(self._rarity(word) ** 2 for word in words)) for words in (asked, told))
        return shared / math.prod(lengths) if shared else 0.0

    def _rarity(self, word: str) -> float:
        """In nats: how much it tells that a question has this word."""
        if self._count is None:
            questions = [frozenset(self._words(text)) for text in self._usual()]
            self._count, self._questions = Counter(word for words in questions for word in words), len(questions)
        found = self._count[word] + len(self._with.get(word, ()))
        return math.log((self._questions + len(self._pairs) + 1) / (found + 0.5))

    def _words(self, text: str) -> Iterator[str]:
        yield from stems(text, self._language)
