"""How well it learns in a given time, from an empty soul: held-out bits per byte against seconds of lessons.

    python -m benchmarks.learn --text DIARY.txt --minutes 10
    python -m benchmarks.learn --text DIARY.txt --seeds 3 --variant default --variant drop1:brain.dropout=0.1
    python -m benchmarks.learn --text DIARY.txt --cpu-minutes 4 --seeds 3 --variant default --variant curriculum

Every variant lives once with every seed, one life after the other, each from an empty soul and for the same time (or,
with --tokens, for as many tokens). With --cpu-minutes, it is the time that the processor spent on it, which waiting for
other programs does not stretch; with machine.threads=1 on a quiet machine they are the same. Still, programs that share
its caches make a step up to 1.4 times as dear; with --side-by-side the variants of a seed live at the same time, turn
by turn, so that all have the same neighbours. A seed decides the first weights and the order of lessons alike, so that
seed k is the same in every variant. Examinations for the curve are off the clock; those that are part of its life are
on it.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

from benchmarks import references
from benchmarks.common import awake, parser, report, run
from benchmarks.plots import draw, levels
from benchmarks.variants import SEED, Variant, add_options, chosen
from school.assembly import Awake
from school.door.events import ExamResult
from school.office.mistakes import Mistake
from school.teaching.examination import CHUNK
from school.teaching.examiner import Exam
from school.teaching.remembering import Remembering
from school.teaching.tutor import Tutor
from wakeup import whisper


def examine(
    tutor: Tutor, *, voice: bool = True, limit: int = 1 << 40, remembering: Remembering | None = None
) -> ExamResult:
    """An examination on ``limit`` held-out tokens; all of them unless it says otherwise."""
    rows, counts = tutor.librarian.exam_rows(8, limit, 512)
    judge = remembering.judge() if remembering else None
    exam = Exam(rows, counts, byte_lengths=tutor.librarian.byte_lengths, chunk=CHUNK, judge=judge)
    return exam.run(tutor.voice if voice else tutor.brain)


def live(given: argparse.Namespace, variant: Variant, seed: int) -> Generator[float, None, dict[str, Any]]:
    """One life: yields its seconds so far after each micro-step, and returns how it did. ``curve``: [seconds, step,
    tokens, held-out bits per byte] now and then."""
    with awake(given, *variant.changes, f"{SEED}={seed}") as (day, settings):
        tutor, spent, tokens, curve, over = day.tutor, 0.0, 0, [], False
        clock = time.process_time if given.cpu_minutes else time.perf_counter
        seconds = 60 * (given.cpu_minutes or given.minutes)
        while not over:
            started = clock()
            step = tutor.micro_step()
            if tutor.exam_due:  # part of its life, so within the clock
                tutor.heed(examine(tutor, limit=settings.lessons.evaluation_tokens).bits_per_byte)
            spent += clock() - started
            tokens += step.tokens if step else 0
            yield spent
            over = tokens >= given.tokens if given.tokens else spent >= seconds
            if over or spent >= given.every * (len(curve) + 1):
                result = examine(tutor)
                curve.append([round(spent, 1), tutor.step, tokens, round(result.bits_per_byte, 4)])
                day.say(
                    f"{variant.name}, seed {seed}: {spent:5.0f} s  step {tutor.step:5}  "
                    f"{result.bits_per_byte:.4f} bits/byte held out, rate {tutor.learning_rate():.1e}"
                )
        return {
            "seed": seed,
            "bits_per_byte": round(result.bits_per_byte, 4),
            "remembering": round(remembering(day), 4),
            "bits_per_byte_without_averaging": round(examine(tutor, voice=False).bits_per_byte, 4),
            "seconds": round(spent),
            "tokens": tokens,
            "tokens_per_second": round(tokens / spent),
            "held_out_bytes": result.bytes,
            "accuracy": round(result.accuracy, 4),
            "self_state_error": round(result.self_state_error, 4),
            "parameters": day.classroom.parameters,
            "curve": curve,
        }


def remembering(day: Awake) -> float:
    """Bits per byte with the hippocampus, off the clock. In daily life it has learned how to mix from many examinations
    by then; here one comes before the one that counts."""
    heard = day.classroom.remembering.now(day.tutor.librarian.texts)
    return [examine(day.tutor, remembering=heard).remembering for _ in range(2)][-1]


def live_all(given: argparse.Namespace, variants: list[Variant], seeds: range) -> list[list[dict[str, Any]]]:
    """The lives of each variant, by seed."""
    lives: list[list[dict[str, Any]]] = [[] for _ in variants]
    for seed in seeds:
        begun = [live(given, variant, seed) for variant in variants]
        for together in [begun] if given.side_by_side else [[life] for life in begun]:
            for life, lived in run_evenly(together).items():
                lives[begun.index(life)].append(lived)
    return lives


def run_evenly(lives: list[Generator[float, None, Any]]) -> dict[Generator, Any]:
    """Run them to their ends, always the one that spent the least so far; returns what each returned."""
    spent, ended = dict.fromkeys(lives, 0.0), {}
    try:
        while spent:
            life = min(spent, key=spent.get)
            try:
                spent[life] = next(life)
            except StopIteration as end:
                ended[life] = end.value
                del spent[life]
    finally:
        for life in spent:
            life.close()
    return ended


def summary(variant: Variant, lives: list[dict[str, Any]]) -> dict[str, Any]:
    """A variant's means over its lives, and the lives."""
    means = {
        name: round(sum(life[name] for life in lives) / len(lives), 4)
        for name in ("bits_per_byte", "tokens", "tokens_per_second", "self_state_error")
    }
    return (
        {"name": variant.name, "changes": variant.changes, "parameters": lives[0]["parameters"]}
        | means
        | {"lives": lives}
    )


def plot(file: Path, given: argparse.Namespace, variants: list[dict], known: dict[str, Any]) -> str | None:
    """Against what the budget is in: seconds, or tokens."""
    seconds = "processor seconds of lessons" if given.cpu_minutes else "seconds of lessons"
    column, x = (2, "tokens taught") if given.tokens else (0, seconds)
    lines = {
        variant["name"]: [[(point[column], point[3]) for point in life["curve"]] for life in variant["lives"]]
        for variant in variants
    }
    across = levels(known, "tail_bits_per_byte", "last tenth", "ppmd", "mixer")
    title = f"{given.text.name if given.text else 'the starter shelf'}: learning from an empty soul"
    return draw(file, lines, across, title=title, x=x, y="bits per byte, held-out text")


def main() -> None:
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--minutes", type=float, default=10, help="of lessons; examinations come on top")
    options.add_argument(
        "--cpu-minutes", type=float, default=0, help="of the processor's work for lessons, instead of minutes"
    )
    options.add_argument("--tokens", type=int, default=0, help="of lessons, instead of minutes")
    options.add_argument("--side-by-side", action="store_true", help="the variants of a seed take turns")
    options.add_argument("--every", type=float, default=30, help="seconds between examinations")
    options.add_argument("--plot", type=Path, metavar="FILE.png", help="default: learn-TEXT.png in this folder")
    add_options(options)
    given = options.parse_args()
    if min(given.minutes, given.every) <= 0 or min(given.tokens, given.cpu_minutes) < 0:
        raise Mistake("--minutes, --cpu-minutes, --every and --tokens must be more than 0.")
    if given.tokens and given.cpu_minutes:
        raise Mistake("--tokens and --cpu-minutes: give one of them.")
    variants, seeds = chosen(given)
    known = references.measure(given.text) if given.text else {}
    lives = live_all(given, variants, seeds)
    lived = [summary(variant, of_it) for variant, of_it in zip(variants, lives, strict=True)]
    for variant in lived:
        whisper(f"{variant['name']}: {variant['bits_per_byte']:.4f} bits/byte held out")
    result: dict[str, Any] = {}
    if len(variants) == len(seeds) == 1:
        # As it was before there were variants, the curve's points without tokens included.
        result = lived[0]["lives"][0]
        result = result | {"curve": [[seconds, step, bpb] for seconds, step, _, bpb in result["curve"]]}
    file = given.plot or Path(f"learn-{given.text.stem if given.text else 'starter'}.png")
    clock = "processor" if given.cpu_minutes else "wall"
    result |= {"text": str(given.text or "starter"), "clock": clock, "references": known, "variants": lived}
    result["plot"] = plot(file, given, lived, known)
    report(result, given.json)


if __name__ == "__main__":
    run(main)
