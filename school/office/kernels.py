"""Compiles the brain's kernels with the machine's own C compiler, where it has one; a second's work at every start.

They are built anew by every process, for exactly this processor, and never kept: there is no cache that could be stale
or be tampered with. Without a compiler the brain runs from PyTorch alone, only slower.
"""

from __future__ import annotations

import ctypes
import functools
import logging
import shutil
import subprocess
import tempfile
from pathlib import Path

import torch
from torch import Tensor

import brain
from brain.ops.backend import Kernels

log = logging.getLogger(__name__)

SOURCE = Path(brain.__file__).with_name("ops") / "kernels.c"
COMPILERS = ("cc", "gcc", "clang")
# Sums may be reordered (that is what makes vectors of them); not-a-number must stay what it is.
FLAGS = ["-O3", "-fPIC", "-shared", "-fno-math-errno", "-fno-trapping-math", "-fassociative-math", "-fno-signed-zeros"]
EXTRAS = (["-march=native", "-fopenmp"], ["-march=native", "-fopenmp-simd"], [])  # the first that the compiler takes
SECONDS = 60


def compile_kernels() -> Kernels | None:
    """The kernels, compiled if this process has not yet; None if that can't be done here."""
    compiler = next(filter(None, map(shutil.which, COMPILERS)), None)
    if compiler is None:
        log.info("no C compiler here: the brain learns and talks without its kernels, only slower")
        return None
    return _compiled(compiler)


@functools.cache
def _compiled(compiler: str) -> Kernels | None:
    """The kernels as this compiler makes them; None if it can't."""
    with tempfile.TemporaryDirectory(prefix="baby-kernels-") as folder:
        target = Path(folder, "kernels.so")
        for extra in EXTRAS:
            try:
                command = [compiler, *FLAGS, *extra, str(SOURCE), "-o", str(target), "-lm"]
                built = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
                if built.returncode == 0:
                    return _caller(ctypes.CDLL(str(target)))  # stays in memory when the file goes
                complaint = built.stderr.strip().splitlines()[:1]
            except (OSError, subprocess.TimeoutExpired) as error:
                complaint = [str(error)]
    log.info("the kernels could not be compiled, so the brain runs without them: %s", *complaint or ["no reason"])
    return None


def _caller(library: ctypes.CDLL) -> Kernels:
    def call(name: str, *arguments: Tensor | int) -> None:
        values = [
            ctypes.c_void_p(value.data_ptr()) if isinstance(value, Tensor) else ctypes.c_long(value)
            for value in arguments
        ]
        getattr(library, name)(*values, ctypes.c_int(torch.get_num_threads()))

    return call
