"""The announcer: tells of the lessons, on the main thread, not too often and never so that lessons notice.

Events come from the tutor's thread and only wait; here they are followed, and a turn of them is shown now and then.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TextIO

from rich.console import Console

from school.door.events import Event, Examined, ExamResult, Saved, StepReport, Tasted, Undone
from school.door.values import Snapshot
from school.office.log import redact
from school.office.stopwatch import Minute
from school.screen.figures import Figures
from school.screen.glossary import Newcomer
from school.screen.views import VIEWS, Turn, View, compact, full, painted, plain

log = logging.getLogger("lessons")

WAITING = 20_000  # events; the oldest make room where nobody listens
LISTEN_SECONDS = 0.25
SPARE = 200  # after showing something, it is silent for so many times as long as that took: half a percent
GLIMPSE_SECONDS = 2.0  # at least, from one full view to the next: a glimpse takes 4 ms of newborns, 8 of toddlers
CURVE = 200  # steps whose losses are drawn


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """What is written on. ``colours`` as rich calls them, None for none; ``drawn``: whether it can show more than plain
    lines."""

    show: Callable[[str], None]
    colours: str | None = None
    drawn: bool = False
    width: Callable[[], int] = lambda: shutil.get_terminal_size().columns

    @classmethod
    def on(cls, stream: TextIO, show: Callable[[str], None]) -> Screen:
        """What ``stream``, on which ``show`` writes, can do. Heeds NO_COLOR and TERM=dumb."""
        console = Console(file=stream)
        colours = None if os.environ.get("NO_COLOR") else console.color_system
        return cls(show=show, colours=colours, drawn=console.is_terminal and not console.is_dumb_terminal)


class Announcer:
    """While it is to be ``quiet``, only what went wrong is told."""

    def __init__(
        self,
        screen: Screen,
        *,
        view: View = "plain",
        every_seconds: float,
        status: Callable[[], Snapshot],
        minute: Callable[[], Minute] = Minute,
        figures: Figures | None = None,
        quiet: Callable[[], bool] = lambda: False,
        newcomer: Newcomer | None = None,
        clock: Callable[[], float] = time.monotonic,
    ):
        self._screen, self._every, self._clock, self._quiet = screen, every_seconds, clock, quiet
        self._status, self._minute, self._figures = status, minute, figures or Figures()
        self._newcomer = newcomer  # who explains words to somebody who sees them for the first time
        self._waiting: deque[Event] = deque(maxlen=WAITING)
        self._view: View = view
        self._next, self._next_exam = 0.0, 0.0
        self._told_exam = ""  # the last figure that was told
        self._mentions: deque[tuple[float, str]] = deque()  # when each came, and what it says
        self._last: StepReport | None = None  # not told of yet
        self._glimpsed = False  # since the last turn

    def mention(self, text: str) -> None:
        """Show a line a moment later, when what it is about has been shown. Any thread may call it."""
        self._mentions.append((self._clock(), text))

    # ---- on the tutor's thread -------------------------------------------------------------------------------------

    def tell(self, event: Event) -> None:
        self._glimpsed = self._glimpsed or (isinstance(event, StepReport) and event.glimpse is not None)
        self._waiting.append(event)

    def look(self) -> bool:
        """Whether a turn is to be shown that lacks its glimpse."""
        return not self._glimpsed and self.view == "full" and self._clock() >= self._next

    # ---- on the main thread ----------------------------------------------------------------------------------------

    @property
    def view(self) -> View:
        """The one that is shown: whatever was chosen, a screen that can't draw has plain lines."""
        return self._view if self._screen.drawn or self._view == "off" else "plain"

    def choose(self, name: str) -> str:
        """What /view does; returns what is to be said."""
        if name.lower() not in VIEWS:
            return f"/view {'|'.join(VIEWS)}: how much of the lessons is shown; now it is {self.view}"
        self._view = name.lower()
        self._next = 0.0
        if self._view != self.view:
            return f"this screen can't show that; it stays {self.view}"
        return "lessons go on unseen" if self.view == "off" else f"lessons are shown {self.view} from the next step on"

    async def keep_telling(self) -> None:
        """Until it is cancelled."""
        while True:
            self.catch_up()
            await asyncio.sleep(LISTEN_SECONDS)

    def catch_up(self) -> None:
        """Follow all that happened, and show of it what is due."""
        while self._waiting:
            self._hear(self._waiting.popleft())
            self._take_turn()
        while self._mentions and self._clock() - self._mentions[0][0] >= LISTEN_SECONDS:
            _, text = self._mentions.popleft()
            if not self._quiet():
                self._show(text)

    def _take_turn(self) -> None:
        report = self._last
        if (
            report
            and self._clock() >= self._next
            and not self._quiet()
            and (self.view != "full" or report.glimpse or report.skipped)
        ):
            started = time.perf_counter()
            self._show_turn(report)
            spare = max(SPARE * (time.perf_counter() - started), GLIMPSE_SECONDS if report.glimpse else 0.0)
            self._next = self._clock() + max(self._every, spare)
            self._last, self._glimpsed = None, False  # only now: until then the tutor takes no new glimpse

    def _hear(self, event: Event) -> None:
        match event:
            case StepReport():
                self._hear_step(event)
            case Examined(result, step):
                self._figures.examined(result.bits_per_byte)
                figure = f"{result.bits_per_byte:.3f} bits/byte"
                if figure != self._told_exam and self._clock() >= self._next_exam and not self._quiet():
                    self._told_exam, self._next_exam = figure, self._clock() + self._every
                    self._say(f"examined at step {step:,}: {figure} on text it was never taught{in_memory(result)}")
            case Saved(step, place) if place and not self._quiet():  # a save that failed is the log's to tell
                self._say(f"soul saved at step {step:,}")
            case Tasted() | Undone() if not self._quiet():
                self._say(str(event))

    def _hear_step(self, report: StepReport) -> None:
        self._figures.follow(report)
        if self._last is None or self._last.glimpse is None:  # one that was looked at is not passed over
            self._last = report
        if report.skipped:
            back = "" if report.returned_to is None else f" and went back to the weights of step {report.returned_to:,}"
            self._say(f"step {report.step:,} was not finite; it learned nothing from it{back}")

    # ---- showing ---------------------------------------------------------------------------------------------------

    def _show_turn(self, report: StepReport) -> None:
        view, now = self.view, self._status()
        turn = Turn(
            step=report.step,
            figures=self._figures.of(report, now),
            losses=self._figures.histories["loss"].latest(CURVE),
            color=report.color,
            expected=report.expected,
            mood=now.mood,
            gauges=now.gauges,
            glimpse=report.glimpse,
            minute=self._minute(),
        )
        self._figures.turn_over()
        words = plain(turn)
        log.info("%s", words, extra={"facts": _facts(report, now)})
        if view == "plain":
            self._show(words)
        elif view != "off":
            width = self._screen.width()
            lines = full(turn, width) if view == "full" else compact(turn, width)
            self._show(painted(lines, width, colours=self._screen.colours))
        self._explain(words)

    def _say(self, text: str) -> None:
        log.info("%s", text)
        if self.view != "off":
            self._show(text)
        self._explain(text)

    def _explain(self, shown: str) -> None:
        if self._newcomer and self.view != "off":
            for line in self._newcomer.explain(shown):
                self._show(line)

    def _show(self, text: str) -> None:
        kind = type(text)  # what is painted stays so
        self._screen.show(kind(redact(text)))


def _facts(report: StepReport, now: Snapshot) -> dict[str, object]:
    """A step's figures for the log that machines read; no words of anybody's."""
    figures = {"step": report.step, "loss": report.loss, "bits_per_byte": report.bits_per_byte}
    figures |= {"held_out_bits_per_byte": now.held_out_bits_per_byte, "learning_rate": report.learning_rate}
    figures |= {"tokens_per_second": report.tokens / max(report.seconds, 1e-9), "mood": now.mood}
    return figures | {"color": report.color, "expected": report.expected}


def in_memory(result: ExamResult) -> str:
    """What it is with the hippocampus, if it has one."""
    return "" if result.remembering is None else f" ({result.remembering:.3f} with its memory of the library)"
