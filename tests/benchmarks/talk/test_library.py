"""The library as text: what is taught, what is held out, who answers whom."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.talk.library import read
from school.office.mistakes import Mistake
from school.texts.places import Source


def test_turns_lose_their_names_and_pairs_are_found_in_both_parts(tmp_path: Path):
    chat, diary = tmp_path / "chat.txt", tmp_path / "diary.txt"
    turns = [f"you: question {number}?\nbaby: Answer {number}.\n" for number in range(20)]
    chat.write_text("".join(turns) + "you: nobody answers\n")
    diary.write_text("".join(f"Day {number}. It rained.\n" for number in range(40)))
    library = read([Source(file, file.name) for file in (chat, diary)], 0.1)
    assert library.pairs == [(f"question {number}?", f"Answer {number}.") for number in range(20)]
    assert "question 0?" in library.taught
    assert "Answer 19." in library.held_out
    assert "you:" not in library.taught_text + library.held_out_text
    assert "Day 0. It rained." in library.taught_text
    assert "Day 39. It rained." in library.held_out_text
    assert "Day 39." not in library.taught_text


def test_a_library_of_nothing_is_a_mistake(tmp_path: Path):
    with pytest.raises(Mistake, match="nothing in the library"):
        read([Source(tmp_path / "none.txt", "none.txt")], 0.1)
