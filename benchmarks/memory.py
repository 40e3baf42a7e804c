"""Whether a process grows: resident memory over time, and what it holds at two moments."""

from __future__ import annotations

import asyncio
import gc
import statistics
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import psutil

KINDS = 5  # of objects that are told of


@dataclass(frozen=True, slots=True)
class Census:
    """``objects``: how many of each type the garbage collector knows of, by its name."""

    objects: Counter[str]
    tasks: int
    threads: int
    sockets: int

    @classmethod
    def now(cls) -> Census:
        """On the event loop; it is held up for a moment."""
        gc.collect()
        kinds = Counter(f"{type(one).__module__}.{type(one).__qualname__}" for one in gc.get_objects())
        sockets = psutil.Process().net_connections(kind="inet")
        return cls(kinds, len(asyncio.all_tasks()), threading.active_count(), len(sockets))


def grown(before: Census, after: Census) -> dict[str, str | int]:
    """How many of what there were at both moments, and the types of which there are most more."""
    counts = {name: (getattr(before, name), getattr(after, name)) for name in ("tasks", "threads", "sockets")}
    counts["objects"] = (before.objects.total(), after.objects.total())
    more = (after.objects - before.objects).most_common(KINDS)
    told = {f"{name}_first_and_last": f"{first:,} and {last:,}" for name, (first, last) in counts.items()}
    return told | {"more_objects_of": ", ".join(f"{kind} {number:+,}" for kind, number in more) or "no type"}


def slope(sizes: Sequence[tuple[float, float]], since: float = 0.0) -> float:
    """Megabytes an hour, of (minute, megabytes) from a minute on, by least squares."""
    minutes, megabytes = zip(*[size for size in sizes if size[0] >= since], strict=True)
    return 60 * statistics.linear_regression(minutes, megabytes).slope
