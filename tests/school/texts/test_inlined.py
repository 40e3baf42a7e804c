"""Pictures written into a text are no text."""

from __future__ import annotations

import base64
import random

import pytest

from school.texts.content import Content
from school.texts.formats import plain
from school.texts.original import of_bytes

PICTURE = base64.b64encode(random.Random(0).randbytes(450_000)).decode()


def read(raw: bytes) -> Content:
    return plain.read(of_bytes("a.txt", raw))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("![a fox](data:image/png;base64,", ")"),
        ("![a fox](<data:image/svg+xml;charset=utf-8;base64,", '> "a fox")'),
        ("[fox]: data:image/jpeg;base64,", ""),
        ("[fox]: <data:image/jpeg;base64,", ">"),
        ('<img alt="a fox" src="data:image/png;base64,', '" width=3>'),
        ("<img src='data:image/gif;base64,", "'/>"),
        ("data:application/octet-stream;base64,", ""),
    ],
)
def test_a_picture_is_left_out_and_told(before: str, after: str):
    """However it stands in Markdown or HTML; the prose before and behind it stays."""
    content = read(f"# A day\n\nFox.\n\n{before}{PICTURE}{after}\n\nAnd then (really) it rained.\n".encode())
    assert content.documents == ["# A day\n\nFox.\n\n\n\nAnd then (really) it rained.\n"]
    assert content.note == "1 inlined picture (600 kB) left out"


@pytest.mark.parametrize("text", ["data: it rained.\n", "![fox](fox.png)", "so data:image/png;base64,AAAA is it.\n"])
def test_what_is_no_picture_stays(text: str):
    """Prose, links to files, and a short example."""
    assert (read(text.encode()).documents, read(text.encode()).note) == ([text], "")
