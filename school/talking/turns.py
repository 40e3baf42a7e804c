"""A lock for which those who wait are served in order, so that whoever takes it over and over keeps nobody out."""

from __future__ import annotations

import threading
from types import TracebackType


class Turns:
    """As ``threading.Lock``, for ``with``; two locks in a row, of which the one in front is held only to wait for the
    other. Nobody may take it twice."""

    def __init__(self) -> None:
        self._next, self._lock = threading.Lock(), threading.Lock()

    def __enter__(self) -> None:
        with self._next:
            self._lock.acquire()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None):
        self._lock.release()
