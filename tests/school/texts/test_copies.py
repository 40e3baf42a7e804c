"""Passages that texts share are taught once, and what one text holds out no other one teaches."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from school.texts.places import Source
from school.texts.survey import look_at, survey

Parts = dict[str, list[str]]

WORDS = ("fox", "moon", "river", "soup", "boat", "letter", "rain", "window", "bread", "garden", "stone", "night")


def diary(seed: int, days: int = 60) -> str:
    """Lines that no other seed has, with a heading now and then that all have."""
    drawn = random.Random(seed)
    lines = [f"Day {i} of {seed}: {' '.join(drawn.choices(WORDS, k=12))}." for i in range(days)]
    return "".join(f"{line}\n" + "Good night.\n" * (i % 9 == 8) for i, line in enumerate(lines))


def shared_out(
    folder: Path, held_out: float = 0.1, **files: bytes | str
) -> tuple[dict[str, list[str]], dict[str, str]]:
    """What each text teaches and holds out, and what is left out and why."""
    for name, content in files.items():
        (folder / f"{name}.txt").write_bytes(content if isinstance(content, bytes) else content.encode())
    sources = [Source(path, path.stem) for path in sorted(folder.glob("*.txt"))]
    found = survey(look_at(sources), held_out)
    return {s.name: found.parts(i) for i, s in enumerate(sources) if s.name not in found.skipped}, found.skipped


def leaked(parts: Parts) -> list[str]:
    """Lines that a text holds out and another one teaches."""
    return [
        line
        for name, (_, held) in parts.items()
        for line in held.split("\n")
        if line.strip() and any(line in taught.split("\n") for other, (taught, _) in parts.items() if other != name)
    ]


def own(text: str) -> str:
    """Without what all of them say."""
    return text.replace("Good night.\n", "").replace("\n\n", "\n")


ONE_LINE = diary(1).replace("\n", " ")
JAPANESE = "".join(random.Random(3).choices("春夏秋冬山川月日雨雪風花鳥", k=6000))


@pytest.mark.parametrize("whole", [diary(1), ONE_LINE, JAPANESE, diary(1).replace("\n", "\n\n")])
@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.encode(),
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: text.encode("utf-16"),
        lambda text: text[: len(text) * 8 // 10].encode(),
        lambda text: text[: len(text) * 8 // 10].replace("\n", "\r\n").encode("utf-16"),
    ],
    ids=["the same", "CRLF", "UTF-16", "first 80 %", "first 80 % in UTF-16"],
)
def test_a_copy_is_taught_once(tmp_path: Path, whole: str, change):
    """Whatever its line ends, its encoding, and where it stops."""
    parts, skipped = shared_out(tmp_path, a=whole, b=change(whole), c=diary(2))
    assert parts.keys() == {"a", "c"}
    assert own("".join(parts["a"])) == own(whole)
    assert skipped == {"b": "all of it is in a"}


@pytest.mark.parametrize("kept", [20, 90, 150, 198])
def test_a_copy_that_stops_in_a_line_of_which_a_part_stands_elsewhere(tmp_path: Path, kept: int):
    """What is torn off there may be a part of that line or several, whoever else says one of them."""
    said = [f"The {word} was seen on that day by nobody but the gardener. " for word in WORDS]
    whole = diary(1) + "".join(said) + "\n" + diary(2)
    torn = whole[: len(diary(1)) + kept]
    parts, skipped = shared_out(tmp_path, a=whole, b=torn, c=diary(3, 200) + said[0] + "\n")
    assert parts.keys() == {"a", "c"}
    assert skipped == {"b": "all of it is in a"}


PRINT = """
from school.texts.copies import BLANK, pieces_of
print(BLANK, *pieces_of("The fox and the moon.\\n\\nSoup for the boat. \\ud83c Mühle\\n", 10).hashes)
"""


def test_pieces_are_told_apart_alike_in_every_process():
    """Else it depends on the waking which texts are copies."""
    command = [sys.executable, "-c", PRINT]
    salted = [os.environ | {"PYTHONHASHSEED": salt, "PYTHONUTF8": "1"} for salt in ("1", "2")]
    told = [subprocess.run(command, env=env, check=True, capture_output=True).stdout for env in salted]
    assert told[0] == told[1]
    assert len(set(told[0].split())) == 3  # the empty line says what an empty text does


@pytest.mark.parametrize("held_out", [0.1, 0.5])
def test_texts_that_share_a_part(tmp_path: Path, held_out: float):
    """The shared part stays in the longer one; what is new in the other is taught, and has a held-out part of its
    own."""
    shared, one, two = diary(1), diary(2, 90), diary(3, 40)
    parts, skipped = shared_out(tmp_path, held_out, a=one + shared, b=shared + two)
    assert skipped == {}
    assert own("".join(parts["a"])) == own(one + shared)
    assert "Day 5 of 1" not in "".join(parts["b"])
    assert "".join(parts["b"]).count("of 3") == 40
    assert all(held for _, held in parts.values())
    assert leaked(parts) == []


def test_what_many_say_is_taught_by_all_and_held_out_by_none(tmp_path: Path):
    """A short line that stands in several texts."""
    parts, _ = shared_out(tmp_path, a=diary(1) + "Good night.\n", b=diary(2) + "Good night.\n")
    assert all(taught.count("Good night.") == 6 for taught, _ in parts.values())
    assert all(held and "Good night." not in held for _, held in parts.values())


def test_a_held_out_line_in_the_middle_of_another_text(tmp_path: Path):
    """A copy with a word changed in every other line leaks nothing either."""
    whole = diary(1)
    lines = whole.split("\n")
    other = "\n".join(line + " Really." * (i % 2) for i, line in enumerate(lines))
    parts, _ = shared_out(tmp_path, a=whole, b=other)
    assert leaked(parts) == []
    assert len(parts["a"][1].split("\n")) > 2


@pytest.mark.parametrize("seed", range(8))
def test_nothing_leaks_whatever_is_shared(tmp_path: Path, seed: int):
    """Texts made of the same parts at random."""
    drawn = random.Random(seed)
    parts = [diary(number, drawn.choice([1, 2, 5, 40])) for number in range(6)]
    files = {f"t{i}": "".join(drawn.choices(parts, k=drawn.randint(1, 5))) for i in range(5)}
    shared, skipped = shared_out(tmp_path, drawn.choice([0.1, 0.3]), **files)
    assert leaked(shared) == []
    everything = "".join("".join(part) for part in shared.values())
    lines = {line for text in files.values() for line in text.split("\n") if "of" in line}
    assert [line for line in sorted(lines) if line not in everything] == []
    assert len(shared) + len(skipped) == 5


def test_what_a_text_repeats_itself_stays(tmp_path: Path):
    """A song's refrain is no copy."""
    song = "la la la, says the fox to the moon.\n" * 30
    parts, skipped = shared_out(tmp_path, song=song)
    assert ("".join(parts["song"]), skipped) == (song, {})
    assert parts["song"][1]
