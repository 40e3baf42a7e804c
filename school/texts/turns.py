"""Conversations in a library: texts with lines that begin ``you: `` and ``baby: ``."""

from __future__ import annotations

import re

from school.texts.tokenizer import BABY, END, PERSON, Tokenizer

TURN = re.compile(r"^(you|baby): ?(.*)$", re.MULTILINE)
SPEAKERS = {"you": PERSON, "baby": BABY}


def has_turns(text: str) -> bool:
    """Whether a text holds a conversation written as lines that begin ``you: `` and ``baby: ``."""
    speakers = {match[1] for match in TURN.finditer(text)}
    return len(speakers) == 2


def encode_conversation(tokenizer: Tokenizer, text: str) -> list[int]:
    """A text with ``you: `` and ``baby: `` lines as marked turns; lines of neither kind stay plain text."""
    ids = []
    for line in text.splitlines():
        if match := TURN.match(line):
            ids += [SPEAKERS[match[1]], *tokenizer.encode(match[2].strip()), END]
        elif line.strip():
            ids += tokenizer.encode(line + "\n")
    return ids
