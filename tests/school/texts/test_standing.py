"""A word is found wherever it stands, and nowhere else, however it is looked for."""

from __future__ import annotations

import random
import re

import pytest

from school.texts import standing
from school.texts.standing import Standing, characters_at

WORDS = ("ab", "aa", "aba", "abcab", "x", "c ", "\n\n", "é", "aé", "_a", "éa_b ")


@pytest.mark.parametrize("at_once", [1, 7, standing.AT_ONCE])
@pytest.mark.parametrize("short", [0, standing.SHORT])
def test_where_words_stand(monkeypatch: pytest.MonkeyPatch, at_once: int, short: int):
    """In texts made by chance, also where a word overlaps itself, or the edge of what is looked at together."""
    monkeypatch.setattr(standing, "AT_ONCE", at_once)
    monkeypatch.setattr(standing, "SHORT", short)
    rng, found = random.Random(1), 0
    for _ in range(150):
        text = "".join(rng.choices("aaabbc é_\n", k=rng.choice((0, 1, 5, 40, 200))))
        said = Standing(text.encode())
        for word in WORDS:
            plain = [match.start() for match in re.finditer(f"(?={re.escape(word)})", text)]
            places = list(said.places(word.encode()))
            assert characters_at(said.data, places) == plain
            assert said.has(b"nowhere", word.encode()) == bool(plain)
            found += len(plain)
    assert found > 1000
