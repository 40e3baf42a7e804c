"""Compiling the kernels, and doing without them."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import torch

from school.office import kernels
from school.office.kernels import compile_kernels
from school.office.machine import prepare
from school.office.machine_settings import MachineSettings
from tests.conftest import make_brain


def test_without_a_compiler_it_says_so_once_and_runs(tokenizer, monkeypatch, caplog, tmp_path):
    """No compiler on the path: one line in the log, and PyTorch does the work."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with caplog.at_level(logging.INFO):
        backend = prepare(MachineSettings(device="cpu", threads=1)).backend
    assert caplog.text.count("no C compiler") == 1
    brain = make_brain(tokenizer, backend=backend)
    assert backend.kernels_for(brain.neurons.bias) is None
    text = torch.zeros(1, 8, dtype=torch.int64)
    assert brain(text, torch.zeros(1, 8, 3), brain.fresh_state(1)).logits.isfinite().all()


@pytest.mark.skipif(os.name != "posix", reason="the broken compiler is a shell script")
def test_a_compiler_that_fails_is_named_and_done_without(monkeypatch, caplog, tmp_path):
    """A compiler that only complains: its first words are in the log, and nothing breaks."""
    compiler = Path(tmp_path, "cc")
    compiler.write_text("#!/bin/sh\necho 'cc: no licence today' >&2\nexit 1\n")
    compiler.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/bin")
    with caplog.at_level(logging.INFO):
        assert compile_kernels() is None
    assert "no licence today" in caplog.text


@pytest.mark.skipif(compile_kernels() is None, reason="no C compiler here")
def test_they_are_compiled_once_and_anew_for_another_source(monkeypatch, tmp_path):
    """Kept beside the source under a name that follows from it; what is kept but can't be loaded is made anew."""
    monkeypatch.setattr(kernels, "KEPT", tmp_path / "__pycache__")
    source = tmp_path / "kernels.c"
    monkeypatch.setattr(kernels, "SOURCES", (source,))
    builds = []
    run = subprocess.run
    monkeypatch.setattr(kernels.subprocess, "run", lambda *args, **how: builds.append(args) or run(*args, **how))
    compiler = next(filter(None, map(shutil.which, kernels.COMPILERS)))

    def compiled(text: str) -> set[str]:
        source.write_text(text)
        kernels._compiled.cache_clear()
        assert kernels._compiled(compiler) is not None
        return {file.name for file in (tmp_path / "__pycache__").iterdir()}

    first = compiled("int one(void) { return 1; }")
    assert (compiled("int one(void) { return 1; }"), len(builds)) == (first, 1)
    second = compiled("int one(void) { return 2; }")
    assert (len(second), len(builds)) == (1, 2)
    assert second != first
    (tmp_path / "__pycache__" / second.pop()).write_bytes(b"no program")
    compiled("int one(void) { return 2; }")
    assert len(builds) == 3
    kernels._compiled.cache_clear()
