"""What texts say again in nearly the same words: an edited copy of a paragraph, what stands under every letter, a
message that a program sends every hour.

Exact copies are found by copies.py, and of two texts the longer one has a passage, here as there. Here paragraphs are
compared by the runs of three words in them: MinHash (Broder 1997, by ``rensa``) finds pairs that may be alike, in bands
as in locality-sensitive hashing, and each is verified by its true Jaccard similarity. Seeds are fixed, so the same
texts always lose the same passages. Most paragraphs say too much that no other one says to be like any: they are told
by counting runs of words (``runs.py``), and never looked at here.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from school.texts.runs import worth_comparing
from school.texts.wording import units_of

ALIKE = 0.6  # Jaccard similarity of the runs of words; one word in twenty changed leaves about 0.75
SHINGLE = 3  # words
LEAST = 20  # words of a paragraph that is compared; shorter ones are alike by chance
PERMUTATIONS, BAND, SEED = (
    128,
    4,
    1,
)  # 32 bands of 4: of pairs at 0.6 two in a hundred are missed, at 0.75 one in 10,000
BATCH = 2000  # paragraphs hashed at once
MANY, MANY_WORDS = 5, 8  # texts with the same paragraph, and its words, that make it boilerplate
BEGINNING = 8 * LEAST  # letters of a line that has so many words, mostly
AGAIN, AGAIN_WORDS = 3, 4  # times that a message comes, and its words, that make it a repeated one
KEPT_ALIKE = 20  # that a paragraph is verified against, at most
DIGITS = re.compile(r"\d+")

Place = tuple[int, int, int]  # a text's number, and where the passage begins and ends


@dataclass(frozen=True, slots=True, order=True)
class Drop:
    """A passage to leave out: "boilerplate", "said before" (in the same text) or "nearly the same"; ``like`` stays."""

    text: int
    start: int
    stop: int
    why: str
    like: Place


@dataclass(slots=True)
class _Content:
    """What one or several paragraphs say, to the letter but for spaces; its ``words`` as numbers."""

    places: list[Place] = field(default_factory=list)
    words: np.ndarray = field(default_factory=lambda: np.empty(0, np.int32))


class _Vocabulary(dict[str, int]):
    """A number for each word, in order of their coming."""

    def __missing__(self, word: str) -> int:
        self[word] = len(self)
        return self[word]

    def numbers(self, words: list[str]) -> np.ndarray:
        return np.fromiter(map(self.__getitem__, words), np.int32, len(words))

    def without_digits(self) -> np.ndarray:
        """For each word's number that of the word with a sign in the place of its digits."""
        words = list(self)
        return self.numbers([word if word.isalpha() else DIGITS.sub("#", word) for word in words])


def find_near(texts: Sequence[str]) -> list[Drop]:
    """What can be left out of texts, in order; neighbours as one."""
    contents: dict[str, _Content] = {}
    vocabulary = _Vocabulary()
    compared = _compared(texts)
    for number in _longest_first(texts):
        for start, stop in compared[number]:
            said = " ".join(texts[number][start:stop].split())
            if said not in contents:
                contents[said] = _Content(words=vocabulary.numbers(units_of(said)))
            contents[said].places.append((number, start, stop))
    drops = list(_boilerplate(contents.values(), texts, vocabulary)) if len(texts) >= MANY else []
    long = [content for content in contents.values() if len(content.words) >= LEAST]
    for content in long:
        drops += [Drop(*again, "said before", first) for first, again in _again(content.places)]
    for content, like in _nearly_the_same(long, vocabulary):
        drops += [Drop(*place, "nearly the same", like.places[0]) for place in content.places]
    once = {(drop.text, drop.start): drop for drop in reversed(drops)}  # what was found first counts
    return _joined(sorted(once.values()), texts)


def _compared(texts: Sequence[str]) -> list[list[tuple[int, int]]]:
    """Of each text the paragraphs that may be like another one."""
    spans = [list(paragraphs(text)) for text in texts]
    said = ([text[start:stop] for start, stop in here] for text, here in zip(texts, spans, strict=True))
    worth = worth_comparing(said, ALIKE)
    return [[here[i] for i in which] for here, which in zip(spans, map(np.ndarray.tolist, worth), strict=True)]


def find_repeated(messages: Sequence[str]) -> dict[int, int]:
    """Which messages of a conversation say what another one does, by their numbers, and which one that is: the first.
    Short ones may be said again and again."""
    same: dict[str, list[int]] = defaultdict(list)
    contents, vocabulary = [], _Vocabulary()
    alike = set(worth_comparing([messages], ALIKE)[0].tolist())
    for number, message in enumerate(messages):
        words = units_of(message)
        if len(words) >= AGAIN_WORDS:
            same[" ".join("#" if word.isdigit() else word for word in words)].append(number)
        if number in alike and len(words) >= LEAST:
            contents.append(_Content([(number, 0, len(message))], vocabulary.numbers(words)))
    repeated = {n: numbers[0] for numbers in same.values() if len(numbers) >= AGAIN for n in numbers[1:]}
    for content, like in _nearly_the_same(contents, vocabulary):
        repeated.setdefault(content.places[0][0], like.places[0][0])
    return dict(sorted(repeated.items()))


def without(text: str, drops: Iterable[Drop]) -> str:
    """A text without the passages that were found in it."""
    parts, at = [], 0
    for drop in drops:
        parts.append(text[at : drop.start])
        at = drop.stop
    return "".join([*parts, text[at:]])


def counts_of(drops: Iterable[Drop]) -> Counter[str]:
    return Counter(drop.why for drop in drops)


def paragraphs(text: str) -> Iterator[tuple[int, int]]:
    """Where paragraphs begin and end: lines up to an empty one, but a line that is long enough is one by itself."""
    first = last = None
    stop = -1
    for line in text.split("\n"):
        start, stop = stop + 1, stop + 1 + len(line)
        if not line or line.isspace():
            continue
        alone = line.count(" ", 0, BEGINNING) >= LEAST - 1 or line.count(" ") >= LEAST - 1
        if first is not None and (alone or text.count("\n", last, start) > 1):
            yield first, last
            first = None
        if alone:
            yield start, stop
        else:
            first, last = start if first is None else first, stop
    if first is not None:
        yield first, last


def _longest_first(texts: Sequence[str]) -> list[int]:
    return sorted(range(len(texts)), key=lambda number: (-len(texts[number]), number))


def _boilerplate(contents: Iterable[_Content], texts: Sequence[str], vocabulary: _Vocabulary) -> Iterator[Drop]:
    """The same paragraph, whatever the numbers in it, in many texts of which it is the smaller part; a file in many
    copies is no boilerplate."""
    alike: dict[bytes, list[Place]] = defaultdict(list)
    without_digits = vocabulary.without_digits()
    for content in contents:
        if len(content.words) >= MANY_WORDS:
            alike[without_digits[content.words].tobytes()] += content.places
    many = [sorted(places, key=lambda place: -len(texts[place[0]])) for places in alike.values()]
    many = [places for places in many if len({number for number, _, _ in places}) >= MANY]
    share = Counter()
    for places in many:
        for number, start, stop in places:
            share[number] += stop - start
    for first, *others in many:
        for place in others:
            if place[0] != first[0] and share[place[0]] < len(texts[place[0]]) / 2:
                yield Drop(*place, "boilerplate", first)


def _again(places: list[Place]) -> Iterator[tuple[Place, Place]]:
    """Of each text, the first of these places and each other."""
    first: dict[int, Place] = {}
    for place in places:
        if place[0] in first:
            yield first[place[0]], place
        else:
            first[place[0]] = place


def _nearly_the_same(contents: list[_Content], vocabulary: _Vocabulary) -> Iterator[tuple[_Content, _Content]]:
    """Contents that are like an earlier one that stays, and that one."""
    names = list(vocabulary)
    shingles = [_shingles([names[number] for number in content.words.tolist()]) for content in contents]
    kept_near: dict[int, list[int]] = defaultdict(list)
    for number, candidates in enumerate(_candidates(shingles)):
        kept = dict.fromkeys(k for other in candidates for k in kept_near[other])
        like = next((k for k in list(kept)[:KEPT_ALIKE] if _jaccard(shingles[number], shingles[k]) >= ALIKE), None)
        if like is None:
            kept_near[number] = [number]
        else:
            kept_near[number] = [like]
            yield contents[number], contents[like]


def _shingles(words: list[str]) -> set[str]:
    return {" ".join(words[i : i + SHINGLE]) for i in range(max(1, len(words) - SHINGLE + 1))}


def _jaccard(one: set[str], other: set[str]) -> float:
    both = len(one & other)
    return both / (len(one) + len(other) - both)


def _candidates(shingles: list[set[str]]) -> list[list[int]]:
    """For each set, earlier ones that share a band with it: the one before it and the first of all, in each band."""
    if not shingles:
        return []
    from rensa import RMinHash  # seldom needed, as few paragraphs are like any other

    found: list[dict[int, None]] = [{} for _ in shingles]
    digests = np.empty((len(shingles), PERMUTATIONS), np.uint32)
    for start in range(0, len(shingles), BATCH):
        some = [sorted(one) for one in shingles[start : start + BATCH]]
        digests[start : start + BATCH] = RMinHash.digests_from_token_sets(some, PERMUTATIONS, SEED)
    for band in range(0, PERMUTATIONS, BAND):
        rows = np.ascontiguousarray(digests[:, band : band + BAND]).view(np.uint64)
        order = np.lexsort((np.arange(len(rows)), rows[:, 0], rows[:, 1]))
        same = (rows[order][1:] == rows[order][:-1]).all(1)
        first = order[0] if len(order) else 0
        for before, number, alike in zip(order[:-1].tolist(), order[1:].tolist(), same.tolist(), strict=True):
            if alike:
                found[number] |= {int(first): None, before: None}
            else:
                first = number
    return [sorted(one) for one in found]


def _joined(drops: list[Drop], texts: Sequence[str]) -> list[Drop]:
    joined: list[Drop] = []
    for drop in drops:
        last = joined[-1] if joined else None
        if (
            last
            and (last.text, last.why) == (drop.text, drop.why)
            and not texts[drop.text][last.stop : drop.start].strip()
        ):
            joined[-1] = Drop(last.text, last.start, drop.stop, last.why, last.like)
        else:
            joined.append(drop)
    return joined
