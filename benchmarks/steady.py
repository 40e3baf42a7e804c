"""Are the tests green whatever the machine is doing? Runs them several times in a row beside a busy program.

    python -m benchmarks.steady
    python -m benchmarks.steady --runs 3 --busy 2 -- tests/test_wakeup.py

A test that needs luck, or a quick machine, shows here before it costs somebody a day. Ends with 1 if any run failed.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
EVERYDAY = ["-q", "-n", "auto", "--maxprocesses", "4", "--dist", "loadfile", "--no-loadscope-reorder"]
FAILED = ("FAILED", "ERROR")


@contextmanager
def busy(programs: int) -> Iterator[None]:
    """So many programs that only use up the processor."""
    running = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(programs)]
    try:
        yield
    finally:
        for program in running:
            program.kill()
            program.wait()


def run(arguments: list[str], seconds: float) -> tuple[float, list[str]]:
    """How long the tests took and which failed; those that never ended are one failure."""
    started = time.monotonic()
    command = [sys.executable, "-m", "pytest", *EVERYDAY, *arguments]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, errors="replace", timeout=seconds)
    except subprocess.TimeoutExpired:
        return time.monotonic() - started, [f"not done within {seconds:.0f} s"]
    failed = [line for line in done.stdout.splitlines() if line.startswith(FAILED)]
    if done.returncode and not failed:
        failed = [f"pytest ended with {done.returncode}", *done.stdout.splitlines()[-3:]]
    return time.monotonic() - started, failed


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--runs", type=int, default=10)
    options.add_argument("--busy", type=int, default=1, help="programs beside the tests")
    options.add_argument("--seconds", type=float, default=1800, help="for one run at most")
    options.add_argument("--json", action="store_true")
    options.add_argument("tests", nargs="*", help="given to pytest; default: all")
    given = options.parse_args()
    runs = []
    with busy(given.busy):
        for number in range(1, given.runs + 1):
            seconds, failed = run(given.tests, given.seconds)
            runs.append({"seconds": round(seconds), "failed": failed})
            print(
                f"run {number}: {seconds:.0f} s, {len(failed)} failed", *failed, sep="\n  ", file=sys.stderr, flush=True
            )
    green = sum(not one["failed"] for one in runs)
    print(json.dumps({"runs": runs, "green": green}) if given.json else f"{green} of {len(runs)} runs were green")
    return green != len(runs)


if __name__ == "__main__":
    sys.exit(main())
