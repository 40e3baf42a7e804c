"""The captures, made from a real life of a few steps."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from benchmarks import captures
from tests.conftest import SENTENCES


def test_a_short_life_gives_every_capture(tmp_path: Path):
    """It wakes, is asked, corrected and asked again, and shows everything once, in lines that fit into a page."""
    book = tmp_path / "book.txt"
    book.write_text("".join(f"{n}. {SENTENCES}" for n in range(12)))
    quick = ["library.vocabulary=320", "lessons.streams=2", "lessons.block_tokens=32", "lessons.micro_streams=2"]
    quick += ["speech.max_tokens=6"]
    found = captures.capture(Namespace(text=book, set=quick, steps=4))
    assert found.keys() == captures.PAGES.keys()
    waking = found["waking"]
    assert waking[0] == "$ .venv/bin/python wakeup.py --set brain.preset=newborn"
    assert waking[1] == "a new baby: learning its letters from 1 text..."
    assert [line for line in waking if line.startswith("you: ")] == [
        f"you: {captures.QUESTION}",
        f"you: {captures.QUESTION}",
        f"you: /fix {captures.CORRECTION}",
        f"you: {captures.QUESTION}",
    ]
    assert sum(line.startswith("baby: ") for line in waking) == 3
    assert any("truth" in line for line in found["view"])
    assert max(map(len, found["view"])) <= captures.WIDTH


def test_lines_about_lessons_are_left_out_but_for_the_last_examination():
    """They become one "..."; the first lines, before which nothing can have been left out, have none."""
    lines = [
        "$ wake",
        "(others)",
        "step 1",
        "examined at step 1: 9",
        "examined at step 2: 8",
        "step 3",
        "you: hello",
        "baby: hi",
    ]
    assert captures.abridged(lines) == ["$ wake", "(others)", "...", "examined at step 2: 8", "you: hello", "baby: hi"]
