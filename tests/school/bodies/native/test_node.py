"""The module for Node: what a program in JavaScript gets to hear."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from school.bodies.alone.talk import Talk
from school.bodies.compact import compact
from school.office.foreign import visible
from tests.test_imports import ROOT

NODE, FOLDER = shutil.which("node"), ROOT / "extras" / "node"
pytestmark = pytest.mark.skipif(NODE is None, reason="node is not installed here, and the module is for it")


@pytest.fixture(scope="module")
def found(program) -> dict[str, Any]:
    script = Path(__file__).with_name("ask_baby.mjs")
    ended = subprocess.run([NODE, script, FOLDER / "baby.mjs", program], capture_output=True, text=True, timeout=100)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def test_it_says_what_the_baby_says(body, found):
    """Everybody hears it anew, unless it is to remember; temperature and length are of one answer only."""
    talk = Talk(*compact(body))
    talk.temperature, talk.longest = 0, 6
    said: list[str] = []
    talk.text_of(talk.answer("the cat"), said.append)
    assert found["first"] == found["again"] == found["afterwards"] == visible("".join(said).lstrip())
    assert found["together"] == [found["first"]] * 3
    assert found["own"] > len(found["first"])
    assert found["remembered"] != found["first"]


def test_nothing_said_is_a_command(body, found):
    """Nor does a line end or a zero make two questions of one."""
    assert found["command"]
    assert found["lines"]
    assert body.card.hash in found["about"]


def test_whoever_breaks_off_lets_the_next_in(found):
    assert (found["broken"], found["crowd"]) == (1, 5)


def test_wrong_values_are_named(found):
    """And neither the program's name nor a value is ever read by a shell."""
    prompt, long, temperature, tokens, seed, shell = found["wrong"]
    assert (prompt, seed) == ("the prompt must be a string.", "seed must be a number.")
    assert "65536" in long
    assert temperature == "temperature: 9 must be from 0 to 5."
    assert tokens == "tokens must be a number."
    assert "ENOENT" in shell


def test_closing_tells_whoever_waits(found):
    assert found["closed"] == ["this baby is closed."] * 2


def test_a_chat(program):
    command = [NODE, FOLDER / "chat.mjs"]
    typed = "the cat\n\nthe mat\n/quit\nx\n"
    ended = subprocess.run([*command, program], input=typed, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.count("\n") >= 2
    assert subprocess.run(command, capture_output=True, timeout=60).returncode == 2
