"""Words as numbers that can be compared by the thousand: the first eight bytes of each and the last eight.

Together with its size they tell a word of up to TOLD bytes from every other one.

Shapes: W words, anywhere in N bytes.
"""

from __future__ import annotations

import numpy as np

TOLD = 16  # bytes
SPREAD = np.uint64(0x9E3779B97F4A7C15)  # odd, of splitmix64 (Steele et al. 2014)
_FIRST = np.array([(1 << 8 * size) - 1 for size in range(8)] + [(1 << 64) - 1], np.uint64)  # of eight bytes


def ends_of(data: bytes, starts: np.ndarray, sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The first and the last eight bytes of words, or all where there are fewer, as (W,) uint64. ``starts``, ``sizes``
    (W,): where they stand in ``data``."""
    eight = np.ndarray((len(data) + 1,), "<u8", data + bytes(8), strides=(1,))  # those from each byte on
    which = _FIRST.take(sizes, mode="clip")
    return eight[starts] & which, eight[starts + np.maximum(sizes - 8, 0)] & which


def hashes_of(first: np.ndarray, last: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Of words by their ends, (W,) uint64."""
    return (first * SPREAD ^ last) * SPREAD ^ sizes.astype(np.uint64)
