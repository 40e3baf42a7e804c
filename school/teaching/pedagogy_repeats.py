"""A lesson is repeated until it is good enough, but never at once: after a wait, and each time after a longer one.

What is good enough adapts to the baby: the pass mark moves until a set share of all blocks falls below it. After a few
tries a passage is too difficult for now; it rests, comes back, rests longer, and is let go in the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from typing import Any

WAIT = 8  # steps from a failed try to the next one; each wait is twice the last
REST = 250  # steps for which a passage rests that was too difficult; each rest is twice the last
RESTS = 3  # after so many it is let go
UNDER_WAY = 256  # passages that are being repeated or rest, at most
MARK_PACE = 0.05  # how fast the pass mark moves, per step


@dataclass(frozen=True, slots=True)
class Repeated:
    """When a passage comes next, how often it failed since it last rested, and how often it rested."""

    due: int
    failed: int = 0
    rests: int = 0


def next_mark(mark: float, failed: float, wanted: float) -> float:
    """The pass mark after blocks of which a share ``failed``: it settles where a share ``wanted`` does."""
    return min(1.0, max(0.0, mark + MARK_PACE * (wanted - failed)))


def after_failing(passage: Repeated, step: int, tries: int) -> Repeated | None:
    """When it comes again, having failed at ``step``; None: never."""
    failed = passage.failed + 1
    if failed < tries:
        return Repeated(step + WAIT * 2 ** (failed - 1), failed, passage.rests)
    if passage.rests == RESTS:
        return None
    return Repeated(step + REST * 2**passage.rests, 0, passage.rests + 1)


def is_apart(place: int, others: Iterable[int], length: int) -> bool:
    """Whether a block that begins at ``place`` shares no words with the ``others``."""
    return all(abs(place - other) >= length for other in others)


class Repeats:
    """The passages under way, by their places in the library, and the pass mark: a share of tokens guessed right."""

    def __init__(self, share: float, tries: int):
        self.share, self.tries = share, tries
        self.mark = 0.0
        self.passages: dict[int, Repeated] = {}

    def heed(self, step: int, read: Sequence[tuple[int, float]], length: int, dated: Sequence[int] = ()) -> None:
        """Take note of the library's blocks (place, accuracy) of a step; those below the mark are to be repeated,
        unless the same words are ``dated`` already."""
        failed = [place for place, accuracy in read if accuracy < self.mark]
        for place in failed:
            if len(self.passages) < UNDER_WAY and is_apart(place, [*self.passages, *dated], length):
                self._fail(place, Repeated(step), step)
        self.mark = next_mark(self.mark, len(failed) / max(1, len(read)), self.share)

    def due(self, step: int, rows: int) -> list[int]:
        """The places to read again at this step, the longest due first."""
        due = sorted((passage.due, place) for place, passage in self.passages.items() if passage.due <= step)
        return [place for _, place in due[:rows]]

    def judge(self, step: int, place: int, accuracy: float) -> None:
        """Take note of how a passage went when it came again; one that is not repeated is none of its business."""
        passage = self.passages.pop(place, None)
        if passage and accuracy < self.mark:
            self._fail(place, passage, step)

    def _fail(self, place: int, passage: Repeated, step: int) -> None:
        if after := after_failing(passage, step, self.tries):
            self.passages[place] = after

    def places(self) -> list[int]:
        return list(self.passages)

    def clear(self) -> None:
        self.passages.clear()

    def gauges(self) -> dict[str, float]:
        resting = sum(passage.rests > 0 for passage in self.passages.values())
        return {"pass_mark": self.mark, "repeated": len(self.passages), "too_difficult": resting}

    def facts(self) -> dict[str, Any]:
        return {"mark": self.mark, "passages": [[place, *astuple(p)] for place, p in self.passages.items()]}

    def restore(self, facts: dict[str, Any]) -> None:
        self.mark = facts["mark"]
        self.passages = {place: Repeated(*rest) for place, *rest in facts["passages"]}
