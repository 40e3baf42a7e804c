"""What is said about the library at a wake."""

from __future__ import annotations

from pathlib import Path

import pytest

from school.office.mistakes import Mistake
from school.texts.news import named, read_library, tell_news, tell_notes, tell_skipped, write_library


def test_names_in_a_sentence():
    """A few are told, of many the first."""
    assert [named(list("abcdef"[:n])) for n in range(4)] == ["", "a", "a and b", "a, b and c"]
    assert named([f"{i}.txt" for i in range(20)]) == "0.txt, 1.txt, 2.txt and 17 more"


def test_what_changed_is_told():
    """New, changed, gone and renamed texts, each by its name; the starter shelf is no news."""
    before = {"a": "1", "b": "2", "c": "3", "d": "4", "starter/x": "9"}
    assert tell_news(before, before) == []
    assert tell_news(before, {"a": "1", "b": "5", "e": "4", "f": "6"}) == [
        "1 new text: f.",
        "1 text changed: b.",
        "1 text called otherwise now: d (now e).",
        "1 text is gone: c.",
    ]
    assert tell_news({"a": "1", "b": "2", "c": "3"}, {}) == ["3 texts are gone: a, b and c."]
    assert tell_news({}, {f"{i}": str(i) for i in range(20)}) == ["20 new texts: 0, 1, 2 and 17 more."]


def test_many_of_a_kind_are_one_line():
    """Five are told one by one."""
    few, many = (tell_skipped({f"{i}.jpg": "no text" for i in range(n)}) for n in (5, 20))
    assert few == [f"skipped {i}.jpg: no text." for i in range(5)]
    assert many == ["skipped 0.jpg, 1.jpg, 2.jpg and 17 more: no text."]
    assert tell_skipped({"{name}": "{what}"}) == ["skipped {name}: {what}."]


def test_what_was_remarkable_is_told_once():
    """Of a text that is new or has changed."""
    notes = {"a.md": "1 inlined picture (600 kB) left out, 9 zeros left out", "b.md": "x"}
    told = tell_notes(notes, {"b.md": "1"}.items())
    assert told == ["a.md: 1 inlined picture (600 kB) left out, 9 zeros left out."]


def test_the_library_is_remembered(tmp_path: Path):
    """From one wake to the next; unknown where it is not, or no longer, there; a disk that refuses is told."""
    path, said = tmp_path / "library.json", []
    assert read_library(path) == {}
    write_library(path, {"a": "1"}, said.append)
    assert read_library(path) == {"a": "1"}
    path.write_text("[3]")
    assert read_library(path) == {}
    assert said == []
    write_library(tmp_path / "nowhere" / "library.json", {}, said.append)
    assert len(said) == 1
    (tmp_path / "a").write_text("")
    with pytest.raises(Mistake, match="can't be read"):
        read_library(tmp_path / ("x" * 300) / "library.json") or read_library(Path("/proc/self/mem"))
