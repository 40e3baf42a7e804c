"""The stopwatch of the thread that teaches: what its seconds went to, and what the machine did meanwhile.

A lap costs a fifth of a microsecond, a step has some ten of them; so it always runs. On a GPU, laps tell when work was
handed over, and the lap that waits for the result has the rest.
"""

from __future__ import annotations

import os
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

MINUTE = 60  # seconds that are remembered, one reading for each
LESSONS = ("planning", "forward", "backward", "optimizer", "averaging", "glimpse")
PARTS = (*LESSONS, "taste", "examination", "saving", "waiting", "other")


@dataclass(frozen=True, slots=True)
class Reading:
    """Where everything stood at a moment; all of it only grows."""

    at: float
    parts: dict[str, float]  # seconds of the thread, by part
    cpu: float  # processor seconds of this process, all threads
    machine: float | None  # processor seconds of the whole machine, where it tells
    steps: int
    answers: int
    talking: float  # processor seconds of the talker's thread


@dataclass(frozen=True, slots=True, kw_only=True)
class Minute:
    """What the last minute, or less after waking, was spent on."""

    seconds: float = 0.0
    parts: dict[str, float] = field(default_factory=dict)
    cpu: float = 0.0
    others: float | None = None  # processor seconds of other programs
    steps: int = 0
    answers: int = 0
    talking: float = 0.0  # processor seconds that answering took, beside lessons
    threads: int = 1
    cores: int = 1


class Stopwatch:
    """``lap`` and ``tick`` belong to one thread; ``minute`` may be asked by any."""

    def __init__(self, *, threads: int = 1, clock: Callable[[], float] = time.perf_counter):
        """``threads``: how many processor threads a lesson may use."""
        self._clock, self._threads = clock, threads
        self._parts: Counter[str] = Counter()
        self._last = clock()
        self._readings: deque[Reading] = deque(maxlen=MINUTE + 1)
        self._lock = threading.Lock()  # over the readings

    def __deepcopy__(self, _: object) -> Stopwatch:
        """A twin's tutor has its own, which begins afresh."""
        return Stopwatch(threads=self._threads, clock=self._clock)

    def lap(self, part: str) -> None:
        """All since the last lap was this part's."""
        now = self._clock()
        self._parts[part] += now - self._last
        self._last = now

    def tick(self, *, steps: int, answers: int, talking: float = 0.0) -> None:
        """Remember where everything stands, at most once in a second."""
        if self._readings and self._last - self._readings[-1].at < 1:
            return
        cpu, machine = time.process_time(), machine_seconds()
        reading = Reading(self._last, dict(self._parts), cpu, machine, steps, answers, talking)
        with self._lock:
            self._readings.append(reading)

    def latest(self) -> Reading | None:
        """Where everything stood lately."""
        with self._lock:
            return self._readings[-1] if self._readings else None

    def minute(self) -> Minute:
        with self._lock:
            if len(self._readings) < 2:
                return Minute(threads=self._threads, cores=os.cpu_count() or 1)
            first, last = self._readings[0], self._readings[-1]
        cpu = last.cpu - first.cpu
        machine = None if last.machine is None or first.machine is None else last.machine - first.machine
        spent = {part: seconds - first.parts.get(part, 0) for part, seconds in last.parts.items()}
        return Minute(
            seconds=last.at - first.at,
            parts={part: seconds for part, seconds in spent.items() if seconds > 0},
            cpu=cpu,
            others=None if machine is None else max(0.0, machine - cpu),
            steps=last.steps - first.steps,
            answers=last.answers - first.answers,
            talking=last.talking - first.talking,
            threads=self._threads,
            cores=os.cpu_count() or 1,
        )


def machine_seconds() -> float | None:
    """Processor seconds that all programs together have had, or that another guest took; None where nobody counts."""
    try:
        with Path("/proc/stat").open() as stat:
            user, nice, system, _, _, irq, softirq, steal, *_ = map(int, stat.readline().split()[1:])
        return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError):
        return None
