"""A long text in pieces that a tokenizer takes one at a time."""

from __future__ import annotations

from collections.abc import Iterator

PIECE = 1 << 16  # characters encoded at a time


def pieces(text: str) -> Iterator[str]:
    """The text in pieces of about PIECE characters that end with a line, or a word."""
    start = 0
    while start < len(text):
        stop = min(start + PIECE, len(text))
        if stop < len(text):
            for mark in "\n ":
                found = text.rfind(mark, start + PIECE // 2, stop)
                if found > 0:
                    stop = found + (mark == "\n")
                    break
        yield text[start:stop]
        start = stop
