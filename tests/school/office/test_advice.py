"""Advice can be typed as it stands, whatever was given: the same interpreter, home and settings."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import wakeup
from school.office.advice import PROGRAM, command, go_on_with


@pytest.fixture(autouse=True)
def nothing_given() -> Iterator[None]:
    yield
    go_on_with(None, None, [], [])


@pytest.mark.parametrize("words", ["", "twitch login"])
def test_a_command_means_what_was_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str):
    """Read by a shell, and by the program, it is the command with all that was given, spaces and quotes included;
    typed in another folder it still finds interpreter and program."""
    monkeypatch.chdir(tmp_path)
    home, config, shelf = tmp_path / "its home", tmp_path / "my 'own'.toml", tmp_path / "$letters"
    changes = ["brain.preset=newborn", "voice.language=a b", "chat.bots=['x', \"y\"]"]
    go_on_with(home, config, [shelf], changes)
    interpreter, program, *arguments = shlex.split(command(words))
    assert Path(interpreter).samefile(sys.executable)
    assert Path(program).samefile(PROGRAM)
    options = wakeup.parse(arguments)
    assert (options.verb, getattr(options, "errand", "")) == (("twitch", "login") if words else ("wake", ""))
    assert (options.home, options.config, options.library, options.set) == (home, config, [shelf], changes)


def test_the_programs_own_home_needs_no_name(monkeypatch: pytest.MonkeyPatch):
    """Typed in its own folder, the line is as short as it can be."""
    monkeypatch.chdir(PROGRAM.parent)
    go_on_with(PROGRAM.parent, None, [], [])
    assert shlex.split(command("ask"))[1:] == ["wakeup.py", "ask"]
