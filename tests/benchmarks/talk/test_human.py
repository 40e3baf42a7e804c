"""Pieces of human text, as long as answers."""

from __future__ import annotations

from benchmarks.talk.human import pieces_of, sentences_of
from school.texts.fluency import words

TEXT = 'One two three. "Four five!" said Mr. Six.\nseven eight\n\n* * *\nNine ten eleven twelve? Thirteen.'


def sentences(text: str) -> list[str]:
    return [text[start:stop] for start, stop in sentences_of(text)]


def test_sentences_and_lines():
    """A line without a mark stands for itself, one without words for nothing."""
    assert sentences(TEXT) == [
        "One two three.",
        '"Four five!"',
        "said Mr. Six.",
        "seven eight",
        "Nine ten eleven twelve?",
        "Thirteen.",
    ]
    assert sentences("") == sentences(" \n--\n") == []


def test_pieces_are_as_long_as_asked_and_begin_with_sentences():
    """Cuts have the very number of words, runs end with the sentence that is nearest to it."""
    lengths = [3, 1, 4, 2, 5]
    pieces = pieces_of(TEXT, lengths, seed=0)
    assert [len(words(cut)) for cut in pieces.cuts] == lengths
    beginnings, ends = sentences(TEXT), {one[-6:] for one in sentences(TEXT)}
    for cut, run, length in zip(pieces.cuts, pieces.runs, lengths, strict=True):
        assert any(one.startswith(cut[:4]) for one in beginnings)
        assert run[-6:] in ends
        assert run[:4] == cut[:4]
        assert abs(len(words(run)) - length) <= 2


def test_pieces_are_fresh_until_the_text_is_through():
    """Until it comes round no two have a word in common; from then on they do."""
    for seed in range(5):
        pieces = pieces_of(TEXT, [2] * 20, seed=seed)
        assert 3 <= pieces.fresh <= 6
        told = [word for cut in pieces.cuts[: pieces.fresh] for word in words(cut)]
        assert len(told) == len(set(told)) == 2 * pieces.fresh
        assert len(pieces.cuts) == 20


def test_a_text_that_is_too_short_gives_what_it_has():
    assert pieces_of("", [3], seed=0) == ([], [], 0)
    assert pieces_of("Only three words.", [7, 0, 1], seed=0).cuts == ["Only three words.", "", "Only"]
    assert pieces_of("Only three words.", [7, 0, 1], seed=0).runs == ["Only three words.", "", "Only three words."]
