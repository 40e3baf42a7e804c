"""The yardsticks: what compressors without a brain need for the same text, in the same run.

    python -m benchmarks.references DIARY.txt

Each reads the file's bytes once and learns while it goes, so its figures stand beside prequential ones; its tail, which
has all that came before to lean on, stands beside held-out ones. The tail is the last tenth of the bytes: for the
compressors the code length of the whole less that of the first nine tenths, for the context mixer what it prints.
"""

from __future__ import annotations

import lzma
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import wakeup
from benchmarks.common import report, run
from school.office.mistakes import Mistake

MIXER = wakeup.REPOSITORY.parent / "shared" / "yardstick" / "context_mixer.c"
BUILD = ("-O3", "-march=native", "-ffast-math")
PRINTED = re.compile(r"prequential bpc ([\d.]+) last10% ([\d.]+)")
PPMD_ORDER, PPMD_MEMORY = 6, 64 << 20
Figures = dict[str, Any]


class Absent(Exception):
    """An instrument that is not on this machine; the message says what is missing."""


def measure(file: Path) -> dict[str, Figures]:
    """By name: ``bits_per_byte`` and ``tail_bits_per_byte``, or ``absent`` and why. Raises Mistake."""
    try:
        size = file.stat().st_size
    except OSError as error:
        raise Mistake(f"{file}: can't be read ({error.strerror}).") from None
    if size < 10:
        raise Mistake(f"{file}: too short to measure anything on.")
    return {name: _figures(instrument, file) for name, instrument in INSTRUMENTS.items()}


def _figures(instrument: Callable[[Path], tuple[float, float]], file: Path) -> Figures:
    try:
        whole, tail = instrument(file)
    except Absent as why:
        return {"absent": str(why)}
    return {"bits_per_byte": round(whole, 4), "tail_bits_per_byte": round(tail, 4)}


def xz(file: Path) -> tuple[float, float]:
    """xz -9e; few use it for text, everybody has it."""
    return _by_code_length(lambda data: len(lzma.compress(data, preset=9 | lzma.PRESET_EXTREME)), file)


def ppmd(file: Path) -> tuple[float, float]:
    """Prediction by partial matching, variant I, order 6 (Shkarin 2002, "PPM: one step to practicality")."""
    return _by_code_length(ppmd_length(), file)


def ppmd_length() -> Callable[[bytes], int]:
    """What tells how many bytes PPMd makes of a text. Raises Absent."""
    try:
        from pyppmd import Ppmd8Encoder
    except ImportError:
        raise Absent("pyppmd is not installed; run `make lab`") from None

    def length(data: bytes) -> int:
        encoder = Ppmd8Encoder(PPMD_ORDER, PPMD_MEMORY)
        return len(encoder.encode(data)) + len(encoder.flush())

    return length


def mixer(file: Path) -> tuple[float, float]:
    """Bitwise logistic mixing of eight hashed contexts and a match model."""
    with tempfile.TemporaryDirectory(prefix="baby-") as folder:
        program = Path(folder, "mixer")
        build(MIXER, program)
        try:
            said = subprocess.run([program, file], check=True, capture_output=True, text=True).stdout
        except (OSError, subprocess.CalledProcessError) as error:
            raise Absent(f"{MIXER.name} can't be run here ({error})") from None
    whole, tail = PRINTED.search(said).groups()
    return float(whole), float(tail)


def build(source: Path, program: Path, *flags: str) -> None:
    """Compile the mixer, or what is made with it. Raises Absent."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if not MIXER.exists():
        raise Absent(f"there is no {MIXER.parent.name}/{MIXER.name} in the folder shared beside the repository")
    if not compiler:
        raise Absent("there is no C compiler (gcc or cc)")
    try:
        subprocess.run([compiler, *BUILD, *flags, source, "-o", program, "-lm"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise Absent(f"{source.name} can't be built here ({error})") from None


INSTRUMENTS = {"mixer": mixer, "ppmd": ppmd, "xz": xz}


def _by_code_length(length: Callable[[bytes], int], file: Path) -> tuple[float, float]:
    """Bits per byte of the whole and of its last tenth; ``length`` gives bytes of code."""
    data = file.read_bytes()
    cut = len(data) - len(data) // 10
    whole, most = length(data), length(data[:cut])
    return 8 * whole / len(data), 8 * (whole - most) / (len(data) - cut)


def main() -> None:
    options = wakeup.Parser(description=__doc__.splitlines()[0])
    options.add_argument("file", type=Path)
    options.add_argument("--json", action="store_true", help="print one JSON line")
    given = options.parse_args()
    references = measure(given.file)
    for name, figures in references.items():
        if "absent" in figures:
            print(f"{name}: absent, {figures['absent']}", file=sys.stderr)
    report({"file": str(given.file), "bytes": given.file.stat().st_size, "references": references}, given.json)


if __name__ == "__main__":
    run(main)
