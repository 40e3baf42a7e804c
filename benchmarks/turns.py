"""Which one learns faster? Checkouts, settings and environments take turns at lessons, in one sitting.

    git clone . /tmp/before
    python -m benchmarks.turns before=/tmp/before after=. spins=.,GOMP_SPINCOUNT=100000 --set lessons.micro_streams=16

A machine that others use too can be twice as slow from one minute to the next, so what was measured before a change and
after it says little. Here every contestant has a process of its own, which rests while another one works; the steps of
one round are compared with those of the first contestant in the same round. How many streams go together is measured by
every process for itself, unless it is set.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import speed
from benchmarks.common import awake, report, run

WARM_UP = 2.0  # seconds of lessons before the first round
Turns = Sequence[dict[str, Any]]


@dataclass(frozen=True)
class Contestant:
    """A checkout with some settings and environment variables of its own."""

    name: str
    folder: Path
    settings: tuple[str, ...]
    environment: dict[str, str]


def contestant(text: str) -> Contestant:
    """From NAME=FOLDER[,SECTION.KEY=VALUE or VARIABLE=VALUE]...; raises ArgumentTypeError."""
    first, *changes = text.split(",")
    name, _, folder = first.partition("=")
    if not (name and folder and Path(folder, "wakeup.py").is_file()):
        raise argparse.ArgumentTypeError(f'"{text}": NAME=FOLDER is wanted, and wakeup.py in that folder')
    if wrong := [change for change in changes if "=" not in change]:
        raise argparse.ArgumentTypeError(f'"{wrong[0]}" in "{text}": SECTION.KEY=VALUE or VARIABLE=VALUE is wanted')
    settings = tuple(change for change in changes if "." in change.partition("=")[0])
    environment = dict(change.split("=", 1) for change in changes if change not in settings)
    return Contestant(name, Path(folder).resolve(), settings, environment)


# ---- a contestant's process, which runs this file beside its own checkout's modules ----------------------------------


def take_part(preset: str, settings: list[str]) -> None:
    """A line for every line that comes: the number of steps wanted, then what they took."""
    given = argparse.Namespace(set=[f"brain.preset={preset}", "lessons.dialogue_share=0", *settings])
    with ExitStack() as closing:
        given.text = Path(closing.enter_context(tempfile.TemporaryDirectory(prefix="words-")), "words.txt")
        given.text.write_text(speed.made_up_words(50_000))
        with redirect_stdout(sys.stderr):
            day, _ = closing.enter_context(awake(given))
            speed.take_steps(day.tutor, WARM_UP)
            ready = {"micro_streams": day.tutor.pace.micro_streams, "step_flops": speed.count_step(day.tutor)}
        print(json.dumps(ready), flush=True)
        for line in sys.stdin:
            peak = speed.matmul_gflops(speed.torch.float32, day.tutor.device, 0.2)
            steps = speed.take_steps(day.tutor, at_least=int(line))
            print(json.dumps({"peak": peak, "seconds": [step.seconds for step in steps]}), flush=True)


class Process:
    """A contestant that waits for its turn."""

    def __init__(self, one: Contestant, preset: str, settings: list[str], closing: ExitStack):
        self.name = one.name
        changes = [part for change in (*settings, *one.settings) for part in ("--set", change)]
        self._process = closing.enter_context(
            subprocess.Popen(
                [sys.executable, "-P", __file__, "--one", "--preset", preset, *changes],
                cwd=one.folder,
                env=os.environ | {"PYTHONPATH": str(one.folder)} | one.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        )
        closing.callback(self._process.kill)

    def answer(self) -> dict[str, Any]:
        """Its next line. Ends this program when it has died; it has said why."""
        line = self._process.stdout.readline()
        if not line:
            sys.exit(self._process.wait() or 1)
        return json.loads(line)

    def take_turn(self, steps: int) -> dict[str, Any]:
        self._process.stdin.write(f"{steps}\n")
        self._process.stdin.flush()
        return self.answer()


# ---- all of them -----------------------------------------------------------------------------------------------------


def compete(given: argparse.Namespace) -> list[dict[str, Any]]:
    """One row for each contestant, in their order."""
    with ExitStack() as closing:
        everybody, facts = [], []
        for one in given.contestants:  # one after the other, so that nobody is disturbed while it measures itself
            everybody.append(Process(one, given.preset, given.set, closing))
            facts.append(everybody[-1].answer())
        rounds = [_round(everybody, given.steps, turn) for turn in range(given.rounds)]
    turns = list(zip(*rounds, strict=True))
    return [
        {"name": one.name} | row_of(own, turns[0], fact)
        for one, own, fact in zip(given.contestants, turns, facts, strict=True)
    ]


def row_of(own: Turns, first: Turns, fact: dict[str, Any]) -> dict[str, Any]:
    """Medians over the rounds of a step's time, of that beside the first one's and of the share of the peak measured
    just before; and the quickest step."""
    steps = [median(turn["seconds"]) for turn in own]
    beside = [median(turn["seconds"]) for turn in first]
    peaks = [turn["peak"] for turn in own]
    return {
        "step_ms": round(1000 * median(steps), 1),
        "quickest_ms": round(1000 * min(min(turn["seconds"]) for turn in own), 1),
        "of_the_first": round(median(a / b for a, b in zip(steps, beside, strict=True)), 3),
        "utilisation": round(median(fact["step_flops"] / 1e9 / a / b for a, b in zip(steps, peaks, strict=True)), 3),
        "micro_streams": fact["micro_streams"],
    }


def _round(everybody: list[Process], steps: int, turn: int) -> list[dict[str, Any]]:
    """Everybody's turn, backwards every other time, so that nobody always comes after the same one."""
    order = everybody[:: -1 if turn % 2 else 1]
    turns = {one.name: one.take_turn(steps) for one in order}
    return [turns[one.name] for one in everybody]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("contestants", nargs="*", type=contestant, metavar="NAME=FOLDER[,KEY=VALUE...]")
    options.add_argument("--preset", default="toddler", help="the brain's size")
    options.add_argument("--rounds", type=int, default=20)
    options.add_argument("--steps", type=int, default=5, help="of everybody in each round")
    options.add_argument("--set", action="append", default=[], metavar="SECTION.KEY=VALUE", help="everybody's setting")
    options.add_argument("--json", action="store_true", help="print one JSON line")
    options.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.one:
        take_part(given.preset, given.set)
        return
    if len(given.contestants) < 2 or len({one.name for one in given.contestants}) < len(given.contestants):
        options.error("at least two contestants are wanted, with different names")
    result = {"turns": compete(given)}
    report(result if given.json else speed.show_tables(result), given.json)


if __name__ == "__main__":
    run(main)
