"""The machine as the settings have it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import pytest

from school.office.machine import has_bfloat16, prepare, stand_back
from school.office.machine_settings import MachineSettings
from wakeup import REPOSITORY


@pytest.mark.parametrize("precision", ["float32", "bfloat16", "auto"])
def test_the_setting_decides_what_is_rounded(precision):
    """machine.precision: what was asked for; auto asks the hardware."""
    backend = prepare(MachineSettings(precision=precision, device="cpu", threads=1, kernels=False)).backend
    assert backend.half == (precision == "bfloat16" or precision == "auto" and has_bfloat16("cpu"))
    assert backend.kernels is None


def test_settings_of_machine_and_brain_need_no_torch():
    """Commands that compute nothing read them too."""
    code = (
        "import sys, school.office.machine_settings, school.teaching.brain_settings; sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, timeout=60).returncode == 0


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere threads of a program weigh the same")
def test_who_stands_back_lets_others_go_first():
    """It and the threads that it starts weigh less than the one that started it, which weighs as much as before."""

    def weights() -> None:
        stand_back()
        found.append(os.getpriority(os.PRIO_PROCESS, 0))
        child = threading.Thread(target=lambda: found.append(os.getpriority(os.PRIO_PROCESS, 0)))
        child.start()
        child.join(60)

    found: list[int] = [os.getpriority(os.PRIO_PROCESS, 0)]
    thread = threading.Thread(target=weights)
    thread.start()
    thread.join(60)
    mine, its, its_childs = found
    assert mine == os.getpriority(os.PRIO_PROCESS, 0)
    assert mine < its == its_childs or its == 19
