"""A program for machines like this one: the ``.c``, compiled here."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

from school.bodies.body import Body
from school.bodies.c_source import source_of
from school.office.files import write_whole
from school.office.foreign import one_line
from school.office.kernels import find_compiler
from school.office.mistakes import Mistake

ENDING = ".exe" if os.name == "nt" else ""
FLAGS = ["-O3", "-std=c99"]
EXTRAS = (["-march=native"], ["-mcpu=native"], [])  # the first that the compiler takes
SECONDS = 300


def write_program(body: Body, file: Path) -> None:
    """Raises OSError, or Mistake where there is no compiler, or for what has no room in 16 bits; then nothing is
    there."""
    compiler = find_compiler()
    if compiler is None:
        raise Mistake(f"{file}: there is no C compiler here (cc, gcc, clang); share a .c, to be compiled elsewhere.")
    with tempfile.TemporaryDirectory(prefix="baby-program-") as folder:
        source = Path(folder, "baby.c")
        source.write_text(source_of(body), "utf-8")
        write_whole(file, _compiled(compiler, source).read_bytes())
    file.chmod(0o700)


def _compiled(compiler: str, source: Path) -> Path:
    target, complaint = source.with_name("baby" + ENDING), "no reason"
    for extra in EXTRAS:
        try:
            command = [compiler, *FLAGS, *extra, str(source), "-o", str(target), "-lm"]
            built = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
        except (OSError, subprocess.TimeoutExpired) as error:
            complaint = str(error)
            continue
        if built.returncode == 0:
            return target
        complaint = next(iter(built.stderr.strip().splitlines()), complaint)
    raise Mistake(f"its program can't be compiled here ({one_line(complaint)[:200]}); share a .c instead.")
