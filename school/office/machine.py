"""The machine: which device computes, how many cores, and how memory is kept."""

from __future__ import annotations

import ctypes
import gc
import os
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass

import torch

from brain.ops.backend import Backend
from school.office.kernels import compile_kernels
from school.office.machine_settings import MachineSettings
from school.office.mistakes import Mistake


@dataclass(frozen=True, slots=True)
class Compute:
    """Where a brain computes, and how."""

    device: torch.device
    backend: Backend


def prepare(settings: MachineSettings) -> Compute:
    """Set up this process and choose how it computes. Raises Mistake for a device that is not there."""
    keep_memory()
    if settings.threads:
        torch.set_num_threads(settings.threads)
    torch.set_flush_denormal(True)
    kernels = compile_kernels() if settings.kernels else None
    available = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    chosen = settings.device
    if chosen == "auto":
        chosen = "cuda" if available["cuda"] else "cpu"
    if not available[chosen]:
        raise Mistake(f'machine.device = "{chosen}": this machine has none; use "auto" or "cpu".')
    half = settings.precision == "bfloat16" or settings.precision == "auto" and has_bfloat16(chosen)
    return Compute(torch.device(chosen), Backend(kernels, half))


def has_bfloat16(device: str) -> bool:
    """Whether the hardware multiplies bfloat16 itself, which is about twice as fast; asked, not timed, so that the same
    machine always gives the same answer."""
    if device == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    asked = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")  # torch has no public question for this
    return device == "cpu" and any(getattr(torch.cpu, name, bool)() for name in asked)


def keep_memory() -> None:
    """Tell glibc to keep freed memory instead of returning it page by page.

    A training step frees and takes back some hundred megabytes. Handing them to the kernel each time cost 340,000
    page faults in ten steps and a fifth of the speed (235 against 181 ms a step on two cores). Blocks of any size come
    from the heap: with a threshold, which glibc caps at 32 MB, steps of 8,192 tokens took twice as long per token.
    """
    if not sys.platform.startswith("linux"):
        return
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return  # another C library
    trim_threshold, mmap_max, arena_max = -1, -4, -8  # names in malloc.h
    mallopt(mmap_max, 0)
    mallopt(trim_threshold, 2**31 - 1)
    mallopt(arena_max, 1)  # else the tutor's thread has an arena of its own that is trimmed all the same


def settle_in() -> None:
    """What is loaded by now stays, so it is not looked through for garbage any more: that takes 150 ms, in which nobody
    is answered."""
    gc.collect()
    gc.freeze()


def hand_back_memory() -> None:
    """Return to the system what is free now, which ``keep_memory`` keeps for the next step: of a ``toddler`` some 140
    MB. It takes 40 to 70 ms, in which no other thread gets memory, and as long until the next step has it back."""
    if sys.platform.startswith("linux"):
        with suppress(OSError, AttributeError):  # another C library
            ctypes.CDLL(None).malloc_trim(0)


def stand_back(by: int = 5) -> None:
    """From now on other threads of this program go before this one, and before those that it starts: a question comes
    while both cores have a lesson to compute, and waited as long again for one of them to be free. What nobody else
    wants, this thread still gets. Only where the system weighs each thread by itself, which is Linux."""
    if sys.platform.startswith("linux"):
        thread = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + by)  # 19 at most, by itself
