"""Inputs that people's reports led to, where they lie beside the project: the right answer for each, by the command."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.test_wakeup import begin, undone, wakeup
from wakeup import main

CASES = next(
    (up / "shared" / "cases" for up in Path(__file__).resolve().parents if (up / "shared").is_dir()), Path("-")
)
pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason="there is no ../shared/cases beside the project")


def cases(pattern: str) -> list[Path]:
    return sorted(CASES.glob(pattern))


@pytest.fixture
def preview(tmp_path: Path, capsys) -> Iterator[Callable[[Path], dict]]:
    """What is learned of a file, as the command tells it."""

    def look(file: Path) -> dict:
        assert main(["--home", str(tmp_path), "library", "preview", str(file), "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    with undone():
        yield look


@pytest.mark.parametrize("file", cases("encodings/*.txt"), ids=lambda file: file.stem)
def test_an_encoding_that_nobody_tells(preview, file: Path):
    """What is learned is the text, to the letter."""
    assert preview(file)["text"] == file.with_suffix(".expected-utf8").read_text("utf-8")


@pytest.mark.parametrize("file", cases("conversation/*.txt"), ids=lambda file: file.stem)
def test_a_conversation(preview, file: Path):
    """Every line that begins with a name begins a turn, and nothing else does; all that was said is there."""
    told = preview(file)
    text = told["text"].replace("You: ", "you: ").replace("Baby: ", "baby: ")
    assert told["turns"]
    assert "".join(f"{turn['speaker']}: {turn['text']}\n" for turn in told["turns"]) == text
    assert [turn["speaker"] for turn in told["turns"]] == ["you", "baby"] * (len(told["turns"]) // 2)
    words = file.read_text("utf-8").translate(dict.fromkeys(map(ord, "\u200e\ufeff"))).split()
    assert text.split() == [{"You:": "you:", "Baby:": "baby:"}.get(word, word) for word in words]


def test_a_conversation_that_is_read_once(tmp_path: Path, here):
    """``read --keep`` and ``score`` take it as the library does: in turns, whose names are nobody's words. Nor does an
    answer hold them, or play both parts."""
    file = CASES / "conversation" / "turns.txt"
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "diary.txt").write_text("today it rained and the cat slept. i made soup.\n" * 200)
    assert here(tmp_path, "--steps", "1", "--no-terminal").returncode == 0
    turns = json.loads(here(tmp_path, "library", "preview", str(file), "--json").stdout)["turns"]
    said = sum(len(turn["text"].strip().encode()) for turn in turns)
    for command in (["read", "--keep"], ["score"]):
        done = here(tmp_path, *command, str(file), "--json")
        assert done.returncode == 0, done.stderr
        told = json.loads(done.stdout)
        assert told.get("files", [told])[0]["bytes"] == said
    answer = json.loads(here(tmp_path, "ask", "you: how is the kettle?", "--json").stdout)["text"].casefold()
    assert "you:" not in answer
    assert "baby:" not in answer


def test_lines_from_a_pipe(tmp_path: Path):
    """A mark before the first, a tab and a no-break space after a command change nothing; what is no UTF-8 is named,
    and nothing that a terminal would obey is shown."""
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "diary.txt").write_text("today it rained and the cat slept. i made soup.\n" * 200)
    with (CASES / "piped-lines.bin").open("rb") as lines:
        how = {"stdin": lines, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        process = begin(
            tmp_path, "--set", "terminal.line_seconds=0.05", "--set", "lessons.evaluation_steps=1000", **how
        )
    said = ""
    try:
        while said.count("\nbaby: ") < 2:
            line = process.stdout.readline()
            assert line, said
            said += line
    finally:
        process.send_signal(signal.SIGTERM)
        said += process.communicate(timeout=60)[0]
    assert process.returncode == 0
    assert said.count("(it will learn that)") == 3
    assert "held-out" in said
    assert "(line 5 is not UTF-8 text (at byte 4); nothing of it was taken)" in said
    assert not {"\0", "\x1b"} & set(said)
    found = wakeup(tmp_path, "stats", "--json", "--search", "cafole").stdout
    assert json.loads(found)["talk"] == []
