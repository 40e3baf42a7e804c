"""Conversations in a library: texts with lines that begin ``you: `` and ``baby: ``, in small letters or capitals, and
files of questions and answers, with lines that begin ``Q: `` and ``A: ``.

What stands below such a line belongs to it, for a message may have several lines. Where a text begins with a turn, all
of it is messages; where it begins with something else, a conversation is told within it, and an empty line ends a turn.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from school.texts.marks import MARKED, is_marked, marked_segments
from school.texts.standing import Standing, characters_at
from school.texts.tokenizer import BABY, END, PERSON, Segment, Tokenizer

UNSEEN = "\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff"  # marks that apps put before a name, and that nobody sees
TURN = re.compile(rf"^[{UNSEEN}]*(you|baby): ?", re.IGNORECASE | re.MULTILINE)
QUESTION = re.compile(rf"^[{UNSEEN}]*(Q|A): ?", re.MULTILINE)
ANSWERED = re.compile(rf"^[{UNSEEN}]*Q: ?[^\n]*\n\s*A: ", re.MULTILINE)
NAMED = re.compile(r":(?i:(?<=you:)|(?<=baby:))")  # quick to search for
EMPTY_LINE = re.compile(r"\n[ \t]*\n")
SPEAKERS = {"you": PERSON, "baby": BABY, "q": PERSON, "a": BABY}


def has_turns(text: str) -> bool:
    """Whether a text holds a conversation written as lines that begin ``you: `` and ``baby: ``, a question ``Q: `` with
    its answer ``A: `` below, or marked turns."""
    if is_marked(text):
        return True
    small = Standing(text.encode("utf-8", "surrogatepass").lower())
    if all(any(True for _ in _begun(text, small, name)) for name in (b"you:", b"baby:")):
        return True
    return "Q:" in text and ANSWERED.search(text) is not None


def _begun(text: str, small: Standing, name: bytes) -> Iterator[int]:
    """Where turns begin with a name. ``small``: the text in small letters."""
    for place in characters_at(small.data, list(small.places(name))):
        start = text.rfind("\n", 0, place) + 1
        if (turn := TURN.match(text, start)) and turn.start(1) == place:
            yield start


def conversation_segments(text: str, *, only_turns: bool | None = None) -> Iterator[Segment]:
    """A text with such lines as marked turns, and what is around them as plain text.
    ``only_turns``: whether all of it is messages; told by its beginning where that isn't given. Where turns are marked,
    such lines are just lines."""
    if is_marked(text):
        yield from marked_segments(text)
        return
    if only_turns is None:
        only_turns = begins_with_turn(text)
    begin = _pattern(text)
    starts = [match.start() for match in begin.finditer(text)]
    yield from _plain(text[: starts[0]] if starts else text)
    for start, stop in pairwise([*starts, len(text)]):
        turn, after = text[start:stop], ""
        if not only_turns:
            turn, *rest = EMPTY_LINE.split(turn, maxsplit=1)
            after = "".join(rest)
        match = begin.match(turn)
        yield SPEAKERS[match[1].lower()]
        if said := turn[match.end() :].strip():
            yield said
        yield END
        yield from _plain(after)


def said_by_person(text: str) -> Iterator[str]:
    """What the person says in it, turn by turn."""
    speaker = None
    for segment in conversation_segments(text):
        if not isinstance(segment, str):
            speaker = segment
        elif speaker == PERSON:
            yield segment


def next_turn(text: str, start: int, stop: int) -> int | None:
    """Where the first turn begins that begins there, or in a text with marks the first document."""
    turn = MARKED if is_marked(text) else _pattern(text)
    line = text.find("\n", max(0, start - 1), stop) + 1
    while 0 < line < stop:
        if turn.match(text, line):
            return line
        line = text.find("\n", line, stop) + 1
    return None


def begins_with_turn(text: str) -> bool:
    text = text.lstrip()
    return _pattern(text).match(text) is not None


def _pattern(text: str) -> re.Pattern[str]:
    """How turns begin in a text: ``Q: `` and ``A: `` where there are no others."""
    return TURN if NAMED.search(text) and TURN.search(text) else QUESTION


def encode_conversation(tokenizer: Tokenizer, text: str) -> list[int]:
    """The tokens of such a text."""
    return [token for ids in tokenizer.encode_segments(list(conversation_segments(text))) for token in ids]


def _plain(text: str) -> Iterator[str]:
    for line in text.split("\n"):
        if line.strip():
            yield line + "\n"
