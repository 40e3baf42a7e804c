"""Near duplicates are noticed, and nothing else is taken for one."""

from __future__ import annotations

import pytest

from bots.chat.duplicates import NearDuplicates

PASTA = "this is the famous pasta that everybody copies into every chat again and again, copy it or have bad luck"


def test_the_same_again_is_a_duplicate():
    """A copy, a nearly equal copy and a copy with something around it count as one; other lines don't."""
    seen = NearDuplicates(100)
    assert seen.find(PASTA) is None
    assert seen.note(PASTA).times == 1
    assert seen.note(PASTA.upper() + "!!!").times == 2
    assert seen.note(PASTA.replace("famous", "great")).times == 3
    assert seen.find(PASTA).times == 3
    assert seen.note(f"hey everybody read this now: {PASTA} LUL").times == 4
    assert seen.note("I had soup with my famous aunt, and luck with the bad weather").times == 1
    assert len(seen) == 2


def test_short_lines_are_duplicates_only_of_themselves():
    """A greeting is no duplicate of a sentence that has it."""
    seen = NearDuplicates(100)
    seen.note("hello")
    assert seen.note("hello how was your day?").times == 1
    assert seen.note("HELLO!").times == 2
    assert seen.note("👍").times == 1
    assert seen.note("👍").times == 2


@pytest.mark.timeout(20)  # unbounded it takes minutes
def test_crafted_lines_take_no_longer():
    """Hundreds of lines with nearly half in common are different, a copy among them is noticed, and what is looked at
    for one is bounded."""
    seen, half = NearDuplicates(500, looked_at=300), " ".join(f"{i * i:x}" for i in range(100, 140))
    lines = [f"{half} " + " ".join(f"{i * 7919 + j * j:x}" for j in range(40, 100)) for i in range(1000, 1150)]
    assert all(seen.note(line).times == 1 for line in lines)
    assert all(seen.note(line).times == 2 for line in lines[::10])


def test_what_is_remembered_is_bounded():
    """Only the window is remembered, pieces included."""
    seen = NearDuplicates(10)
    for i in range(200):
        seen.note(f"line {i * 7919} of many {i * 104729}")
    assert len(seen) == 10
    assert seen.pieces < 10 * 60
    assert seen.note("line 0 of many 0").times == 1
