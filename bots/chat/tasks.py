"""Work that is under way for lines of the chat: bounded, and to be broken off by whose line it was."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any

from bots.chat.messages import Line

log = logging.getLogger(__name__)


class Tasks:
    """At most ``limit`` at a time; what comes beyond is dropped and counted, what fails is counted."""

    def __init__(self, limit: int, counts: Counter[str]):
        self._limit, self._counts = limit, counts
        self._tasks: dict[asyncio.Task, Line | None] = {}

    def __len__(self) -> int:
        return len(self._tasks)

    def begin(self, work: Coroutine[Any, Any, Any], line: Line | None = None) -> bool:
        """Returns whether there was room for it."""
        if len(self._tasks) >= self._limit:
            work.close()
            self._counts["dropped"] += 1
            return False
        task = asyncio.create_task(work)
        self._tasks[task] = line
        task.add_done_callback(self._done)
        return True

    def forget(self, hit: Callable[[Line], bool]) -> None:
        """Break off what is done for these lines."""
        for task, line in self._tasks.items():
            if line and hit(line):
                task.cancel()

    async def close(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _done(self, task: asyncio.Task) -> None:
        self._tasks.pop(task, None)
        if not task.cancelled() and (error := task.exception()):
            log.error("work for a line of the chat ended in a %s", type(error).__name__)  # its text could be a person's
            self._counts["failed"] += 1
