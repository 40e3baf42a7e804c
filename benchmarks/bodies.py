"""The bodies that are given away beside the resident brain, all on one thread: size, loading, first token, tokens a
second.

Tokens a second are of one stream that goes on by itself, each token read and the next one chosen; an answer with
guidance reads two. The page is measured in node, where there is one: its worker without the page around it.
"""

from __future__ import annotations

import argparse
import base64
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch

import wakeup
from benchmarks.common import awake, parser, report, run
from school.bodies.baby_file import read_baby
from school.bodies.body import Body, body_of
from school.bodies.compact import compact
from school.bodies.html_page import SOURCES, WORKER
from school.bodies.sharing import KINDS
from school.office.machine import Compute, prepare
from school.offline import Talk
from school.settings import SchoolSettings
from school.souls.caretaker import Soul
from school.souls.packing import open_voice

QUESTION = "what did you do today?"
Figures = dict[str, float]


def main() -> None:
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--tokens", type=int, default=200, metavar="N", help="tokens of each measurement")
    options.add_argument("--rounds", type=int, default=3, metavar="N", help="in turns; the best of each is told")
    given = options.parse_args()
    with awake(given, "machine.threads=1") as (school, settings), tempfile.TemporaryDirectory() as folder:
        compute = prepare(settings.machine)
        soul = school.classroom.saver.pack()
        body = body_of(soul, settings, Path(folder))
        files = {kind: Path(folder, f"baby{kind}") for kind in KINDS}
        for kind, file in files.items():
            KINDS[kind](body, file)
        report(measure(soul, body, files, settings, compute, given), given.json)


def measure(
    soul: Soul,
    body: Body,
    files: dict[str, Path],
    settings: SchoolSettings,
    compute: Compute,
    given: argparse.Namespace,
) -> dict[str, Any]:
    parameters, tokens = body.card.parameters, given.tokens
    found: dict[str, Any] = {"parameters": parameters}
    for kind, file in files.items():
        found[f"{kind} bytes per parameter"] = round(file.stat().st_size / parameters, 3)
        found[f"{kind} MB"] = round(file.stat().st_size / 1e6, 3)
    rounds: dict[str, list[Figures]] = {}
    for _ in range(given.rounds):
        rounds.setdefault("resident", []).append(resident(soul, settings, compute, tokens))
        rounds.setdefault(".baby", []).append(opened(files[".baby"]))
        rounds.setdefault(".pyz", []).append(application(files[".pyz"], tokens))
        if node := shutil.which("node"):
            rounds.setdefault(".html", []).append(page(body, node, tokens))
    for name, figures in rounds.items():
        for figure in figures[0]:
            best = max if figure == "tokens_per_second" else min
            found[f"{name} {figure.replace('_', ' ')}"] = round(best(one[figure] for one in figures), 3)
    return found


def resident(soul: Soul, settings: SchoolSettings, compute: Compute, tokens: int) -> Figures:
    """The voice as it speaks at home."""
    started = time.perf_counter()
    tokenizer, voice = open_voice(soul, compute)
    loaded = time.perf_counter() - started
    reply = Talk(soul, "", settings, compute).ask(QUESTION)
    state, pixel = voice.fresh_state(1), torch.full((1, 3), 0.5)
    token = torch.tensor(tokenizer.encode(QUESTION)[:1])
    with torch.inference_mode():
        started = time.perf_counter()
        for _ in range(tokens):
            out = voice.step(token, pixel, state)
            token, pixel, state = out.logits.argmax(-1), out.pixels, out.state
        rate = tokens / (time.perf_counter() - started)
    first = 1000 * reply.first_token_seconds
    return {"load_seconds": loaded, "first_token_ms": first, "tokens_per_second": rate}


def opened(file: Path) -> Figures:
    """Reading a .baby file, everything in it looked at."""
    started = time.perf_counter()
    read_baby(file)
    return {"load_seconds": time.perf_counter() - started}


def application(file: Path, tokens: int) -> Figures:
    """A .pyz by its own measure; and how long it takes to say a
    token from nothing, NumPy's own import included."""
    said = _output([str(file), "--benchmark", "--tokens", str(tokens)])
    loaded, first, rate = re.search(r"in ([\d.]+) s, .* after (\d+) ms\n([\d,]+)", said).groups()
    figures = {"load_seconds": float(loaded)}
    one_token = [str(file), "--prompt", "hello", "--tokens", "1"]
    ways = {"numpy_import_seconds": ["-c", "import numpy"], "start_seconds": one_token}
    for name, command in ways.items():
        started = time.perf_counter()
        _output(command)
        figures[name] = time.perf_counter() - started
    return figures | {"first_token_ms": float(first), "tokens_per_second": float(rate.replace(",", ""))}


def page(body: Body, node: str, tokens: int) -> Figures:
    """The worker of an .html in node."""
    said, numbers = compact(body)
    given = {"said": said, "weights": base64.b64encode(numbers).decode(), "question": QUESTION, "tokens": tokens}
    given["sources"] = [str(SOURCES / name) for name in WORKER[:-1]]
    script = str(Path(__file__).with_suffix(".js"))
    out = subprocess.run([node, script], input=json.dumps(given), capture_output=True, text=True, check=True)
    return json.loads(out.stdout)


def _output(arguments: list[str]) -> str:
    command = [sys.executable, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=wakeup.REPOSITORY).stdout


if __name__ == "__main__":
    run(main)
