"""Compiles the brain's kernels with the machine's own C compiler, where it has one.

That is two seconds' work, so they are kept where Python keeps its own compiled files and trusted like these: beside the
source, under a name that follows from source, compiler, flags and processor. Without a compiler the brain runs from
PyTorch alone, only slower.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import logging
import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import torch
from torch import Tensor

import brain
from brain.ops.backend import Kernels

log = logging.getLogger(__name__)

ROOM = Path(brain.__file__).parent
SOURCES = (ROOM / "ops" / "kernels.c", ROOM / "hippocampus" / "hippocampus.c", ROOM / "sampling.c")
HEADERS = tuple(ROOM / "ops" / name for name in ("numbers.h", "words.h", "step.h"))
COMPILERS = ("cc", "gcc", "clang")
# Sums may be reordered (that is what makes vectors of them); not-a-number must stay what it is.
FLAGS = ["-O3", "-fPIC", "-shared", "-fno-math-errno", "-fno-trapping-math", "-fassociative-math", "-fno-signed-zeros"]
EXTRAS = (["-march=native", "-fopenmp"], ["-march=native", "-fopenmp-simd"], [])  # the first that the compiler takes
SECONDS = 60
KEPT = ROOM / "ops" / "__pycache__"


def find_compiler() -> str | None:
    return next(filter(None, map(shutil.which, COMPILERS)), None)


def compile_kernels() -> Kernels | None:
    """The kernels, compiled if this process has not yet; None if that can't be done here."""
    compiler = find_compiler()
    if compiler is None:
        log.info("no C compiler here: the brain learns and talks without its kernels, only slower")
        return None
    return _compiled(compiler)


@functools.cache
def _compiled(compiler: str) -> Kernels | None:
    """The kernels as this compiler makes them; None if it can't."""
    kept = KEPT / f"kernels-{_recipe(compiler)}.so"
    with suppress(OSError):
        return _caller(ctypes.CDLL(str(kept)))
    with tempfile.TemporaryDirectory(prefix="baby-kernels-") as folder:
        target = Path(folder, "kernels.so")
        for extra in EXTRAS:
            try:
                command = [compiler, *FLAGS, *extra, *map(str, SOURCES), "-o", str(target), "-lm"]
                built = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
                if built.returncode == 0:
                    library = ctypes.CDLL(str(target))  # stays in memory when the file goes
                    _keep(target, kept)
                    return _caller(library)
                complaint = built.stderr.strip().splitlines()[:1]
            except (OSError, subprocess.TimeoutExpired) as error:
                complaint = [str(error)]
    log.info("the kernels could not be compiled, so the brain runs without them: %s", *complaint or ["no reason"])
    return None


def _recipe(compiler: str) -> str:
    """A digest of all that decides what the kernels become: a program for another processor would only crash."""
    text = b"\0".join(file.read_bytes() for file in (*SOURCES, *HEADERS))
    made_by, source = Path(compiler).resolve(), hashlib.sha256(text).hexdigest()
    with suppress(OSError):
        stat = made_by.stat()
        made_by = made_by, stat.st_size, stat.st_mtime_ns
    parts = source, made_by, FLAGS, EXTRAS, platform.platform(), _processor()
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def _processor() -> str:
    """What this processor can do, as far as the system tells."""
    with suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
        return "\n".join(sorted({line for line in lines if line.startswith(("flags", "Features", "model name"))}))
    return platform.processor()


def _keep(built: Path, kept: Path) -> None:
    """In place of those that an earlier source or compiler made; where that is not allowed, it is only slower."""
    unfinished = kept.with_suffix(f".{os.getpid()}")
    try:
        kept.parent.mkdir(exist_ok=True)
        for old in kept.parent.glob("kernels-*"):
            old.unlink(missing_ok=True)
        shutil.copyfile(built, unfinished)
        unfinished.replace(kept)
    except OSError:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)


def _caller(library: ctypes.CDLL) -> Kernels:
    functions: dict[str, Callable[..., None]] = {}

    def call(name: str, *arguments: Tensor | int) -> None:
        function = functions.get(name)
        if function is None:  # told once what it takes, it takes plain numbers, which is faster
            function = getattr(library, name)
            kinds = [ctypes.c_void_p if isinstance(value, Tensor) else ctypes.c_long for value in arguments]
            function.argtypes, function.restype = [*kinds, ctypes.c_int], None
            functions[name] = function  # only now: other threads look here
        values = [value.data_ptr() if isinstance(value, Tensor) else value for value in arguments]
        function(*values, torch.get_num_threads())

    return call
