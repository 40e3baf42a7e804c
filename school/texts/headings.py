"""A Markdown document as a conversation: what its headings ask, the text below them answers."""

from __future__ import annotations

import re

from school.texts.content import Talk, Turn

QUESTION, ANSWER = "you", "baby"
_HEADING = re.compile(r"^#{1,6}[ \t]+(.+?)[ \t]*#*$", re.MULTILINE)


def by_headings(text: str) -> Talk | str:
    """The text itself where it has no heading with something below. What stands before the first one is left out, and
    of headings without a text of their own the last one asks."""
    _, *parts = _HEADING.split(text)
    talk: Talk = []
    for question, answer in zip(parts[::2], parts[1::2], strict=True):
        if answer.strip():
            talk += [Turn(QUESTION, question.strip()), Turn(ANSWER, answer.strip())]
    return talk or text
