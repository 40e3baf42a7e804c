"""A ``.pyz``: a zip application that chats in a terminal and needs Python and NumPy only."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

from school.bodies.body import Body
from school.bodies.compact import compact
from school.office.files import write_whole

HOUSE = Path(__file__).resolve().parents[2]
TAKEN = (
    *sorted(str(file.relative_to(HOUSE)) for file in (HOUSE / "school/bodies/alone").glob("*.py")),
    "school/__init__.py",
    "school/bodies/__init__.py",
    "school/office/__init__.py",
    "school/office/foreign.py",
    "school/texts/__init__.py",
    "school/texts/brackets.py",
    "school/texts/sentences.py",
    "LICENSE",
)
MAIN = '''\
"""A babyLLM that speaks: python FILE.pyz --help"""

import json
import os
import sys

if sys.version_info < (3, 11):
    sys.exit("This baby needs Python 3.11 or newer; this is " + sys.version.split()[0] + ".")
# Its products are small: more threads would only wait for one another.
for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(name, "1")
try:
    import numpy
except ImportError:
    sys.exit("This baby needs NumPy: python -m pip install numpy")

from school.bodies.alone.chat import main

read = lambda name: __loader__.get_data(os.path.join(__loader__.archive, name))
sys.exit(main(json.loads(read("body.json")), read("weights.f16")))
'''
SHEBANG = b"#!/usr/bin/env python3\n"
WHEN = (1980, 1, 1, 0, 0, 0)  # of all files in it, so that the same baby makes the same file


def write_application(body: Body, file: Path) -> None:
    """Raises OSError, or Mistake for what has no room in 16 bits; then nothing is there."""
    said, numbers = compact(body)
    made = io.BytesIO(SHEBANG)
    with zipfile.ZipFile(made, "a") as into:
        for name in TAKEN:
            _put(into, name, (HOUSE / name).read_bytes())
        _put(into, "__main__.py", MAIN.encode())
        _put(into, "body.json", json.dumps(said, ensure_ascii=False).encode())
        _put(into, "weights.f16", numbers, kind=zipfile.ZIP_STORED)
    write_whole(file, made.getvalue())


def _put(into: zipfile.ZipFile, name: str, data: bytes, kind: int = zipfile.ZIP_DEFLATED) -> None:
    into.writestr(zipfile.ZipInfo(name, WHEN), data, kind, 9)
