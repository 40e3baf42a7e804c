"""How likely a judge that has read the library, and no brain, finds texts: bits per byte.

The context mixer reads the taught part, stops learning, and goes on with the texts, each on a line of its own; what it
charges for the line breaks between them is left out. Without it, PPMd stands in: the code length of the library with
all the texts behind it, less that of the library; so the texts teach it while it reads them, and line breaks count.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks import references
from benchmarks.references import Absent, build, ppmd_length
from wakeup import whisper

SOURCE = Path(__file__).with_name("mixer_costs.c")


def likelihoods(library: str, groups: Sequence[Sequence[str]]) -> tuple[str, list[float | None]]:
    """Who judged, "" for nobody, and the bits per byte of each group of texts."""
    for judge, charge in (("mixer", mixer_bits), ("ppmd", ppmd_bits)):
        try:
            bits = charge(library, groups)
        except Absent as why:
            whisper(f"no likelihood by {judge}: {why}.")
            continue
        sizes = [sum(len(text.encode()) for text in group) for group in groups]
        return judge, [round(b / size, 4) if size else None for b, size in zip(bits, sizes, strict=True)]
    return "", [None for _ in groups]


def mixer_bits(library: str, groups: Sequence[Sequence[str]]) -> list[float]:
    """Of each group, in bits; no text teaches it. Raises Absent."""
    read, texts = f"{library}\n".encode(), [text.encode() for group in groups for text in group]
    costs = mixer_costs(read + b"".join(text + b"\n" for text in texts), learned=len(read))
    bits, place = [], len(read)
    for group in groups:
        bits.append(0.0)
        for text in group:
            size = len(text.encode())
            bits[-1] += float(costs[place : place + size].sum())
            place += size + 1
    return bits


def mixer_costs(data: bytes, *, learned: int) -> np.ndarray:
    """Bits (bytes,) that the mixer charges for each byte; it learns from the first ``learned``. Raises Absent."""
    with tempfile.TemporaryDirectory(prefix="baby-") as folder:
        program, file, costs = Path(folder, "mixer"), Path(folder, "text"), Path(folder, "costs")
        file.write_bytes(data)
        build(SOURCE, program, f'-DMIXER="{references.MIXER}"')
        fraction = (learned - 0.5) / len(data)  # it learns while its place is below this share of the whole
        try:
            subprocess.run([program, file, f"{fraction:.17g}", costs], check=True, capture_output=True)
            charged = np.fromfile(costs)
        except (OSError, subprocess.CalledProcessError) as error:
            raise Absent(f"{SOURCE.name} can't be run here ({error})") from None
    if len(charged) != len(data):
        raise Absent(f"{references.MIXER.name} is not as {SOURCE.name} knows it")
    return charged


def ppmd_bits(library: str, groups: Sequence[Sequence[str]]) -> list[float]:
    """Of each group, in bits. Raises Absent."""
    length = ppmd_length()
    read = f"{library}\n".encode()
    before = length(read)
    return [8.0 * (length(read + "\n".join(group).encode()) - before) for group in groups]
