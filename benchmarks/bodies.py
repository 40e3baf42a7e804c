"""The bodies that are given away beside the resident brain, all on one thread: size, loading, first token, memory,
tokens a second.

Tokens a second are of one stream that goes on by itself, each token read and the next one chosen, and of the thread's
own time, for machines are busy; an answer with guidance reads two. The page is measured in node, where there is one:
its worker without the page around it, in seconds of a clock. Beside them stands how often a second the weights can be
read at all, and for llamas a simple program in C (``plain_llama.c``, -Ofast).
"""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import torch

import wakeup
from benchmarks.common import awake, parser, report, run
from school.bodies.baby_file import read_baby
from school.bodies.body import Body, body_of
from school.bodies.compact import compact
from school.bodies.html_page import SOURCES, WORKER
from school.bodies.program import ENDING
from school.bodies.sharing import KINDS
from school.office.kernels import find_compiler
from school.office.machine import Compute, prepare
from school.offline import Talk
from school.settings import SchoolSettings
from school.souls.caretaker import Soul
from school.souls.packing import open_voice

QUESTION = "what did you do today?"
PROGRAM = "program"
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
        kinds = {kind: PROGRAM if kind == ENDING else kind for kind in KINDS if kind != ENDING or find_compiler()}
        files = {name: Path(folder, f"baby{kind}") for kind, name in kinds.items()}
        found: dict[str, Any] = {"parameters": body.card.parameters}
        for kind, name in kinds.items():
            started = time.perf_counter()
            KINDS[kind](body, files[name])
            size = files[name].stat().st_size
            found[f"{name} MB"] = round(size / 1e6, 3)
            found[f"{name} bytes per parameter"] = round(size / body.card.parameters, 3)
            found[f"{name} made in seconds"] = round(time.perf_counter() - started, 2)
        plain = compile_plain(body, Path(folder))
        ways = {
            "weights of 32 bits": lambda: reading(body, 4),
            "weights of 16 bits": lambda: reading(body, 2),
            "resident": lambda: resident(soul, settings, compute, given.tokens),
            ".baby": lambda: opened(files[".baby"]),
            ".pyz": lambda: application(files[".pyz"], given.tokens),
            PROGRAM: lambda: program([str(files[PROGRAM])], given.tokens) if PROGRAM in files else {},
            "plain C": lambda: plain_rate(body, plain, given.tokens),
            ".html": lambda: page(body, given.tokens),
        }
        report(found | in_turns(ways, given.rounds), given.json)


def in_turns(ways: dict[str, Callable[[], Figures]], rounds: int) -> dict[str, float]:
    """The best of each figure."""
    found: dict[str, list[Figures]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, measure in ways.items():
            found[name].append(measure())
    best: dict[str, float] = {}
    for name, figures in found.items():
        for figure in figures[0]:
            choose = max if figure == "tokens_per_second" else min
            best[f"{name} {figure.replace('_', ' ')}"] = round(choose(one[figure] for one in figures), 3)
    return best


def reading(body: Body, width: int) -> Figures:
    """How often a second all of the weights that a token needs can be read, with so many bytes each."""
    row = np.ones(sum(tensor.size for tensor in body_weights(body)) * width // 4, np.float32)
    best = min(_seconds_of(lambda: float(row @ row)) for _ in range(9))
    return {"tokens_per_second": 1 / best}


def body_weights(body: Body) -> list[np.ndarray]:
    """But tables of which a token reads one row."""
    said, _ = compact(body)
    rows = ("embedding.tokens", "embedding.before", "embedding.positions")
    return [np.empty(shape, bool) for name, (_, shape) in said["weights"].items() if name not in rows]


def _seconds_of(act: Callable[[], object]) -> float:
    started = time.process_time()
    act()
    return time.process_time() - started


def resident(soul: Soul, settings: SchoolSettings, compute: Compute, tokens: int) -> Figures:
    """The voice as it speaks at home."""
    started = time.perf_counter()
    tokenizer, voice = open_voice(soul, compute)
    loaded = time.perf_counter() - started
    reply = Talk(soul, "", settings, compute).ask(QUESTION)
    state, pixel = voice.fresh_state(1), torch.full((1, 3), 0.5)
    token = torch.tensor(tokenizer.encode(QUESTION)[:1])
    with torch.inference_mode():
        started = time.process_time()
        for _ in range(tokens):
            out = voice.step(token, pixel, state)
            token, pixel, state = out.logits.argmax(-1), out.pixels, out.state
        rate = tokens / (time.process_time() - started)
    first, memory = 1000 * reply.first_token_seconds, psutil.Process().memory_info().rss / 1e6
    return {"load_seconds": loaded, "first_token_ms": first, "memory_MB": memory, "tokens_per_second": rate}


def opened(file: Path) -> Figures:
    """Reading a .baby file, everything in it looked at."""
    started = time.perf_counter()
    read_baby(file)
    return {"load_seconds": time.perf_counter() - started}


def application(file: Path, tokens: int) -> Figures:
    """A .pyz; and how long it takes to say a token from nothing, beside NumPy's own import."""
    _, imported = run_alone([sys.executable, "-c", "import numpy"])
    return {"numpy_import_seconds": imported} | program([sys.executable, str(file)], tokens)


def program(command: list[str], tokens: int) -> Figures:
    """What talks in a terminal by itself: by its own measure, and by what the system says of it."""
    said = run_alone([*command, "--benchmark", "--tokens", "2"])[0]
    loaded, first = re.search(r"in ([\d.]+) s, .* after ([\d.]+) ms", said).groups()
    going = [*command, "--raw", "--temperature", "0", "--prompt", QUESTION, "--tokens"]
    _, short = run_alone([*going, "1"])
    _, long = run_alone([*going, str(tokens + 1)])
    return {
        "load_seconds": float(loaded),
        "start_seconds": short,
        "first_token_ms": float(first),
        "memory_MB": memory_of(command),
        "tokens_per_second": tokens / max(long - short, 1e-9),
    }


def run_alone(command: list[str]) -> tuple[str, float]:
    """What it prints, and its seconds of processor time."""
    alone = {name: "1" for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")}
    where = {"cwd": wakeup.REPOSITORY, "env": {**os.environ, **alone}}
    with subprocess.Popen(command, stdout=subprocess.PIPE, **where) as process:
        said = process.stdout.read().decode()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return said, used.ru_utime + used.ru_stime


def memory_of(command: list[str]) -> float:
    """Megabytes that it holds when it has said something."""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=wakeup.REPOSITORY) as process:
        process.stdin.write(f"{QUESTION}\n".encode())
        process.stdin.flush()
        process.stdout.readline()
        return psutil.Process(process.pid).memory_info().rss / 1e6


def compile_plain(body: Body, folder: Path) -> Path | None:
    """The simple program, for llamas."""
    compiler, target = find_compiler(), folder / "plain"
    if compiler is None or body.config["species"] != "llama":
        return None
    command = [compiler, "-Ofast", "-march=native", str(Path(__file__).with_name("plain_llama.c")), "-o", str(target)]
    subprocess.run([*command, "-lm"], check=True)
    return target


def plain_rate(body: Body, file: Path | None, tokens: int) -> Figures:
    if file is None:
        return {}
    config = body.config
    names = ("embed_width", "layers", "heads", "key_heads", "hidden_width")
    sizes = [*(config[name] for name in names), body.card.vocabulary, config["context"] + 1, tokens]
    return {"tokens_per_second": float(run_alone([str(file), *map(str, sizes)])[0])}


def page(body: Body, tokens: int) -> Figures:
    """The worker of an .html in node."""
    node = shutil.which("node")
    if node is None:
        return {}
    said, numbers = compact(body)
    given = {"said": said, "weights": base64.b64encode(numbers).decode(), "question": QUESTION, "tokens": tokens}
    given["sources"] = [str(SOURCES / name) for name in WORKER[:-1]]
    script = str(Path(__file__).with_suffix(".js"))
    out = subprocess.run([node, script], input=json.dumps(given), capture_output=True, text=True, check=True)
    return json.loads(out.stdout)


if __name__ == "__main__":
    run(main)
