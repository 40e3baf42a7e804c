"""How much memory each thing that a life does takes while it does it, on top of what is there anyway: its height.

    python -m benchmarks.heights --text DIARY.txt --set machine.threads=1

Memory that was taken once stays the process's own until lessons pause (``school/office/memory.py``), so the highest of
these is what a life comes to. Before each, all that is free is handed back. Linux alone tells (``/proc/self``).
"""

from __future__ import annotations

import ctypes
import random
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from benchmarks.common import awake, parser, report, run
from benchmarks.learn import examine
from school.door.values import ME, Pair
from school.office.mistakes import Mistake
from school.teaching.recital import recite
from school.teaching.tutor import Tutor

RESET, STATUS = Path("/proc/self/clear_refs"), Path("/proc/self/status")
THE_MOST = "5"  # what sets the most that was resident to what is resident now
MARKS, TAUGHT = 48, 64  # answers that are marked, pairs that are taught
ASKED, LONGEST = 60, 300  # letters of a question, and of an answer at most
COURSE_STEPS = 3
HELD_OUT = 8192  # tokens, from which these are taken


def height(done: Callable[[], object]) -> dict[str, float]:
    """Of something that is done: megabytes on top, and seconds of the processor."""
    ctypes.CDLL(None).malloc_trim(0)
    RESET.write_text(THE_MOST)
    before, started = psutil.Process().memory_info().rss, time.process_time()
    done()
    most = next(int(line.split()[1]) * 1024 for line in STATUS.read_text().splitlines() if line.startswith("VmHWM"))
    return {"megabytes": round((most - before) / 1e6), "seconds": round(time.process_time() - started, 2)}


def pairs(text: str, count: int, *sources: str) -> list[Pair]:
    """Questions and answers that stand one behind the other in a text."""
    rng = random.Random(1)
    found = []
    for number in range(count):
        at = rng.randrange(max(1, len(text) - ASKED - LONGEST))
        question, answer = text[at : at + ASKED], text[at + ASKED : at + ASKED + rng.randint(20, LONGEST)]
        source = sources[number % len(sources)]
        found.append(Pair(id=f"{source}-{number}", prompt=question, answer=answer, person=ME, source=source))
    return found


def step(tutor: Tutor) -> None:
    while tutor.micro_step() is None:
        pass


def advance(tutor: Tutor) -> None:
    """The next thing of a course in taste, as if it were due."""
    tutor.taste.next = tutor.step
    tutor.taste.advance(tutor)


def heights(tutor: Tutor, text: str, tokens: int) -> dict[str, dict[str, float]]:
    step(tutor)  # the first one takes what stays
    found = {"a step": height(lambda: step(tutor))}
    found["an examination"] = height(lambda: examine(tutor, limit=tokens))
    for pair in pairs(text, MARKS, "good", "bad"):
        tutor.learn(pair)
    advance(tutor)  # begins a course
    for _ in range(COURSE_STEPS):
        found["a course's step"] = height(lambda: advance(tutor))
    tutor.taste.course.steps = tutor.taste.course.done
    advance(tutor)  # examines what it was before
    found["a course's end"] = height(lambda: advance(tutor))
    for pair in pairs(text, TAUGHT, "fix"):
        tutor.learn(pair)
    seed, tokenizer = tutor.settings.seed, tutor.librarian.tokenizer
    found["a recital"] = height(lambda: recite(tutor.voice, tutor.reviews, tokenizer, seed=seed, step=tutor.step))
    found["a step with what it was taught"] = height(lambda: step(tutor))
    tutor.heed(1.0)
    tutor.plateau.rate_scale = 0.0  # as if it knew its library
    step(tutor)
    found["the same, held to its best self"] = height(lambda: step(tutor))
    return found


def main() -> None:
    options = parser(__doc__.splitlines()[0])
    given = options.parse_args()
    if not RESET.exists():
        raise Mistake("only Linux tells how much memory was taken at most.")
    with awake(given) as (day, settings):
        librarian = day.tutor.librarian
        rows, _ = librarian.exam_rows(1, HELD_OUT, 0)
        text = librarian.tokenizer.decode(rows[0].tolist())
        report(heights(day.tutor, text, settings.lessons.evaluation_tokens), given.json)


if __name__ == "__main__":
    run(main)
