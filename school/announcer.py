"""The announcer: tells of the lessons in plain lines, not too often."""

from __future__ import annotations

from collections.abc import Callable

from school.calligraphist import count
from school.classroom import Event, Examined, Saved
from school.tutor import StepReport


class Announcer:
    """While it is to be ``quiet``, only what went wrong is told."""

    def __init__(
        self,
        say: Callable[[str], None],
        *,
        clock: Callable[[], float],
        every_seconds: float,
        quiet: Callable[[], bool] = lambda: False,
    ):
        self._say, self._clock, self._every, self._quiet = say, clock, every_seconds, quiet
        self._next, self._next_exam = 0.0, 0.0
        self._held_out: float | None = None

    def tell(self, event: Event) -> None:
        match event:
            case StepReport():
                self._tell_step(event)
            case Examined(result, step):
                self._held_out = result.bits_per_byte
                if self._clock() < self._next_exam or self._quiet():
                    return
                self._next_exam = self._clock() + self._every
                self._say(
                    f"examined at step {step:,}: {result.bits_per_byte:.3f} bits/byte on text it was never taught"
                )
            case Saved(step, place, problem):
                if not place:
                    self._say(f"the soul could not be saved: {problem}")
                elif not self._quiet():
                    self._say(f"soul saved at step {step:,}")

    def _tell_step(self, report: StepReport) -> None:
        if report.skipped:
            back = "" if report.returned_to is None else f" and went back to the weights of step {report.returned_to:,}"
            self._say(f"step {report.step:,} was not finite; it learned nothing from it{back}")
        now = self._clock()
        if now < self._next or self._quiet():
            return
        self._next = now + self._every
        held_out = "" if self._held_out is None else f" · held-out {self._held_out:.3f} bits/byte"
        speed = count(report.tokens / max(report.seconds, 1e-9))
        self._say(f"step {report.step:,} · loss {report.loss:.3f}{held_out} · {speed} tokens/s")
