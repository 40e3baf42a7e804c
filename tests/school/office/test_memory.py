"""How memory is kept and handed back."""

from __future__ import annotations

import ctypes
import mmap
import os
import platform
import sys
from pathlib import Path

import pytest
import torch

from school.office.machine import prepare
from school.office.machine_settings import MachineSettings
from school.office.memory import TUNABLES, hand_back_memory, keep_memory, let_go_of_files, tuned

LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="no such thing on another system")


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library keeps memory in its own way")
def test_memory_is_kept_until_it_is_handed_back():
    """What a step needed stays with the process for the next one; others get it when nobody asks for long."""
    prepare(MachineSettings(device="cpu", threads=1, kernels=False))
    size = 64 << 20
    torch.ones(size // 4).sum()
    kept = resident()
    hand_back_memory()
    assert kept - resident() > size / 2


def resident() -> int:
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


@LINUX
def test_pages_that_were_only_read_go_and_come_back(tmp_path):
    """What was read of a file does not count as this process's until it is read again; what was written into a private
    copy of it stays."""
    file, size = tmp_path / "file", 16 << 20
    file.write_bytes(b"a" * size)
    with file.open("rb") as opened:
        only_read = mmap.mmap(opened.fileno(), size, access=mmap.ACCESS_READ)
        written = mmap.mmap(opened.fileno(), size, access=mmap.ACCESS_COPY)
    written[0:3] = b"own"
    _close_to_writing(written)
    only_read.read()
    before = resident()
    let_go_of_files()
    assert before - resident() > size / 2
    assert written[:4] == b"owna"
    assert only_read[: 1 << 16] == b"a" * (1 << 16)


def _close_to_writing(mapping: mmap.mmap) -> None:
    """As a linker does with what it has put right."""
    address = ctypes.addressof(ctypes.c_char.from_buffer(mapping))
    assert ctypes.CDLL(None).mprotect(ctypes.c_void_p(address), ctypes.c_size_t(len(mapping)), mmap.PROT_READ) == 0


@LINUX
def test_a_process_that_learns_is_started_with_it_once():
    """Then it is there; whoever set something of the kind has it their way."""
    more = tuned({})
    assert list(more) == [TUNABLES]
    assert tuned(more) is None
    assert tuned({TUNABLES: "glibc.malloc.arena_max=2"}) is None


@pytest.mark.parametrize("system", ["win32", "darwin"])
def test_on_another_system_nothing_is_done(monkeypatch, system):
    """Windows has no C library without a name: to ask for it is a TypeError there."""

    def refuse(name: str | None) -> None:
        raise TypeError(name)

    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(ctypes, "CDLL", refuse)
    assert tuned({}) is None
    for do in (keep_memory, hand_back_memory, let_go_of_files):
        do()
