"""What nobody would type into a body in C: it is watched for each byte that it reads or writes where none of its own
is, and for each number that overflows."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

import pytest

from school.bodies.body import Body
from school.bodies.c_source import write_source
from tests.school.bodies.native.conftest import COMPILER, compile_with
from tests.school.bodies.native.test_program import run

WATCHED = ("-g", "-O0", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
CHAT = ("--tokens", "3", "--seed", "1")


@pytest.fixture(scope="module")
def watched(body, tmp_path_factory) -> Path:
    return watched_program(body, tmp_path_factory.mktemp("watched"))


def watched_program(body: Body, folder: Path) -> Path:
    (folder / "none.c").write_text("int main(void) { return 0; }\n")
    tried = compile_with(COMPILER, *WATCHED, folder / "none.c", "-o", folder / "none")
    if tried.returncode or subprocess.run([folder / "none"], capture_output=True, timeout=60).returncode:
        pytest.skip("this compiler can't watch a program")
    write_source(body, folder / "baby.c")
    made = compile_with(COMPILER, *WATCHED, folder / "baby.c", "-o", folder / "baby", "-lm")
    assert made.returncode == 0, made.stderr
    return folder / "baby"


def torn() -> bytes:
    """Bytes of all kinds in lines of all lengths, half of them from what could be UTF-8."""
    rng = random.Random(5)
    lines = [bytes(rng.choices(range(256), k=rng.randrange(60))) for _ in range(30)]
    pieces = [b"\xe7\x8c", b"\xab", b"\xf0\x9f", b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90", b"'", b" ", "猫".encode()]
    return b"\n".join([*lines, *(b"".join(rng.choices(pieces, k=rng.randrange(20))) for _ in range(30))])


TYPED = {
    "nothing": b"",
    "line ends": b"\n\r\n\r\r\n",
    "torn characters": torn(),
    "an end in the middle": b"the cat \xf0\x9f\x91",
    "an end in a command": b"/tempera",
    "zeros": b"the\0cat\0\n\0\n/\0\n/quit\0\nthe\n",
    "an overlong line": b"the cat " * 40_000 + b"\nthe cat\n",
    "an overlong word": "猫".encode() * 90_000,
    "overlong commands": b"/" + b"x" * 300_000 + b"\n/temperature " + b"9" * 5000 + b"\n/tokens -" + b"9" * 5000,
    "numbers": b"/tokens 99999999999999999999\n/temperature nan\n/temperature -0\n/temperature 0x1p1\n/tokens 1e2\n",
    "what terminals obey": "\x1b[2J\u202e\u2028\x7f\u200d\ufeff\n".encode(),
}


@pytest.mark.parametrize("name", TYPED)
def test_whatever_is_typed(watched, name):
    ways = (CHAT, (*CHAT, "--zero"), (*CHAT, "--raw"))
    for how in ways[: 1 if "overlong" in name else 3]:
        ended = run(watched, *how, typed=TYPED[name])
        assert ended.returncode == 0, ended.stderr.decode()[-2000:]
        assert not set(ended.stdout) & set(range(32)) - {0, 9, 10}


@pytest.mark.parametrize(
    "words",
    [
        ["--prompt", ""], ["--prompt", "\udcff\udcfe".encode("utf-8", "surrogateescape")], ["--prompt", "x" * 100_000],
        ["--prompt", "the", "--temperature", "0", "--top-k", "65536", "--top-p", "0", "--penalty", "2"],
        ["--prompt", "the", "--temperature", "5", "--top-k=0", "--top-p", "1", "--tokens=4096", "--raw"],
    ],
    ids=str,
)  # fmt: skip
def test_whatever_it_is_started_with(watched, words):
    ended = run(watched, "--seed", "1", *words)
    assert ended.returncode == 0, ended.stderr.decode()[-2000:]


@pytest.mark.trial
def test_the_other_species(llama, tmp_path):
    """Far beyond its context, with torn characters in it."""
    file = watched_program(llama, tmp_path)
    for how in (CHAT, ("--raw", "--tokens", "200")):
        ended = run(file, *how, typed=b"\n".join(torn().split(b"\n")[:12]))
        assert ended.returncode == 0, ended.stderr.decode()[-2000:]


@pytest.mark.parametrize("words", [["--tokens", "-1"], ["--seed", "99999999999999999999"], ["--", "x"], [""], ["--=x"]])
def test_options_that_can_not_be(watched, words):
    ended = run(watched, *words)
    assert (ended.returncode, len(ended.stderr.splitlines())) == (2, 1)
