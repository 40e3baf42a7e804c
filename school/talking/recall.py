"""What it was told: the answers that people taught it, found again at once by the rare words of a question.

The weights need many lessons for one sentence. Until they have it, and beside them, an answer that was taught to a
question like this one is held out to the voice, which leans towards it token by token for as long as it says the same.

Two questions are alike by the words that they share, each weighed by how rare it is in questions: the cosine of their
vectors of inverse document frequencies (Spärck Jones 1972). What isn't asked in the same way is less so. The figures
below were chosen on half of the facts of ``benchmarks.told``, which reports the other half. Taking an answer back
leaves nothing of it.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from school.door.values import ME, Pair, Scope
from school.talking.words import Question, language
from school.texts.tokenizer import Tokenizer

TOLD = ("fix", "teach")  # sources of what somebody wants to hear again as it is
OWNERS = 2.0  # what a correction weighs that the owner makes in a chat; of others none does
LIKE = 0.38  # from which likeness on an answer is one to this question
ORDINARY = 0.02  # share of ordinary questions; a word that stands in more of them ("how") says nothing by itself
IN_ANSWER = 0.3  # what a word counts that stands in the answer but not in its question
NO_KIND, OTHER_KIND = 0.7, 0.6  # as like as that is "do you like dogs?", or "when...?", to "who...?"
OTHER_WHOSE, NOBODYS = 0.7, 0.8  # and "your name", or "a name", to "my name"
OF_ELSE, OF_ALL = 0.8, 0.5  # and "my cat's name", or "my name", to "my dog's name"
UNSURE, SURE = 0.95, 0.98  # how far the voice leans at first towards one that is just like enough; at most
GROWTH = 0.5  # of the doubt that is left, so much stays with each token that it says of the answer


@dataclass(frozen=True, slots=True)
class Told:
    """An answer that is held out: its ``tokens``, with its end, and how far to lean towards the first, in (0, 1)."""

    pair: Pair
    tokens: tuple[int, ...]
    share: float

    def next(self, said: list[int]) -> tuple[int, float]:
        """What comes next in it and how far to lean towards that, in [0, 1); 0 where something else was said."""
        count = len(said)
        if not self.follows(said):
            return self.tokens[-1], 0.0
        return self.tokens[count], min(SURE, 1 - (1 - self.share) * GROWTH**count)

    def follows(self, said: list[int]) -> bool:
        """Whether what was said is how it begins."""
        return len(said) < len(self.tokens) and tuple(said) == self.tokens[: len(said)]


class Recall:
    """The taught answers. ``usual`` brings what people ordinarily say, which tells what words are rare; it is asked for
    once there is anything to be found."""

    def __init__(self, tokenizer: Tokenizer, *, code: str = "en", usual: Callable[[], Iterable[str]] = tuple):
        self._tokenizer, self.language, self._usual = tokenizer, language(code), usual
        self._facts: dict[str, _Fact] = {}
        self._with: defaultdict[str, set[str]] = defaultdict(set)  # ids of the facts whose questions have a stem
        self._count: Counter[str] | None = None  # of usual questions with a stem
        self._questions = 0

    def __len__(self) -> int:
        return len(self._facts)

    def __contains__(self, key: str) -> bool:
        return key in self._facts

    def learn(self, pair: Pair) -> None:
        """Keep a pair, if it is one that somebody wants to hear again."""
        if pair.source not in TOLD or not pair.prompt or not pair.answer.strip():
            return
        self._take_out(pair.id)
        question = self.language.question(pair.prompt)
        self._facts[pair.id] = _Fact(pair, question, frozenset(self.language.stems(pair.answer)))
        for word in question.stems:
            self._with[word].add(pair.id)

    def forget(self, scope: Scope) -> None:
        for key in [key for key, fact in self._facts.items() if scope.covers(fact.pair)]:
            self._take_out(key)

    def find(self, text: str, person: str) -> Told | None:
        """What was told to the question most like this one; the later, of several. What the owner tells is for
        everybody, here or in a chat; what others do for themselves."""
        if not self._facts:
            return None
        asked = self.language.question(text)
        telling = [word for word in asked.stems if not self._is_ordinary(word)] or asked.stems
        near = {key for word in telling for key in self._with.get(word, ())}
        heard = [key for key in near if self._facts[key].for_everybody or self._facts[key].pair.person == person]
        like, key = max(((self._likeness(asked, self._facts[key]), key) for key in heard), default=(0.0, ""))
        if like < LIKE:
            return None
        pair = self._facts[key].pair
        share = UNSURE + (SURE - UNSURE) * (like - LIKE) / (1 - LIKE)
        return Told(pair, (*self._tokenizer.encode(pair.answer.strip()), self._tokenizer.end), share)

    def _take_out(self, key: str) -> None:
        if key in self._facts:
            for word in self._facts.pop(key).question.stems:
                self._with[word].discard(key)
                if not self._with[word]:
                    del self._with[word]

    def _likeness(self, asked: Question, fact: _Fact) -> float:
        """In [0, 1]."""
        told = fact.question
        same, in_answer = asked.stems & told.stems, (asked.stems - told.stems) & fact.answer
        if asked.stems == told.stems:
            return _likeness_in_kind(asked, told)
        if all(self._is_ordinary(word) for word in same | in_answer):
            return 0.0
        shared = self._weight(same) + IN_ANSWER * self._weight(in_answer)
        shared *= _likeness_in_kind(asked, told) * self._likeness_in_topic(asked, told)
        return min(1.0, shared / math.sqrt(self._weight(asked.stems) * self._weight(told.stems)))

    def _likeness_in_topic(self, asked: Question, told: Question) -> float:
        """1 where the word that tells most of what was told is asked for, too; less where another one is in its place,
        and least where none is."""
        if max(sorted(told.stems), key=self._rarity) in asked.stems:
            return 1.0
        return OF_ALL if all(self._is_ordinary(word) for word in asked.stems - told.stems) else OF_ELSE

    def _weight(self, words: Iterable[str]) -> float:
        return sum(self._rarity(word) ** 2 for word in sorted(words))

    def _rarity(self, word: str) -> float:
        """In nats: how much it tells that a question has this word."""
        found = self._usually(word) + len(self._with.get(word, ()))
        return math.log1p((self._questions + len(self._facts)) / (found + 1))

    def _is_ordinary(self, word: str) -> bool:
        return self._usually(word) > ORDINARY * self._questions

    def _usually(self, word: str) -> int:
        """In how many of the questions that people ordinarily ask it stands."""
        if self._count is None:
            questions = [set(self.language.stems(text)) for text in self._usual()]
            self._count, self._questions = Counter(word for words in questions for word in words), len(questions)
        return self._count[word]


@dataclass(frozen=True, slots=True)
class _Fact:
    pair: Pair
    question: Question
    answer: frozenset[str]  # its stems

    @property
    def for_everybody(self) -> bool:
        return self.pair.person == ME or (self.pair.source == "fix" and self.pair.weight >= OWNERS)


def _likeness_in_kind(asked: Question, told: Question) -> float:
    """1 where both ask for the same kind of thing about the same one of the two; else less."""
    like = 1.0
    if told.kinds and not asked.kinds:
        like *= NO_KIND
    elif told.kinds and not asked.kinds & told.kinds and "what" not in asked.kinds | told.kinds:
        like *= OTHER_KIND
    if told.whose and not asked.whose:
        like *= NOBODYS
    elif len(told.whose | asked.whose) == 2 and len(told.whose) == len(asked.whose) == 1:
        like *= OTHER_WHOSE
    return like
