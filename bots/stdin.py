"""Lines of standard input, as they come."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator

LINE_BYTES = 256 << 10  # of the longest line that is taken; longer texts have their place in the library
LINES_WAITING = 100
READ_BYTES = 64 << 10


async def lines_of_stdin(refuse: Callable[[str], None] = lambda why: None) -> AsyncIterator[str]:
    """Lines, read by a daemon thread from the bare descriptor: a thread that waits inside ``sys.stdin`` holds its lock
    and makes the interpreter abort at exit, and asyncio's pipes refuse plain files. ``refuse`` hears of lines that are
    too long or no text, of which nothing is taken."""
    loop, lines, room = asyncio.get_running_loop(), asyncio.Queue(), threading.Semaphore(LINES_WAITING)

    def hand_over(line: str | Unfit | None) -> None:
        room.acquire()  # whoever writes faster than it answers waits
        try:
            loop.call_soon_threadsafe(lines.put_nowait, line)
        except RuntimeError:  # the loop is closed; nobody listens any more
            raise SystemExit from None

    def read() -> None:
        for line in lines_of(_read_some):
            hand_over(line)
        hand_over(None)

    threading.Thread(target=read, name="stdin", daemon=True).start()
    while (line := await lines.get()) is not None:
        room.release()
        if isinstance(line, Unfit):
            refuse(line.why)
        else:
            yield line


class Unfit:
    """A line that nothing was taken of."""

    def __init__(self, why: str):
        self.why = why


def lines_of(read_some: Callable[[], bytes]) -> Iterator[str | Unfit]:
    """What comes in pieces, line by line; no more than a line and a piece is ever held. ``read_some`` brings the next
    bytes, or none at the end."""
    held, length, number = [], 0, 1  # of the line that is not whole yet
    while piece := read_some():
        *ends, rest = piece.split(b"\n")
        for end in ends:
            yield _line([*held, end], length + len(end), number)
            held, length, number = [], 0, number + 1
        length += len(rest)
        held = [*held, rest] if length <= LINE_BYTES else []
    if length:
        yield _line(held, length, number)


def _line(pieces: list[bytes], length: int, number: int) -> str | Unfit:
    if length > LINE_BYTES:
        size = f"{length / 1e6:.1f} MB" if length >= 1e6 else f"{length / 1e3:.0f} kB"
        return Unfit(f"line {number} has {size}, more than can be said at once; put it into a file in the library")
    try:
        return b"".join(pieces).decode("utf-8")
    except UnicodeDecodeError as error:
        return Unfit(f"line {number} is not UTF-8 text (at byte {error.start + 1}); nothing of it was taken")


def _read_some() -> bytes:
    try:
        return os.read(sys.stdin.fileno(), READ_BYTES)
    except (OSError, ValueError):
        return b""
