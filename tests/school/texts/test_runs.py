"""Paragraphs of which much stands elsewhere are all found before any is looked at closely."""

from __future__ import annotations

import random
from itertools import combinations

import numpy as np
import pytest

from school.texts import runs as runs_of_words
from school.texts.near import ALIKE, DIGITS
from school.texts.runs import LEAST, RUN, plain_lines, worth_comparing
from school.texts.wording import units_of

WORDS = (
    "fox moon river soup's boat BOAT Übung über 12 1,234 3 7. ٣٤ 東京に rain-window Ångström naïve — extraordinarily"
)


def runs(paragraph: str) -> set[tuple[str, ...]]:
    words = units_of(paragraph)
    return {tuple(words[i : i + RUN]) for i in range(len(words) - RUN + 1)}


def alike(one: str, other: str) -> bool:
    """Plainly: near copies, or the same but for digits."""
    a, b = runs(one), runs(other)
    same = [[DIGITS.sub("#", word) for word in units_of(paragraph)] for paragraph in (one, other)]
    return len(a & b) >= ALIKE * len(a | b) or same[0] == same[1]


def edited(rng: random.Random, paragraph: str) -> str:
    words = paragraph.split(" ")
    for i in rng.sample(range(len(words)), rng.randrange(1 + len(words) // 5)):
        words[i] = rng.choice([words[i].upper(), f"“{words[i]}”", "ought", "77", ""])
    return " ".join(words)


@pytest.mark.parametrize("at_once", [runs_of_words.AT_ONCE, 3])
def test_all_that_is_alike_is_worth_comparing(monkeypatch: pytest.MonkeyPatch, at_once: int):
    """Whatever the script, capitals, digits and marks: none of a pair that is alike is left aside."""
    monkeypatch.setattr(runs_of_words, "AT_ONCE", at_once)
    rng = random.Random(1)
    pairs = 0
    for _ in range(60):
        said = [" ".join(rng.choices(WORDS.split(), k=rng.randint(1, 30))) for _ in range(9)]
        said += [edited(rng, rng.choice(said)) for _ in range(9)]
        texts = [said[:5], [], said[5:]]
        worth = [texts[text][i] for text, which in enumerate(worth_comparing(texts, ALIKE)) for i in which]
        for one, other in combinations(said, 2):
            if alike(one, other) and min(len(units_of(one)), len(units_of(other))) >= LEAST:
                pairs += 1
                assert one in worth
                assert other in worth
    assert pairs > 100


@pytest.mark.parametrize("chunk", [3, runs_of_words.CHUNK])
def test_runs_that_stand_alone(monkeypatch: pytest.MonkeyPatch, chunk: int):
    """Each run that no other paragraph has, once; of those that share a place all or none."""
    monkeypatch.setattr(runs_of_words, "CHUNK", chunk)
    rng = np.random.default_rng(1)
    for count in (0, 1, 5, 400):
        hashes = rng.integers(0, 2 + count // 2, count).astype(np.uint32) * np.uint32(1 << 22)
        of = np.sort(rng.integers(0, 9, count)).astype(np.uint32)
        owners = {place: set(of[hashes == place].tolist()) for place in set(hashes.tolist())}
        alone = runs_of_words._alone(hashes, of)
        assert sorted(hashes[alone].tolist()) == sorted(place for place, some in owners.items() if len(some) == 1)


def test_what_stands_nowhere_else_is_not():
    """Of paragraphs of their own none is, and of no paragraphs none."""
    words = [f"word{i}".translate(str.maketrans("0123456789", "abcdefghij")) for i in range(600)]
    texts = [[" ".join(words[i : i + 20]) for i in range(0, 600, 20)], []]
    assert [len(one) for one in worth_comparing(texts, ALIKE)] == [0, 0]
    assert worth_comparing([], ALIKE) == []


def test_words_are_those_that_are_compared():
    """Line by line the same words as wording.units_of has, but for digits."""
    for line in [WORDS, "It's ⅓ of\ta\x0bday", "１２ ³ ²x", "e\u0301\u200b\ufeffx", "\ud800 lone", "ﬁne ẞ ǅ"]:
        plain = plain_lines(f"{line}\n{line}").split(b"\n")
        wanted = [DIGITS.sub("#", word).encode("utf-8", "surrogatepass") for word in units_of(line)]
        assert [one.split() for one in plain] == [wanted, wanted]
