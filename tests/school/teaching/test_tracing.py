"""Where words come from: runs are found wherever they stand, and go to those who hold them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from school.teaching import tracing
from school.teaching.tracing import RUN, trace

SEPARATOR = 0


def places(run: tuple[int, ...], text: list[int]) -> int:
    return sum(tuple(text[i : i + len(run)]) == run for i in range(len(text) - len(run) + 1))


def by_hand(said: list[int], texts: list[list[int]]) -> dict[int, float]:
    """The credit by its definition, without any haste."""
    credit = dict.fromkeys(range(len(texts)), 0.0)
    total = sum(len(text) + 1 for text in texts)
    for end in range(1, len(said) + 1):
        for length in range(min(RUN, end), 1, -1):
            run = tuple(said[end - length : end])
            counts = [places(run, text) for text in texts]
            if not sum(counts):
                continue
            before, alone = (sum(places(part, text) for text in texts) for part in (run[:-1], run[-1:]))
            nats = max(0.0, math.log(sum(counts) / (before + 1) * total / alone))
            for source, count in enumerate(counts):
                credit[source] += nats * count / sum(counts)
            break
    return {source: nats for source, nats in credit.items() if nats}


@pytest.mark.parametrize("seed", range(5))
def test_it_is_what_counting_by_hand_gives(seed):
    """Of texts with few different tokens, so that much of everything is found, an answer made of pieces of them."""
    rng = np.random.default_rng(seed)
    texts = [rng.integers(1, 7, size=size).tolist() for size in (300, 40, 5, 1)]
    said = [*texts[0][20:31], *texts[1][3:9], 99, *texts[2]]
    found = trace(said, [np.array(text, dtype=np.uint16) for text in texts], separator=SEPARATOR).credit
    assert {source: nats for source, nats in found.items() if nats} == pytest.approx(by_hand(said, texts))


def test_a_rare_run_has_one_source():
    """Of a hundred texts that share their commonest words, the one that holds the run gets nearly all, and the run is
    told whole."""
    rng = np.random.default_rng(0)
    texts = [np.where(rng.random(200) < 0.5, rng.integers(1, 5, 200), rng.integers(5, 3000, 200)) for _ in range(100)]
    said = [1, 2, *texts[63][50:70].tolist(), 3]
    found = trace(said, texts, separator=SEPARATOR)
    best = max(found.credit, key=found.credit.get)
    assert best == 63
    assert found.credit[63] > 0.9 * sum(found.credit.values())
    place, run = found.longest[63]
    assert run >= 20
    assert said[place - run + 1 : place + 1] == texts[63].tolist()[70 - run + (place - 21) : 70 + (place - 21)]


def test_long_texts_are_read_a_part_at_a_time(monkeypatch):
    """In parts and at once it finds the same, but for what a cut goes through; and nothing of one text runs on into the
    next."""
    rng = np.random.default_rng(1)
    texts = [rng.integers(1, 50, size=size) for size in (1000, 30, 30)]
    said = [*texts[0][100:120].tolist(), *texts[1][-5:].tolist(), *texts[2][:5].tolist()]
    whole = trace(said, texts, separator=SEPARATOR)
    monkeypatch.setattr(tracing, "AT_ONCE", 500)
    parts = trace(said, texts, separator=SEPARATOR)
    assert parts.longest[0][1] == whole.longest[0][1] >= 20
    assert max(whole.longest[1][1], whole.longest[2][1]) < 8
    assert parts.credit[0] == pytest.approx(whole.credit[0], rel=0.05)


def test_nothing_is_nobodys():
    """No texts, an empty answer, an answer that nobody's words stand in."""
    for said, texts in (([], [[1, 2]]), ([1, 2], []), ([1, 2], [[]]), ([1, 2], [[3, 4, 5]])):
        assert trace(said, [np.array(text, dtype=np.int64) for text in texts], separator=SEPARATOR).credit == {}
