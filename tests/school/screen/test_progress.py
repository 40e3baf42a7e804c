"""Whether it learns, in a sentence that a person can read; and the words that it is said in."""

from __future__ import annotations

from datetime import datetime

import pytest

from bots.typed import ROWS
from school.screen.figures import ALL
from school.screen.glossary import ALSO, WORDS, Newcomer, explain
from school.screen.progress import Examination, is_it_learning
from school.screen.views import EXAM, LESSON

NOON = datetime(2026, 11, 29, 13, 0)  # noqa: DTZ001


def exams(*given: tuple[str, float] | tuple[str, float, int]) -> list[Examination]:
    return [
        Examination(at=datetime.fromisoformat(at), bits_per_byte=bits, size=size[0] if size else 1000)
        for at, bits, *size in given
    ]


TODAY, BEFORE = "2026-11-29 ", "2026-11-28 "


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ([], ""),
        (
            [(TODAY + "09:00", 2.5)],
            "whether it learns can't be told yet: it has been examined once, 2.50 bits per byte",
        ),
        ([(TODAY + "09:00", 2.5), (TODAY + "12:50", 2.4)], "since this morning it predicts your writing 4 % better"),
        ([(TODAY + "12:00", 2.5), (TODAY + "12:50", 2.6)], "since 12:00 it predicts your writing 4 % worse"),
        ([(TODAY + "09:00", 2.5), (TODAY + "12:50", 2.499)], "no better and no worse"),
        ([(BEFORE + "09:00", 2.5), (BEFORE + "20:00", 2.3), (TODAY + "12:50", 2.0)], "since yesterday it predicts"),
        ([("2026-11-26 09:00", 2.0), (TODAY + "12:50", 1.98)], "since Thursday it predicts your writing 1.0 % better"),
        ([("2026-03-03 09:00", 2.0), ("2026-03-03 10:00", 1.0)], "since 3 March it predicts your writing 50 % better"),
        ([("2025-03-03 09:00", 2.0), (TODAY + "10:00", 1.0)], "since 3 March 2025 it"),
        ([(TODAY + "09:00", 9.9, 50), (TODAY + "12:10", 2.0), (TODAY + "12:40", 1.0)], "since 12:10 it predicts"),
    ],
)
def test_is_it_learning(given, sentence):
    """Against the first examination of its day, or else of the last day before, on as much text; noise is no news."""
    said = is_it_learning(exams(*given), NOON)
    assert sentence in said
    assert bool(said) == bool(given)


def test_every_word_on_the_screen_is_explained():
    """All figures of the views by the names they have there, and what else /status is made of."""
    for word in (*ALL, *LESSON, *EXAM, "step", "bits per byte", "held-out", "mood", "self-state", "soul", "tokens"):
        if word != "ms/step":
            assert ALSO.get(word, word) in WORDS, word
    assert set(ALSO.values()) <= WORDS.keys()
    assert {choice for row in ROWS if row.name == "/help" for choice in row.choices} <= WORDS.keys()
    assert explain("Held-Out").startswith("held-out: ")
    assert "did you mean /help loss" in explain("lossy")
    assert "temperature" in explain("xyzzy")


def test_a_word_is_explained_once_where_it_first_stands():
    newcomer = Newcomer()
    met = [line.split(":")[0].strip(" (") for line in newcomer.explain("step 1 · loss 6.475 · 953 tokens/s")]
    assert met == ["step", "loss"]
    assert newcomer.explain("step 2 · loss 6.4") == []
    (line,) = newcomer.explain("examined at step 20: 3.555 bits/byte on text it was never taught")
    assert "bits per byte: " in line
