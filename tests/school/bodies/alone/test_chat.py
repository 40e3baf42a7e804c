"""The chat of a small body: what is typed into it, and what it makes of its options."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import zipfile
from dataclasses import replace

import pytest

from school.bodies.alone import chat
from school.bodies.alone.chat import Chat
from school.bodies.application import TAKEN, write_application
from school.office.mistakes import Mistake


def typed(talk, *lines: str, raw: bool = False) -> int:
    return Chat(talk, raw=raw).run(io.StringIO("".join(f"{line}\n" for line in lines)))


def test_lines_are_answered(talk, capsys):
    """One line each; empty ones are passed over, and what comes after /quit is not read."""
    talk.longest = 4
    assert typed(talk, "the cat", "", "the mat", "/quit", "more") == 0
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_commands(talk, capsys):
    assert typed(talk, "/help", "/temperature 0.5", "/tokens 7", "/help") == 0
    out = capsys.readouterr().out
    assert set(re.findall(r"^/(\w+)", out, re.M)) == {"help", "temperature", "tokens", "reset", "about", "quit"}
    assert "(now 0.5)" in out
    assert "(now 7)" in out
    assert (round(talk.temperature, 6), talk.longest) == (0.5, 7)
    assert typed(talk, "/about", "/reset") == 0
    assert "licence: CC BY 4.0" in capsys.readouterr().out
    assert talk.recent == []


@pytest.mark.parametrize(
    "line", ["/temperature hot", "/temperature", "/temperature 6", "/temperature nan", "/tokens 0", "/nothing", "/"]
)
def test_commands_that_can_not_be(talk, capsys, line):
    """One line, and nothing changes."""
    before = talk.temperature, talk.longest
    typed(talk, line)
    assert len(capsys.readouterr().out.splitlines()) == 1
    assert (talk.temperature, talk.longest) == before


def test_nothing_commands_the_terminal(talk, capsys):
    """Whatever bytes it has learned to say, and however it is called."""
    chat.say(talk, iter(talk.letters.encode("a\x1b[31mb\x07")))
    typed(talk, "/\x1b[31m")
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert out.startswith("a\\x1b[31mb\\x07\n")


def test_options(compacted, capsys):
    """The same seed says the same; the card needs no weights; wrong values end in a line."""
    said = []
    for seed in ("1", "1", "2"):
        chat.main(*compacted, ["--prompt", "the cat", "--seed", seed, "--tokens", "9", "--temperature", "1.5"])
        said.append(capsys.readouterr().out)
    assert said[0] == said[1] != said[2]
    chat.main(*compacted, ["--prompt", "the cat", "--raw", "--tokens", "3", "--top-k", "1", "--top-p", "0.5"])
    assert capsys.readouterr().out.strip()
    assert chat.main(compacted[0], b"", ["--about"]) == 0
    assert "hash: " in capsys.readouterr().out
    for wrong in (["--temperature", "9"], ["--tokens", "no"], ["--what"]):
        with pytest.raises(SystemExit) as leaving:
            chat.main(*compacted, wrong)
        assert leaving.value.code == 2


def test_a_benchmark_measures(compacted, capsys):
    assert chat.main(*compacted, ["--benchmark", "--tokens", "5"]) == 0
    assert re.search(r"[\d,]+ tokens a second", capsys.readouterr().out)


def test_the_file_runs_by_itself(body, tmp_path):
    """In a Python that knows nothing of this house: only NumPy and the standard library are loaded."""
    file = tmp_path / "baby.pyz"
    write_application(body, file)
    code = (
        "import runpy, sys; sys.argv = ['baby.pyz', '--seed', '1', '--tokens', '6']\n"
        "try: runpy.run_path(sys.argv[0])\n"
        "except SystemExit as leaving: print(leaving.code, sorted({name.split('.')[0] for name in sys.modules}"
        " - sys.stdlib_module_names), file=sys.stderr)"
    )
    command = [sys.executable, "-c", code]
    run = subprocess.run(command, input="the cat\n/about\n", capture_output=True, text=True, cwd=tmp_path, timeout=60)
    status, names = run.stderr.split(" ", 1)
    loaded = {
        name for name in json.loads(names.replace("'", '"')) if not name.startswith(("_", "numpy", "site", "cython"))
    }
    assert (status, loaded) == ("0", {"school"})
    assert body.card.hash in run.stdout


def test_what_is_in_the_file(body, tmp_path):
    """The sources, the weights as they are, and the same file each time."""
    for name in ("one.pyz", "two.pyz"):
        write_application(body, tmp_path / name)
    assert (tmp_path / "one.pyz").read_bytes() == (tmp_path / "two.pyz").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.pyz") as packed:
        assert sorted(packed.namelist()) == sorted([*TAKEN, "__main__.py", "body.json", "weights.f16"])
        assert json.loads(packed.read("body.json"))["card"] == body.card.model_dump()
    size = (tmp_path / "one.pyz").stat().st_size
    assert size <= 2.1 * body.card.parameters + 150_000


def test_weights_too_large_for_16_bits(body, tmp_path):
    weights = body.weights | {"neurons.gain": body.weights["neurons.gain"] + 1e6}
    with pytest.raises(Mistake, match="neurons.gain"):
        write_application(replace(body, weights=weights), tmp_path / "x.pyz")
    assert not list(tmp_path.iterdir())
