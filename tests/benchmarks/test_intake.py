"""The measurement of intake: every kind of file that it makes is read by the reader that it is meant for."""

from __future__ import annotations

import pytest

from benchmarks.intake import KINDS
from school.texts.facts import Facts
from school.texts.formats import known, read_as
from school.texts.original import of_bytes
from school.texts.overview import words_in
from school.texts.prepare import prepared

READERS = {"plain, cp1252": "plain", "zip of texts": "archive", "irc": "chat log"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_of_each_kind(kind: str):
    """Its words come out, and nothing is remarkable about it."""
    name, make = KINDS[kind]
    file = of_bytes(name, make(30_000))
    format_ = known(file)
    content = read_as(format_, file)
    assert format_.name == READERS.get(kind, kind)
    assert words_in(prepared(content, Facts(speaker=("Ann",)), name).text) > 500
    assert "breaks off" not in content.note
