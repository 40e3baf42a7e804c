"""Worker threads: tasks of a step that are done side by side, each on a thread of its own.

Threads that share every operation of a lesson meet some six hundred times a step, and each time the slower one is
waited for, most of all where other programs want the processor too. Workers that read streams of their own meet once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TypeVar

import torch

MOST = 2  # each has gradients of its own, which have to be added up; more were never measured

Done = TypeVar("Done")


class WorkerThreads:
    """``count`` workers share ``threads`` of torch's. Their threads end with the object."""

    def __init__(self, threads: int, device: torch.device):
        self.count = MOST if device.type == "cpu" and threads % MOST == 0 else 1
        self._threads, self._device = threads, device
        self._others = ThreadPoolExecutor(self.count, "worker", lambda: torch.set_flush_denormal(True))

    def __deepcopy__(self, _: object) -> WorkerThreads:
        """A twin's tutor has its own."""
        return WorkerThreads(self._threads, self._device)

    def run(self, jobs: Sequence[Callable[[], Done]]) -> list[Done]:
        """Do the jobs, at most ``count`` of them, at the same time, the first one on this thread; a job alone has all
        threads. Returns what they return, once all have ended; raises what the first that failed raised."""
        if len(jobs) == 1:
            return [jobs[0]()]
        torch.set_num_threads(self._threads // self.count)  # of this thread, and of new ones
        others: list[Future[Done]] = []
        try:
            others += [self._others.submit(job) for job in jobs[1:]]
            first = jobs[0]()
        finally:
            wait(others)
            torch.set_num_threads(self._threads)
        return [first, *(other.result() for other in others)]
