"""How this process keeps memory, and what it hands back.

All of it is about Linux, and most about glibc; elsewhere nothing is done.
"""

from __future__ import annotations

import ctypes
import gc
import linecache
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

TUNABLES, NO_THREAD_CACHES = "GLIBC_TUNABLES", "glibc.malloc.tcache_count=0"
MADV_DONTNEED = 4  # in sys/mman.h
MAPPINGS = Path("/proc/self/smaps")
MAPPING = re.compile(r"([0-9a-f]+)-([0-9a-f]+) (\S{4}) \S+ \S+ \d+ *(.*)")


def tuned(environment: Mapping[str, str]) -> dict[str, str] | None:
    """What is to be added to the environment of a process that learns, or None where that has been done or is of no
    use. glibc reads it before anything else runs, so such a process has to be started with it.

    Torch asks for blocks whose addresses are multiples of 64, and the few bytes cut off before and behind each wait in
    a thread's cache of small blocks, where no freed neighbour can be joined with them: the heap gets holes. Without
    those caches it takes 42 MB less at ``toddler``, and lessons are as fast (docs/diary.md).
    """
    if not sys.platform.startswith("linux") or TUNABLES in environment:
        return None
    return {TUNABLES: NO_THREAD_CACHES}


def keep_memory() -> None:
    """Tell glibc to keep freed memory instead of returning it page by page.

    A training step frees and takes back some hundred megabytes. Handing them to the kernel each time cost 340,000
    page faults in ten steps and a fifth of the speed (235 against 181 ms a step on two cores). Blocks of any size come
    from the heap: with a threshold, which glibc caps at 32 MB, steps of 8,192 tokens took twice as long per token.
    """
    mallopt = _of_libc("mallopt")
    if not mallopt:
        return
    fast, trim_threshold, mmap_max, arena_max = 1, -1, -4, -8  # names in malloc.h
    mallopt(fast, 0)
    mallopt(mmap_max, 0)
    mallopt(trim_threshold, 2**31 - 1)
    mallopt(arena_max, 1)  # else the tutor's thread has an arena of its own that is trimmed all the same


def settle_in() -> None:
    """All is loaded. It stays, so it is not looked through for garbage any more: that takes 150 ms, in which nobody is
    answered. What only loading needed goes: lines of source files that torch looked at, and pages of libraries."""
    linecache.clearcache()
    gc.collect()
    gc.freeze()
    let_go_of_files()


def hand_back_memory() -> None:
    """Return to the system what is free now, which ``keep_memory`` keeps for the next step: of a ``toddler`` some 140
    MB. It takes 40 to 70 ms, in which no other thread gets memory, and as long until the next step has it back."""
    if trim := _of_libc("malloc_trim"):
        trim(0)
    let_go_of_files()


def let_go_of_files() -> None:
    """Let the system have the pages of libraries and other files that were only read.

    Loading torch reads 120 MB of libraries, of which a life goes on to use 25. What is needed again comes back from
    the system's own cache by itself. It takes 25 ms.
    """
    madvise = _of_libc("madvise")
    if not madvise:
        return
    with suppress(OSError):  # it may be forbidden to look
        for start, size in _only_read(MAPPINGS.read_text("utf-8", "replace")):
            madvise(ctypes.c_void_p(start), ctypes.c_size_t(size), MADV_DONTNEED)


def _of_libc(name: str) -> Callable[..., int] | None:
    """A function of the C library, where this is Linux and its library has it: not each is glibc."""
    if not sys.platform.startswith("linux"):
        return None
    with suppress(OSError):
        return getattr(ctypes.CDLL(None), name, None)
    return None


def _only_read(mappings: str) -> Iterator[tuple[int, int]]:
    """Where files are mapped that this process can't write to and never did, as ``smaps`` tells it: start and size. A
    page that was written to before it was closed, as a linker does, would be lost, not come back."""
    start = size = 0
    for line in mappings.splitlines():
        if mapping := MAPPING.fullmatch(line):
            begin, end, rights, name = mapping.groups()
            start, size = int(begin, 16), int(end, 16) - int(begin, 16)
            if "w" in rights or not name.startswith("/"):
                size = 0
        elif size and line.startswith("Anonymous:") and line.split()[1] == "0":
            yield start, size
