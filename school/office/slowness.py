"""Where the last minute went, in plain words: /why-slow."""

from __future__ import annotations

from school.office.stopwatch import LESSONS, Minute

WORDS = {
    "planning": "choosing what to read",
    "forward": "predicting",
    "backward": "finding out what to change",
    "optimizer": "changing it",
    "averaging": "averaging",
    "glimpse": "letting you look",
    "taste": "learning what people like",
    "examination": "examinations",
    "saving": "packing its soul for a save",
    "waiting": "waiting for something to do",
    "other": "writing down, showing and requests",
}
STARVED = 0.7  # share of its threads' time that it got; with less, somebody else has the rest
MUCH = 0.25  # of the time


def why_slow(minute: Minute) -> list[str]:
    """The verdict first, then the figures it rests on."""
    if minute.seconds < 2:
        return ["it has not been awake long enough to tell; ask again in some seconds"]
    return [f"The last {minute.seconds:.0f} seconds: {_verdict(minute)}", *_figures(minute)]


def _verdict(minute: Minute) -> str:
    busy = minute.seconds - minute.parts.get("waiting", 0.0)
    outside = {part: seconds for part, seconds in minute.parts.items() if part not in LESSONS}
    most = max(outside, key=outside.get, default="other")
    if most == "waiting" and outside[most] > 0.5 * minute.seconds:
        return "it mostly waited for something to do; it is not slow, it is idle."
    if busy and minute.cpu < STARVED * busy:  # not even one thread's worth
        others = "" if minute.others is None else f" ({_cores(minute.others, minute)} of {minute.cores} cores)"
        if minute.others is not None and minute.others < (1 - STARVED) * busy:
            return "its threads waited for something that is not the processor: a disk, a GPU, or memory."
        return f"other programs had the processor{others}; with fewer of them it would be quicker."
    if outside.get(most, 0.0) > MUCH * minute.seconds:
        return f"lessons had to wait for {WORDS[most]} ({outside[most]:.0f} s)."
    if minute.talking > MUCH * minute.seconds:
        return f"answering had the processor for {minute.talking:.0f} s of it, beside lessons."
    if minute.others is not None and minute.others > 0.5 * minute.seconds * minute.cores:
        return f"lessons, but other programs had {_cores(minute.others, minute)} of {minute.cores} cores."
    return "nothing was in its way; this is how fast lessons of this size go here."


def _figures(minute: Minute) -> list[str]:
    lessons = sum(minute.parts.get(part, 0.0) for part in LESSONS)
    steps = _many(minute.steps, "step") + (f", {1000 * lessons / minute.steps:.0f} ms each" if minute.steps else "")
    lines = [f"  lessons {_share(lessons, minute)} ({steps}): {_listed(minute, LESSONS)}"]
    rest = tuple(part for part in WORDS if part not in LESSONS)
    besides = [others] if (others := _listed(minute, rest)) else []
    if minute.answers or minute.talking >= 0.5:
        besides.append(f"{_many(minute.answers, 'answer')}, {minute.talking:.0f} s of the processor")
    if besides:
        lines.append(f"  besides: {'; '.join(besides)}")
    had = f"  processor: it had {_cores(minute.cpu, minute)} of {_many(minute.cores, 'core')}"
    had += f", with {_many(minute.threads, 'thread')}"
    lines.append(had + ("" if minute.others is None else f"; other programs had {_cores(minute.others, minute)}"))
    return lines


def _listed(minute: Minute, parts: tuple[str, ...]) -> str:
    found = sorted(((minute.parts.get(part, 0.0), part) for part in parts), reverse=True)
    told = [f"{WORDS[part]} {_share(seconds, minute)}" for seconds, part in found if seconds >= 0.005 * minute.seconds]
    return ", ".join(told)


def _many(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _share(seconds: float, minute: Minute) -> str:
    return f"{100 * seconds / minute.seconds:.0f} %"


def _cores(seconds: float, minute: Minute) -> str:
    return f"{seconds / minute.seconds:.1f}"
