"""How fast it may speak: Twitch silences an account for half an hour that speaks too often."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

WINDOW = 30.0  # seconds that Twitch counts messages in, and within which it drops a message like one before
LIMIT, ELLIPSIS = 500, "…"  # characters of a message


class Pace:
    """At most ``limit`` messages in any ``window`` seconds and ``gap`` seconds between two, by the caller's clock."""

    def __init__(self, *, limit: int, gap: float, window: float = WINDOW):
        self.limit, self.gap, self.window = limit, gap, window
        self.on_sent: Callable[[], None] = lambda: None
        self._sent: deque[float] = deque()

    @property
    def most(self) -> int:
        """Messages that may go out within the window, if nothing did before."""
        return max(1, min(self.limit, int(self.window / self.gap) if self.gap else self.limit))

    def ages(self, now: float) -> list[float]:
        """How many seconds ago it spoke within the last window, or within the last gap if that is longer."""
        return [now - at for at in self._sent if now - at < max(self.window, self.gap)]

    def wait(self, now: float) -> float:
        """Seconds until the next message may go out."""
        while self._sent and self._sent[0] <= now - max(self.window, self.gap):
            self._sent.popleft()
        if not self._sent:
            return 0.0
        soonest = self._sent[-1] + self.gap
        if len(self._sent) >= self.limit:
            soonest = max(soonest, self._sent[-self.limit] + self.window)
        return max(0.0, soonest - now)

    def sent(self, now: float) -> None:
        """Count a message; to be called when it has certainly arrived, so that no delay on the way can squeeze the
        window."""
        self._sent.append(now)
        self.on_sent()


class Repetitions:
    """Makes a message differ from those of the last ``window`` seconds, or says that it can't."""

    MARKS = ("", " ·", " ··")

    def __init__(self, window: float = WINDOW):
        self.window = window
        self._said: deque[tuple[float, str]] = deque()

    def varied(self, text: str, now: float) -> str:
        """``text``, with a small mark behind it if it was just said; "" if all marks are used up."""
        while self._said and self._said[0][0] <= now - self.window:
            self._said.popleft()
        recent = {said for _, said in self._said}
        for mark in self.MARKS:
            candidate = fit(text, LIMIT - len(mark)) + mark
            if candidate not in recent:
                return candidate
        return ""

    def said(self, text: str, now: float) -> None:
        self._said.append((now, text))


def fit(text: str, limit: int = LIMIT) -> str:
    """``text`` with spaces as one, in at most ``limit`` characters, cut at a word where there is one."""
    text = " ".join(text.split())
    if len(text) <= limit:
        return text
    head = text[: limit - len(ELLIPSIS) + 1]
    word_end = head.rfind(" ")
    kept = head[:word_end] if word_end > limit // 2 else head[:-1]
    return kept.rstrip() + ELLIPSIS
