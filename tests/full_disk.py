"""A disk without room; what is run there by itself has no time to load more than this."""

from __future__ import annotations

import contextlib
from pathlib import Path


def fill(ballast: Path) -> None:
    """Leave not a byte."""
    with ballast.open("wb", buffering=0) as stream, contextlib.suppress(OSError):
        while stream.write(b"x" * 4096):
            pass
