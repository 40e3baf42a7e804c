"""Several processes teach like one with all their streams; real processes, joined over the loopback."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from school.door.values import Pair
from school.record.registrar import Registrar
from school.record.settings import RecordSettings
from school.souls.caretaker import Caretaker, SoulSettings
from school.teaching.settings import LessonSettings
from school.teaching.sharing import fingerprint, largest_divisor
from tests.conftest import LESSONS, TINY
from tests.test_wakeup import read_until
from wakeup import main

ROOT = Path(__file__).resolve().parents[3]
WORDS = ["the", "cat", "sat", "on", "a", "mat", "and", "my", "sister", "made", "soup", "in", "rain"]
SMALL = [
    "--set", "brain.preset=newborn", "--set", "lessons.block_tokens=16", "--set", "lessons.micro_streams=2",
    "--set", "machine.threads=1", "--set", "machine.device=cpu", "--set", "lessons.evaluation_steps=2",
    "--set", "lessons.learning_rate=0.1", "--set", "lessons.warmup_steps=1", "--set", "lessons.dialogue_share=0.1",
    "--set", "lessons.plateau_patience=1", "--set", "machine.kernels=false",
    "--no-terminal",
]  # fmt: skip
PLAIN = "import sys, wakeup; sys.exit(wakeup.main(sys.argv[1:]))"
TROUBLE = """
import os, sys
import torch
import school.teaching.sharing as sharing
import wakeup
sharing.CHECK_STEPS = 4
build, read = sharing.build_brain, []
def trouble(brain, tokens):
    if torch.is_grad_enabled():
        read.append(tokens)
    if len(read) == 3:
        raise ValueError("a lesson with a hole in it")
    if len(read) == 6:
        with torch.no_grad():
            brain.neurons.bias += 1
def build_with_trouble(*shape, **more):
    brain = build(*shape, **more)
    brain.register_forward_pre_hook(trouble)
    return brain
sharing.build_brain = build_with_trouble  # only processes that follow build theirs there
sys.exit(wakeup.main(sys.argv[1:]))
"""
IDLENESS = """
import sys
from datetime import timedelta
import school.teaching.team as parallel
import wakeup
parallel.SILENCE, parallel.SIGN_OF_LIFE = timedelta(seconds=6), 0.2
sys.exit(wakeup.main(sys.argv[1:]))
"""
GONE = "another process of its team is gone"


def make_home(place: Path) -> Path:
    (place / "library").mkdir(parents=True)
    text = " ".join(WORDS[i * i % 17 % len(WORDS)] + "." * (i % 7 == 0) for i in range(1500))
    (place / "library" / "diary.txt").write_text(text)
    return place


def teach(home: Path, pair: Pair) -> None:
    """Write a pair into the record."""
    registrar = Registrar(home / "statistics" / "baby.db", RecordSettings(), run_config={}, from_step=0)
    registrar.taught(pair)
    registrar.close(step=0, ending="")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def torchrun(home: Path, processes: int, *arguments: str) -> list[str]:
    command = [sys.executable, "-m", "torch.distributed.run", f"--nproc-per-node={processes}"]
    command += [f"--master-port={free_port()}", str(ROOT / "wakeup.py"), "--home", str(home), *SMALL, *arguments]
    return command


@pytest.fixture
def start() -> Iterator[Callable[..., list[subprocess.Popen]]]:
    """Starts the processes of a team one by one, to see how each of them ends; none outlives its test."""
    started: list[subprocess.Popen] = []

    def begin(home: Path, processes: int, program: str, *arguments: str) -> list[subprocess.Popen]:
        shared = {"WORLD_SIZE": str(processes), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port())}
        command = [sys.executable, "-u", "-c", program, "--home", str(home), *SMALL, *arguments]
        team = [
            subprocess.Popen(
                command,
                env=os.environ | shared | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
                cwd=ROOT,
                text=True,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            for rank in range(processes)
        ]
        started.extend(team)
        return team

    yield begin
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


def end(processes: list[subprocess.Popen], seconds: float) -> list[tuple[int, str]]:
    """Exit status and output of each, all of them ended within so many seconds."""
    deadline = time.monotonic() + seconds
    return [(process.wait(max(0.1, deadline - time.monotonic())), process.stdout.read()) for process in processes]


def soul(home: Path) -> tuple[dict, dict[str, torch.Tensor]]:
    """Facts and tensors of the newest soul."""
    place = max((home / "soul").glob("step-*"))
    parts = ("brain", "voice", "optimizer", "streams", "talks")
    tensors = {f"{part} {key}": t for part in parts for key, t in load_file(place / f"{part}.safetensors").items()}
    return json.loads((place / "facts.json").read_text()), tensors


@pytest.fixture
def alone(monkeypatch):
    """Wake it in this very process."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def run(home: Path, *arguments: str) -> None:
        assert main(["--home", str(home), *SMALL, *arguments]) == 0

    yield run
    for number, handler in handlers.items():
        signal.signal(number, handler)


def assert_the_same_life(first: Path, second: Path) -> None:
    """The same decisions, and tensors to within rounding; but for the few weights whose gradient is nothing else than
    rounding, which the optimizer takes for as good as any, and what the streams then think of it."""
    (facts, tensors), (other_facts, others) = soul(first), soul(second)
    for name in ("step", "bookmark", "tokens_seen", "rate_scale", "streams", "examined_step", "skipped_steps"):
        assert facts[name] == other_facts[name], name
    assert tensors.keys() == others.keys()
    for name, tensor in tensors.items():
        off = (tensor.double() - others[name].double()).abs()
        assert off.max() <= (0.1 if tensor.is_floating_point() else 0), name
        if not name.startswith(("streams", "talks")):
            assert (off > 1e-4 * (1 + others[name].abs())).float().mean() < 0.01, name


@pytest.mark.trial
def test_two_processes_teach_like_one(tmp_path, alone, start):
    """Two processes of two streams each, and one of four: from a soul that knows its library and was taught something
    the same weights, averages, moments, memories and decisions after ten steps, with dropout and dialogues; and
    the one goes on where the two stopped."""
    careful = ("--set", "lessons.learning_rate=0.003")  # in larger steps rounding grows
    team, single = make_home(tmp_path / "team"), tmp_path / "single"
    alone(team, "--steps", "30", "--set", "lessons.streams=4", "--set", "lessons.plateau_factor=0.5")
    facts, _ = soul(team)
    assert facts["rate_scale"] < LessonSettings().review_rate  # so what is taught is learned close to the best average
    teach(team, Pair(id="1", prompt="who sat on a mat?", answer="the cat and my sister."))
    let_its_best_stay(team)
    shutil.copytree(team, single)
    together = ("--set", "lessons.streams=2")
    (status, said), (other, others) = end(start(team, 2, PLAIN, "--steps", "10", *together, *careful), 150)
    assert (status, other) == (0, 0), said + others
    alone(single, "--steps", "10", "--set", "lessons.streams=4", *careful)
    assert_the_same_life(team, single)
    assert soul(single)[0]["rate_scale"] < facts["rate_scale"]  # an examination moved the weights, in all processes
    assert soul(single)[0]["reviews"]["1"][1] > 1  # and the pair came up
    facts, _ = soul(single)
    for home in (team, single):
        alone(home, "--steps", "3", "--set", "lessons.streams=4", *careful)
    assert soul(team)[0]["bookmark"]["epoch"] == facts["bookmark"]["epoch"]
    assert_the_same_life(team, single)


def let_its_best_stay(home: Path) -> None:
    """No examination will be better, so the next one moves the weights."""
    caretaker = Caretaker(home / "soul", SoulSettings())
    (place,) = caretaker.souls()
    found = caretaker.load(place)
    found.facts["best"][0] /= 2
    shutil.rmtree(place)
    caretaker.save(found)


@pytest.mark.trial
def test_told_to_stop_it_saves_and_nobody_stays_behind(tmp_path):
    """SIGTERM, which torchrun hands to all: the first process saves the soul, and all end well."""
    home = make_home(tmp_path)
    with subprocess.Popen(
        torchrun(home, 2, "--set", "lessons.streams=2"),
        cwd="/", text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ) as process:  # fmt: skip
        read_until(process, "step 1 ")
        process.terminate()
        rest, _ = process.communicate(timeout=100)
    assert "Good night" in rest
    assert "SIGKILL" not in rest
    assert soul(home)[0]["streams"] == 4


@pytest.mark.trial
def test_a_team_survives_a_lesson_but_not_a_member(tmp_path, start):
    """A lesson that breaks in one process is skipped by all; weights that came apart are brought together, once; when
    a process dies, the first saves the soul and ends with one line and status 1."""
    home = make_home(tmp_path)
    first, second = team = start(home, 2, TROUBLE, "--set", "lessons.streams=1")
    told = read_until(first, "had come apart")
    assert "a lesson failed and was skipped" in told
    second.kill()
    (status, rest), _ = end(team, 100)
    assert status == 1
    assert f"babyLLM broke (TeamBroken: {GONE})" in rest
    assert "had come apart" not in rest
    facts, tensors = soul(home)
    assert facts["skipped_steps"] == 1
    assert facts["step"] >= 6
    assert all(tensor.isfinite().all() for tensor in tensors.values())


@pytest.mark.trial
def test_the_others_wait_for_an_idle_leader_but_not_for_a_dead_one(tmp_path, start):
    """Without lessons they hear a sign of life before they take silence for death; when it is dead they leave."""
    leader, follower = team = start(make_home(tmp_path), 2, IDLENESS, "--no-train")
    read_until(leader, "waiting for all")
    time.sleep(9)  # longer than silence is borne
    assert follower.poll() is None
    leader.kill()
    _, (status, said) = end(team, 100)
    assert status == 1
    assert said.splitlines()[-1] == f"babyLLM: process 1 leaves: {GONE}."


def test_no_micro_step_is_of_two_processes():
    """Micro-steps are shortened so that each process's streams are whole ones."""
    assert [largest_divisor(8, most) for most in (1, 3, 4, 7, 8, 32)] == [1, 2, 4, 4, 8, 8]
    assert largest_divisor(7, 5) == 1


def test_sizes_are_the_same_however_they_are_written():
    """A preset's windows and the same ones out of a soul; others are others."""
    marks = [fingerprint(replace(TINY, windows=windows), LESSONS) for windows in ((1, 2), (1.0, 2.0), (1.0, 3.0))]
    assert marks[0] == marks[1] != marks[2]
