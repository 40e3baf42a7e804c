"""Lines of standard input, as they come."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import AsyncIterator


async def lines_of_stdin() -> AsyncIterator[str]:
    """Lines, read by a daemon thread from the bare descriptor: a thread that waits inside ``sys.stdin`` holds its lock
    and makes the interpreter abort at exit, and asyncio's pipes refuse plain files."""
    loop, lines = asyncio.get_running_loop(), asyncio.Queue()

    def hand_over(line: str | None) -> None:
        try:
            loop.call_soon_threadsafe(lines.put_nowait, line)
        except RuntimeError:  # the loop is closed; nobody listens any more
            raise SystemExit from None

    def read() -> None:
        rest = b""
        while piece := _read_some():
            *whole, rest = (rest + piece).split(b"\n")
            for line in whole:
                hand_over(line.decode("utf-8", "replace"))
        if rest:
            hand_over(rest.decode("utf-8", "replace"))
        hand_over(None)

    threading.Thread(target=read, name="stdin", daemon=True).start()
    while (line := await lines.get()) is not None:
        yield line


def _read_some() -> bytes:
    try:
        return os.read(sys.stdin.fileno(), 65_536)
    except (OSError, ValueError):
        return b""
