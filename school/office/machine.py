"""The machine: which device computes, how many cores, and who goes first."""

from __future__ import annotations

import os
import sys
import threading
from dataclasses import dataclass

import torch

from brain.ops.backend import Backend
from school.office.kernels import compile_kernels
from school.office.machine_settings import MachineSettings
from school.office.memory import keep_memory
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


def stand_back(by: int = 5) -> None:
    """From now on other threads of this program go before this one, and before those that it starts: a question comes
    while both cores have a lesson to compute, and waited as long again for one of them to be free. What nobody else
    wants, this thread still gets. Only where the system weighs each thread by itself, which is Linux."""
    if sys.platform.startswith("linux"):
        thread = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + by)  # 19 at most, by itself
