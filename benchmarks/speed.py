"""How fast it learns and talks, beside what the machine can do at all, measured in the same run.

    python -m benchmarks.speed --presets newborn,toddler,child --blocks

Every configuration has a process and a whole school of its own, so that no memory is another's. Its library is made-up
words, enough for the preset's whole vocabulary; its lessons are of the library only, so that all steps are alike.

The work of a step is counted while it runs: the matrix products of its forward and backward pass, nothing else. The
bound on speaking is the time to copy as many bytes as one token reads of the weights, at the bandwidth of a copy that
counts bytes read and bytes written; weights that fit into a cache can beat it.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import redirect_stdout, suppress
from functools import partial
from pathlib import Path
from typing import Any

import torch
from rich import print as show
from rich.table import Table
from torch import Tensor
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode
from torch.profiler import ProfilerActivity, profile
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

import wakeup
from benchmarks.common import awake, home_with, percentile, report, run
from brain.contract import Brain
from brain.ops.backend import PYTORCH
from school.door.events import StepReport
from school.office.machine import prepare
from school.office.memory import keep_memory
from school.talking.receptionist import PREFILL
from school.teaching.brain_settings import BrainSettings
from school.teaching.calibrate import Pace, time_rows
from school.teaching.examiner import NEUTRAL
from school.teaching.settings import MICRO_SECONDS
from school.teaching.threads import MOST, WorkerThreads
from school.teaching.tutor import Tutor
from school.texts.tokenizer import MARK_COUNT

BLOCKS = (64, 128, 256, 512, 1024)
SAME_TOKENS, SAME_STREAMS = 1024, 8  # per step, over all streams; and streams, whatever the block
SHORT_BLOCK = 8
ROUNDS, LOOK = 7, 0.4  # of learning, and seconds of each look at the machine's peak between them
ORIGINAL_TOKENS_PER_SECOND, ORIGINAL_GFLOPS = 1.8, 280  # the first babyLLM's, on a machine of 270 to 290 GFLOP/s


# ---- what the machine can do -----------------------------------------------------------------------------------------


def best_seconds(work: Callable[[], object], seconds: float, device: torch.device) -> float:
    """The quickest of at least three runs within ``seconds``, after one that warms up."""
    times, stop = [], time.perf_counter() + seconds
    while len(times) < 4 or time.perf_counter() < stop:
        started = time.perf_counter()
        work()
        wait_for(device)
        times.append(time.perf_counter() - started)
    return min(times[1:])


def wait_for(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize()


def matmul_gflops(dtype: torch.dtype, device: torch.device, seconds: float) -> float:
    """10⁹ floating-point operations per second of the best square product; sizes double while there is time."""
    size, best, took = 512, 0.0, 0.0
    while took * 8 < seconds / 4 and size <= 16_384:
        a, b = (torch.randn(size, size, device=device).to(dtype) for _ in range(2))
        took = best_seconds(partial(torch.mm, a, b, out=torch.empty_like(a)), seconds / 4, device)
        best, size = max(best, 2 * size**3 / took / 1e9), 2 * size
    return best


def copy_gigabytes(device: torch.device, seconds: float) -> float:
    """10⁹ bytes read and written per second by the best copy of a tensor of 128 or 256 MiB."""
    best = 0.0
    for mebibytes in (128, 256):
        source = torch.ones(mebibytes << 18, device=device)
        took = best_seconds(partial(torch.empty_like(source).copy_, source), seconds / 2, device)
        best = max(best, 2 * source.nbytes / took / 1e9)
    return best


def measure_machine(device: torch.device, seconds: float) -> dict[str, Any]:
    return {
        "float32_gflops": round(matmul_gflops(torch.float32, device, seconds), 1),
        "bfloat16_gflops": round(matmul_gflops(torch.bfloat16, device, seconds), 1),
        "copy_gb_per_second": round(copy_gigabytes(device, seconds), 2),
    }


def peak_megabytes() -> float:
    """The most that this process ever had resident. Linux's ``ru_maxrss`` starts with the parent's, so not that."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text().partition("VmHWM:")[2].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)  # bytes on macOS


def map_every_tensor() -> None:
    """Have glibc map every tensor by itself and unmap it when freed, so that what is resident is what is in use.

    As it is set up for lessons it keeps the holes between tensors too, at worst as much again.
    """
    with suppress(OSError, AttributeError):  # another C library
        mallopt = ctypes.CDLL(None).mallopt
        mmap_threshold, mmap_max = -3, -4  # names in malloc.h
        mallopt(mmap_max, 1 << 20)
        mallopt(mmap_threshold, 1 << 16)


# ---- learning --------------------------------------------------------------------------------------------------------


def take_steps(tutor: Tutor, seconds: float = 0.0, at_least: int = 1) -> list[StepReport]:
    """Whole steps, at least so many and for at least so long."""
    reports, stop = [], time.perf_counter() + seconds
    while len(reports) < at_least or time.perf_counter() < stop:
        if step := tutor.micro_step():
            reports.append(step)
    return reports


def step_seconds(tutor: Tutor, seconds: float) -> float:
    """The median step, after a while of warming up."""
    take_steps(tutor, seconds / 4)
    return percentile([step.seconds for step in take_steps(tutor, seconds, at_least=3)], 0.5)


def utilisation(tutor: Tutor, work: int, seconds: float) -> tuple[float, float, float]:
    """The seconds of a step, the machine's peak, and the share of that which the step's ``work`` operations reach: the
    median of some rounds, each between two looks at the peak, since a machine that others use too is not always as
    fast."""
    take_steps(tutor, seconds / 4)
    looks, times, shares = [matmul_gflops(torch.float32, tutor.device, LOOK)], [], []
    for _ in range(ROUNDS):
        times.append(percentile([step.seconds for step in take_steps(tutor, seconds / ROUNDS)], 0.5))
        looks.append(matmul_gflops(torch.float32, tutor.device, LOOK))
        shares.append(work / times[-1] / 1e9 / max(looks[-2:]))
    return percentile(times, 0.5), percentile(looks, 0.5), percentile(shares, 0.5)


def _attention(query, key, *rest, out_shape=None, **named) -> int:
    """Two products: of queries and keys, and of their weights and the values."""
    streams, heads, tokens, width = query
    return 4 * streams * heads * tokens * key[2] * width


def _attention_backward(grad, query, key, *rest, out_shape=None, **named) -> int:
    """Twice the forward pass; that it works the weights out once more is not useful work."""
    return 2 * _attention(query, key)


CPU_ATTENTION = {  # the one matrix product of the CPU that the counter does not know
    torch.ops.aten._scaled_dot_product_flash_attention_for_cpu: _attention,
    torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward: _attention_backward,
}


def count_step(tutor: Tutor) -> int:
    """Floating-point operations of one whole step's matrix products. The counter sees one thread only, which has to do
    everything."""
    pace, tutor.pace = tutor.pace, Pace(tutor.pace.micro_streams, WorkerThreads(1, tutor.device))
    with FlopCounterMode(display=False, custom_mapping=CPU_ATTENTION) as counter:
        take_steps(tutor)
    tutor.pace = pace
    return counter.get_total_flops()


# ---- speaking --------------------------------------------------------------------------------------------------------


class _WeightsRead(TorchFunctionMode):
    """Notes which tensors that were neither ``given`` nor made on the way are computed with, and which are only looked
    up in: the weights, and tables made of them once for many tokens."""

    def __init__(self, given: Iterable[Tensor]):
        super().__init__()
        self._made = _by_identity(given)
        self.whole: dict[int, Tensor] = {}
        self.looked_up: dict[int, Tensor] = {}

    def __torch_function__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        if made := _by_identity(tree_leaves(result)):  # else it asked for a shape or the like
            used = {
                key: leaf for key, leaf in _by_identity(tree_leaves((args, kwargs))).items() if key not in self._made
            }
            (self.looked_up if function is F.embedding else self.whole).update(used)
            self._made |= made
        return result


def _by_identity(leaves: Iterable[object]) -> dict[int, Tensor]:
    return {id(leaf): leaf for leaf in leaves if isinstance(leaf, Tensor)}


class Speaker:
    """One stream that talks on and on, as the receptionist's do, but always its best guess."""

    def __init__(self, voice: Brain, vocabulary: int, device: torch.device):
        self.voice, self.device = voice, device
        question = torch.randint(MARK_COUNT, vocabulary, (1, PREFILL), device=device)
        pixels = torch.full((1, PREFILL, 3), NEUTRAL, device=device)
        with torch.no_grad():
            out = voice(question, pixels, voice.fresh_state(1))
        self._heed(out.logits[:, -1], out.pixels[:, -1], out.state)

    def _heed(self, logits: Tensor, pixel: Tensor, state: dict[str, Tensor]) -> None:
        self.token, self.pixel, self.state = logits.argmax(-1), pixel, state

    @torch.no_grad()
    def say_one_token(self) -> float:
        """The seconds that the brain took for it."""
        started = time.perf_counter()
        out = self.voice.step(self.token, self.pixel, self.state)
        wait_for(self.device)
        took = time.perf_counter() - started
        self._heed(out.logits, out.pixels, out.state)
        return took

    def token_seconds(self, seconds: float) -> float:
        """The median of at least 50 tokens."""
        times, stop = [], time.perf_counter() + seconds
        while len(times) < 50 or time.perf_counter() < stop:
            times.append(self.say_one_token())
        return percentile(times, 0.5)

    def bytes_read(self) -> int:
        """Of the weights for one token: all that is computed with, one row of what is only looked up in. To be asked
        last: only PyTorch's own operations can be watched, so the kernels are put away."""
        self.voice.use(PYTORCH)
        with _WeightsRead([self.token, self.pixel, *self.state.values()]) as seen:
            self.say_one_token()
        rows = [table[0].nbytes for key, table in seen.looked_up.items() if key not in seen.whole]
        return sum(rows) + sum(weights.nbytes for weights in seen.whole.values())


# ---- one configuration -----------------------------------------------------------------------------------------------


def measure_size(tutor: Tutor, given: argparse.Namespace) -> dict[str, Any]:
    """Learning and speaking, as the settings say."""
    tokens = tutor.planner.shape.tokens
    work = count_step(tutor)
    seconds, at_most, share = utilisation(tutor, work, given.seconds)
    peak = peak_megabytes()
    speaker = Speaker(tutor.voice, tutor.librarian.tokenizer.size, tutor.device)
    token_seconds = speaker.token_seconds(given.seconds)
    if given.profile:
        print_profile("one step of lessons", partial(take_steps, tutor))
        print_profile("50 spoken tokens", partial(speaker.token_seconds, 0.0))
    return {
        "parameters": sum(parameter.numel() for parameter in tutor.brain.parameters()),
        "vocabulary": tutor.librarian.tokenizer.size,
        "block_tokens": tutor.planner.shape.length,
        "streams": tutor.settings.streams,
        "micro_streams": tutor.pace.micro_streams,
        "tokens_per_second": round(tokens / seconds, 1),
        "step_ms": round(1000 * seconds, 2),
        "step_flops": work,
        "gflops": round(work / seconds / 1e9, 2),
        "peak_gflops": round(at_most, 2),
        "utilisation": round(share, 3),
        "peak_mb": round(peak),
        "speaking_us_per_token": round(1e6 * token_seconds, 1),
        "speaking_bytes_read": speaker.bytes_read(),
    }


def measure_block(tutor: Tutor, given: argparse.Namespace) -> dict[str, Any]:
    """Time of a trained token, and what a token more adds to the peak memory of a forward and backward pass."""
    (streams, length), peaks = tutor.planner.shape, []
    map_every_tensor()
    for tokens in (SHORT_BLOCK, length):
        time_rows(tutor.brain, tutor.pace.threads, streams, length=tokens, limit=MICRO_SECONDS)
        peaks.append(peak_megabytes())
    keep_memory()  # as in life, for the time
    return {
        "block_tokens": length,
        "streams": streams,
        "us_per_token": round(1e6 * step_seconds(tutor, given.seconds) / (streams * length), 1),
        "peak_mb": round(peaks[1]),
        "kb_per_token": round(1024 * (peaks[1] - peaks[0]) / (streams * (length - SHORT_BLOCK)), 1),
    }


def print_profile(what: str, work: Callable[[], object]) -> None:
    """Where the time goes, to standard error."""
    with profile(activities=[ProfilerActivity.CPU]) as seen:
        work()
    table = seen.key_averages().table(sort_by="self_cpu_time_total", row_limit=25)
    print(f"\n{what}\n{table}", file=sys.stderr)


MEASURES = {"size": measure_size, "block": measure_block}


def measure_here(given: argparse.Namespace) -> None:
    """One measurement in this process; prints its JSON. Raises Mistake."""
    with tempfile.TemporaryDirectory(prefix="words-") as folder, redirect_stdout(sys.stderr):
        given.text = Path(folder, "words.txt")
        given.text.write_text(made_up_words(50_000))
        with awake(given) as (day, _):
            result = MEASURES[given.one](day.tutor, given)
    print(json.dumps(result))


def made_up_words(count: int) -> str:
    """Text of some thousand different words, which has thousands of byte pairs worth a token."""
    rng = random.Random(0)
    words = ["".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randint(2, 9))) for _ in range(5000)]
    return " ".join(rng.choices(words, k=count))


# ---- all of them -----------------------------------------------------------------------------------------------------


def measure_apart(what: str, given: argparse.Namespace, *changes: str) -> dict[str, Any]:
    """One measurement in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.speed", "--one", what, "--seconds", str(given.seconds)]
    command += ["--profile"] * given.profile
    command += [part for change in (*given.set, *changes) for part in ("--set", change)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, cwd=wakeup.REPOSITORY)
    if done.returncode:
        sys.exit(done.returncode)  # it has said why
    return json.loads(done.stdout)


def configuration(species: str, preset: str) -> tuple[str, ...]:
    return f"brain.species={species}", f"brain.preset={preset}", "lessons.dialogue_share=0"


def settings_for(given: argparse.Namespace, *changes: str) -> Any:
    """All settings, as a process of its own will read them. Raises Mistake."""
    with home_with(None) as home:
        arguments = [part for change in (*given.set, *changes) for part in ("--set", change)]
        return wakeup.read_options(wakeup.parse(["--home", str(home), *arguments]))[0]


def size_row(given: argparse.Namespace, species: str, preset: str, machine: dict[str, Any]) -> dict[str, Any]:
    row = measure_apart("size", given, *configuration(species, preset))
    bound = row["speaking_bytes_read"] / machine["copy_gb_per_second"] / 1e3
    shares = {
        "speaking_bound_us": round(bound, 1),
        "speaking_share_of_bound": round(bound / row["speaking_us_per_token"], 3),
    }
    return {"species": species, "preset": preset} | row | shares


def block_rows(given: argparse.Namespace, species: str, preset: str) -> tuple[list[dict], dict[str, Any]]:
    """Blocks of every length, at the same tokens per step and at the same streams; the largest ratios among them."""
    rows = []
    for same in ("tokens", "streams"):
        for length in BLOCKS:
            streams = SAME_TOKENS // length if same == "tokens" else SAME_STREAMS
            one_go = -(-streams // MOST)  # a step is one micro-step
            shape = f"lessons.block_tokens={length}", f"lessons.streams={streams}", f"lessons.micro_streams={one_go}"
            row = measure_apart("block", given, *configuration(species, preset), *shape)
            rows.append({"species": species, "preset": preset, "same": same} | row)
    times = {same: [row["us_per_token"] for row in rows if row["same"] == same] for same in ("tokens", "streams")}
    memory = [row["kb_per_token"] for row in rows if row["same"] == "streams"]
    ratios = {
        "time_ratio_at_same_tokens": round(max(times["tokens"]) / min(times["tokens"]), 3),
        "time_ratio_at_same_streams": round(max(times["streams"]) / min(times["streams"]), 3),
        "memory_ratio_at_same_streams": round(max(memory) / min(memory), 3),
    }
    return rows, {"species": species, "preset": preset} | ratios


def beside_original(row: dict[str, Any], machine: dict[str, Any]) -> dict[str, Any]:
    """A brain of the original's size beside the first babyLLM: as it was, and as it might be on this machine."""
    scaled = ORIGINAL_TOKENS_PER_SECOND * machine["float32_gflops"] / ORIGINAL_GFLOPS
    return {
        "species": row["species"],
        "tokens_per_second": row["tokens_per_second"],
        "utilisation": row["utilisation"],
        "first_tokens_per_second_at_280_gflops": ORIGINAL_TOKENS_PER_SECOND,
        "times_the_first": round(row["tokens_per_second"] / ORIGINAL_TOKENS_PER_SECOND, 1),
        "first_scaled_to_this_machine": round(scaled, 3),
        "times_the_first_scaled": round(row["tokens_per_second"] / scaled, 1),
    }


def measure_all(given: argparse.Namespace) -> dict[str, Any]:
    presets = [*given.presets, *(["seed"] if given.original and "seed" not in given.presets else [])]
    pairs = [(species, preset) for preset in presets for species in given.species]
    settings = [settings_for(given, *configuration(*pair)) for pair in pairs]  # a wrong one ends it here, at once
    machine = measure_machine(prepare(settings[0].machine).device, given.seconds)
    result = machine | {"sizes": [size_row(given, *pair, machine) for pair in pairs]}
    if given.original:
        result["original"] = [beside_original(row, machine) for row in result["sizes"] if row["preset"] == "seed"]
    if given.blocks:
        measured = [block_rows(given, *pair) for pair in pairs if pair[1] in given.presets]
        result["blocks"] = [row for rows, _ in measured for row in rows]
        result["block_ratios"] = [ratios for _, ratios in measured]
    return result


def show_tables(result: dict[str, Any]) -> dict[str, Any]:
    """Show every list of the result; returns the rest."""
    for name, rows in result.items():
        if isinstance(rows, list):
            show(as_table(name, [list(rows[0]), *(list(row.values()) for row in rows)]))
    return {name: value for name, value in result.items() if not isinstance(value, list)}


def as_table(title: str, cells: list[list[Any]]) -> Table:
    """One measurement a row; or a column, while they are fewer than what there is to say of each."""
    table = Table(title=title, show_header=False)
    for row in cells if len(cells) > len(cells[0]) else zip(*cells, strict=True):
        table.add_row(*map(str, row))
    return table


def names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",")]


def main() -> None:
    options = wakeup.Parser(description=__doc__.splitlines()[0])
    options.add_argument("--presets", type=names, default="newborn,toddler,child", help="sizes, with commas")
    options.add_argument("--species", type=names, default=BrainSettings().species, help="kinds of brain, with commas")
    options.add_argument("--seconds", type=float, default=5, help="of each measurement, roughly")
    options.add_argument("--blocks", action="store_true", help="also time and memory against the length of a block")
    options.add_argument("--original", action="store_true", help="also the size of the first babyLLM; slow")
    options.add_argument("--profile", action="store_true", help="where the time goes, to standard error")
    options.add_argument("--set", action="append", default=[], metavar="SECTION.KEY=VALUE", help="change a setting")
    options.add_argument("--json", action="store_true", help="print one JSON line")
    options.add_argument("--one", choices=MEASURES, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.one:
        measure_here(given)
        return
    result = measure_all(given)
    report(result if given.json else show_tables(result), given.json)


if __name__ == "__main__":
    run(main)
