"""An answer that is printed as it grows."""

from __future__ import annotations

from io import StringIO

import pytest

from school.screen.calligraphist import number_of
from school.screen.flow import Flow

TEXT = "the cat sat on the mat and looked at the rain, which did not stop.\n\nThen it slept. \u732b"


def printed(width: int | None, step: int, text: str = TEXT) -> str:
    stream = StringIO()
    flow = Flow(stream, width)
    flow.begin("baby: ")
    for start in range(0, len(text), step):
        flow.feed(text[start : start + step])
    flow.end()
    return stream.getvalue()


@pytest.mark.parametrize("step", [1, 3, 1000])
def test_it_breaks_between_words_however_it_comes(step):
    """No line is longer than the screen, no word is broken, nothing is lost."""
    lines = printed(20, step).splitlines()
    assert lines[0] == "baby: the cat sat on"
    assert all(len(line) <= 20 for line in lines)
    assert " ".join(" ".join(lines).split()) == " ".join(("baby: " + TEXT).split())


@pytest.mark.parametrize("step", [1, 7])
def test_where_no_terminal_is_nothing_is_broken(step):
    assert printed(None, step, "  the cat  sat ") == "baby: the cat  sat\n"


def test_it_can_not_command_the_screen():
    assert "\x1b" not in printed(20, 2, "a\x1b[31mb")


def test_one_is_one():
    assert [number_of(n, "text") for n in (0, 1, 2, 1200)] == ["0 texts", "1 text", "2 texts", "1,200 texts"]
