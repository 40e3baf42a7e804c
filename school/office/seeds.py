"""Seeds that follow from numbers: the same on every machine and every version of Python."""

from __future__ import annotations

import numpy as np


def seed_of(*numbers: int) -> int:
    """A 63-bit seed that depends on every one of ``numbers`` and on their order."""
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] >> np.uint64(1))
