"""The program that people get, and its one file of C: what compilers say to it, what is typed into it, its options."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from school.bodies import program as programs
from school.bodies.application import write_application
from school.bodies.c_source import source_of, write_source
from school.office.mistakes import Mistake
from tests.school.bodies.native.conftest import WARNINGS, compile_with

TYPED = """\
/help
the cat

  and the soup \u2003
/about
/temperature 0.5
/temperature hot
/temperature
/temperature 6
/tokens 7
/tokens 0
/nothing \x1b[31m
/\x1b[31m
/reset
/temperature 0
the mat?
/quit
more
"""


def run(file: Path, *words: str, typed: str | bytes = "", python: bool = False) -> subprocess.CompletedProcess:
    command = [*([sys.executable] if python else []), str(file), *words]
    given = typed if isinstance(typed, bytes) else typed.encode()
    return subprocess.run(command, input=given, capture_output=True, timeout=60)


@pytest.mark.parametrize(("compiler", "how"), [("gcc", "-O1"), ("clang", "-fsyntax-only")])
@pytest.mark.parametrize("species", ["body", "llama", "speller"])
def test_no_compiler_complains(request, species, compiler, how, tmp_path):
    """gcc finds some of what it says while it optimises, clang all of it before."""
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not installed here")
    write_source(request.getfixturevalue(species), tmp_path / "baby.c")
    made = compile_with(compiler, *WARNINGS, how, "-c", tmp_path / "baby.c", "-o", tmp_path / "baby.o")
    assert (made.returncode, made.stderr) == (0, "")


def test_the_same_text_each_time(body):
    """Which says what to do with it, and nothing beyond ASCII, whatever its pieces and its card hold."""
    card = body.card.model_copy(update={"licence": 'CC "é" ??/ \\ */ %s'})
    text = source_of(replace(body, card=card))
    assert text == source_of(replace(body, card=card))
    assert "cc -O3" in text.splitlines()[2]
    assert text.isascii()
    assert not re.search(r'\?\?|#include "', text)


def test_the_same_chat_as_the_small_body(body, program, tmp_path):
    """Command by command; at temperature 0 word by word."""
    write_application(body, tmp_path / "baby.pyz")
    how = ("--temperature", "0", "--tokens", "9")
    mine = run(program, *how, typed=TYPED)
    theirs = run(tmp_path / "baby.pyz", *how, typed=TYPED, python=True)
    assert (mine.returncode, mine.stderr) == (0, b"")
    assert mine.stdout.decode() == theirs.stdout.decode()
    assert body.card.hash in mine.stdout.decode()


def test_options(program):
    """The same seed says the same; raw goes on; wrong values end in a line that names them."""
    said = [run(program, "--prompt", "the cat", "--seed", seed, "--temperature=1.5").stdout for seed in ("1", "1", "2")]
    assert said[0] == said[1] != said[2]
    raw = run(program, "--prompt", "the cat", "--raw", "--tokens", "3", "--top-k", "1", "--top-p", "0.5")
    assert raw.stdout.strip()
    assert b"hash: " in run(program, "--about").stdout
    assert b"--zero" in run(program, "--help").stdout
    wrong = (["--temperature", "9"], ["--temperature", "nan"], ["--tokens", "no"], ["--tokens"], ["--what"], ["what"])
    for words in wrong:
        answer = run(program, *words)
        assert (answer.returncode, answer.stdout, len(answer.stderr.splitlines())) == (2, b"", 1)
        assert answer.stderr.decode().startswith(words[0])


def test_a_benchmark_measures(program):
    told = run(program, "--benchmark", "--tokens", "5").stdout.decode()
    assert re.search(r"loaded in [\d.]+ s, first token after [\d.]+ ms\n[\d,]+ tokens a second", told)


def test_zeros_for_programs(program):
    """One answer a question, whatever lines are in it; what doesn't begin with / is no command."""
    typed = b"\0".join([b"the\ncat", b" /quit", b"/tokens 2", b"", b"the mat", b"/quit"]) + b"\0"
    answers = run(program, "--zero", "--tokens", "5", "--seed", "1", typed=typed).stdout.split(b"\0")
    assert len(answers) == 7
    assert answers[2] == b"from now on 2."
    assert (answers[3], answers[5], answers[6]) == (b"", b"", b"")
    assert answers[1]


def test_the_program_is_made_here(program):
    """It is for whoever made it, until they give it to somebody."""
    assert program.stat().st_mode & 0o777 == 0o700


def test_without_a_compiler(body, tmp_path, monkeypatch):
    """One line, and nothing is left behind."""
    monkeypatch.setattr(programs, "find_compiler", lambda: None)
    with pytest.raises(Mistake, match=r"no C compiler.*share a \.c"):
        programs.write_program(body, tmp_path / "baby")
    false = shutil.which("false")
    monkeypatch.setattr(programs, "find_compiler", lambda: false)
    with pytest.raises(Mistake, match="can't be compiled here"):
        programs.write_program(body, tmp_path / "baby")
    assert not list(tmp_path.iterdir())


def test_weights_too_large_for_16_bits(body, tmp_path):
    weights = body.weights | {"neurons.gain": body.weights["neurons.gain"] + 1e6}
    with pytest.raises(Mistake, match=r"neurons\.gain"):
        write_source(replace(body, weights=weights), tmp_path / "x.c")
    assert not list(tmp_path.iterdir())
