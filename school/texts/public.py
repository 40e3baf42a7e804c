"""What stands in the public texts of a library: whether a passage may be shown to everybody. By its very words, so that
whatever else holds them, or leads there, a passage is shown only if a public text has it just so."""

from __future__ import annotations

import threading
from collections.abc import Callable

from school.texts.librarian import Librarian

SHORTEST = 24  # characters of a passage that tells where it is from


class PublicTexts:
    """``librarian``: who has the library now. Any thread may ask; the first time the texts are decoded."""

    def __init__(self, librarian: Callable[[], Librarian]):
        self._librarian, self._lock = librarian, threading.Lock()
        self._read: tuple[Librarian | None, list[str]] = (None, [])

    def hold(self, passage: str) -> bool:
        return len(passage.strip()) >= SHORTEST and any(passage in text for text in self._texts())

    def _texts(self) -> list[str]:
        with self._lock:
            librarian = self._librarian()
            if self._read[0] is not librarian:
                decode = librarian.tokenizer.decode
                self._read = librarian, [decode(text.learn.tolist()) for text in librarian.texts if not text.private]
            return self._read[1]
