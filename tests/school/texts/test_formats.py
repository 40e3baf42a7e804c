"""The kinds of text: found by their names, read by their own reader, and never from tokens of another version."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from school.texts import survey
from school.texts.content import Content
from school.texts.formats import PLAIN, SUFFIXES, Format, format_of
from school.texts.original import of_bytes
from school.texts.places import Source, find_files
from school.texts.shelf import open_texts
from school.texts.tokenizer import Tokenizer

ROOT = Path(__file__).resolve().parents[3]
TOKENIZER = Tokenizer.train(["a fox and a moon"] * 5, vocabulary=300, minimum_frequency=2)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("a.txt", "plain"), ("A.TXT", "plain"), ("a.text", "plain"), ("a.md", "markdown"), ("a.b.Markdown", "markdown")],
)
def test_a_kind_is_known_by_its_name(name: str, kind: str):
    """By what it ends with, in whatever letters."""
    assert format_of(of_bytes(name, b"a fox")).name == kind


@pytest.mark.parametrize("name", ["a", "a.png", "txt", ".txt", "a.txt~", "a.txt.gz"])
def test_other_files_are_of_no_kind(name: str):
    """What nobody can read has no format."""
    assert format_of(of_bytes(name, b"a fox")) is None


def test_every_kind_can_be_found_in_a_library(tmp_path: Path):
    """A library is searched for just the endings that the formats claim."""
    for suffix in [*SUFFIXES, ".png", ""]:
        (tmp_path / f"note{suffix}").write_text("hello")
    assert {path.suffix for path in find_files(tmp_path).files} == SUFFIXES


def test_a_changed_reader_reads_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Tokens that an earlier version of a reader made are not used, and are swept away."""
    file, cache = tmp_path / "note.txt", tmp_path / "cache"
    file.write_text("a fox and a moon " * 50)

    def read_by(format_: Format) -> str:
        monkeypatch.setattr(survey, "known_format", lambda file: format_)
        (text,) = open_texts([Source(file, "note")], TOKENIZER, held_out=0, cache=cache, say=print).texts
        return TOKENIZER.decode(text.learn.tolist())

    assert read_by(PLAIN) == "a fox and a moon " * 50
    loud = replace(PLAIN, read=lambda file: Content(documents=[PLAIN.read(file).documents[0].upper()]))
    assert read_by(loud) == "a fox and a moon " * 50  # somebody forgot to say that it is another version
    assert read_by(replace(loud, version=PLAIN.version + 1)) == "A FOX AND A MOON " * 50
    assert len(list(cache.iterdir())) == 1


def test_what_reads_a_kind_is_loaded_where_such_a_file_is_read():
    """Most wakes find no new file: the packages for that are no part of them."""
    heavy = {"ijson", "selectolax", "pysubs2", "pypdfium2", "striprtf", "rensa", "phonenumbers", "stdnum", "regex"}
    code = f"import sys, school.shelving; print(*({heavy} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.split() == []
