"""The machine as the settings have it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from school.office.machine import has_bfloat16, prepare
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
