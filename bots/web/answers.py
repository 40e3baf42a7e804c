"""An answer on its way from the talker's thread to the event loop, piece by piece."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import Future

from school.door.values import Reply


class Pieces:
    """``put`` as the listener of an answer, ``follow`` its future, then iterate: until it is done, whatever came of it.
    An answer is short, so nothing is lost."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[str | None] = asyncio.Queue()

    def put(self, piece: str | None) -> None:
        """On any thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._queue.put_nowait, piece)

    def follow(self, future: Future[Reply]) -> None:
        future.add_done_callback(lambda _: self.put(None))

    async def __aiter__(self) -> AsyncIterator[str]:
        while (piece := await self._queue.get()) is not None:
            yield piece
