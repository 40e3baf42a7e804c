"""Text that was UTF-8, decoded as something older once and saved so ("dÃ©jÃ vu"): found fast, mended by ``ftfy``."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator

import numpy as np

MISTAKEN_FOR = ("latin-1", "cp1252", "cp1251", "cp1250", "cp1253", "cp1254", "cp1257", "mac-roman", "cp437")
SPACE = 1 << 15


def unmangled(text: str) -> tuple[str, int]:
    """``text`` with the lines mended that were mangled, and how many."""
    if text.isascii():
        return text, 0
    lines, mended, doubtful = text.split("\n"), 0, []
    for i, certain in _suspects(text):
        if certain:
            mended += _mend(lines, i)
        else:
            doubtful.append(i)
    if mended:  # else "Ã " is a letter by itself, as in Portuguese
        mended += sum(_mend(lines, i) for i in doubtful)
    return "\n".join(lines) if mended else text, mended


def _mend(lines: list[str], i: int) -> bool:
    better = _remedy()(lines[i])
    if better == lines[i] or "\ufffd" in better:
        return False
    lines[i] = better
    return True


@functools.cache
def _remedy() -> Callable[[str], str]:
    import ftfy  # late: most texts need none of it

    config = ftfy.TextFixerConfig(unescape_html=False, replace_lossy_sequences=False, fix_c1_controls=False)
    return lambda line: ftfy.fix_encoding(line, config)


def _suspects(text: str) -> Iterator[tuple[int, bool]]:
    """Which lines hold a row of letters that is UTF-8 in one of the older encodings, and whether more than "Ã "."""
    tables = _utf8_read_as()
    codes = np.frombuffer(text.encode("utf-16-le", "surrogatepass") + bytes(6), dtype="<u2")
    odd = np.flatnonzero(codes[:-3] > ord("\x7f"))
    first, (second, third, fourth) = codes[odd], (tables[0][codes[odd + i]] for i in (1, 2, 3))
    rows = tables[1][first] & second | tables[2][first] & second & third
    rows |= tables[3][first] & second & third & fourth
    found = np.flatnonzero(rows)
    if len(found):
        lines = np.searchsorted(np.flatnonzero(codes == ord("\n")), odd[found])
        certain = set(lines[(rows[found] & ~np.uint16(SPACE)) != 0].tolist())
        for line in np.unique(lines).tolist():
            yield line, line in certain


@functools.cache
def _utf8_read_as() -> np.ndarray:
    """What the bytes of UTF-8 become in each of some encodings: for every character (65536) a bit per encoding, in four
    rows: those of bytes that follow, and of bytes that begin two, three or four."""
    tables = np.zeros((4, 1 << 16), dtype=np.uint16)
    for bit, encoding in enumerate(MISTAKEN_FOR):
        for row, (first, last) in enumerate(((0x80, 0xBF), (0xC2, 0xDF), (0xE0, 0xEF), (0xF0, 0xF4))):
            for byte in range(first, last + 1):
                c = bytes([byte]).decode(encoding, "ignore") or chr(byte)
                if row == 0 or c not in "“”‘’":  # which stand before letters by right
                    tables[row, ord(c)] |= 1 << bit
    tables[(0, 1), (ord(" "), ord("Ã"))] |= SPACE  # "Ã ", where "à" had a no-break space that became a space
    return tables
