"""What of an answer goes out as it grows: no white space at its ends, and nothing from a text on that is to end it."""

from __future__ import annotations

from collections.abc import Iterable


class Outlet:
    """``feed`` it with pieces, ``end`` it; the texts that come out are the answer."""

    def __init__(self, stop: Iterable[str] = ()):
        self._stop = tuple(stop)
        self._text, self._out = "", 0  # without the white space before it; how much of it went out
        self._stopped = False

    def feed(self, piece: str) -> str:
        """What may go out now: what may still be the beginning of an end waits."""
        if self._stopped:
            return ""
        self._text = (self._text + piece).lstrip() if not self._text else self._text + piece
        found = [place for place in (self._text.find(stop) for stop in self._stop) if place >= 0]
        if found:
            self._text, self._stopped = self._text[: min(found)], True
            return self.end()
        return self._let_out(len(self._text) - self._waiting())

    def end(self) -> str:
        """What is left."""
        return self._let_out(len(self._text))

    def _waiting(self) -> int:
        """Characters at the end that a text to stop at may begin with."""
        longest = max(map(len, self._stop), default=0)
        for size in range(min(longest - 1, len(self._text)), 0, -1):
            if any(stop.startswith(self._text[-size:]) for stop in self._stop):
                return size
        return 0

    def _let_out(self, until: int) -> str:
        text = self._text[self._out : len(self._text[:until].rstrip())]
        self._out += len(text)
        return text
