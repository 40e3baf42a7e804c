"""The measurement of speed: real runs of the smallest brain, and its counts against counts by hand."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

import wakeup
from benchmarks import speed, turns
from benchmarks.common import run
from brain import SPECIES, build_brain
from brain.contract import Brain
from brain.layers.words import KEPT

NEWBORN, LLAMA = SPECIES["interneuron"]["newborn"], SPECIES["llama"]["newborn"]
STREAMS, BLOCK = 8, 64
HIDDEN = 64  # of the self-state head


@pytest.fixture(scope="module")
def measured() -> dict:
    command = [sys.executable, "-m", "benchmarks.speed", "--json", "--presets", "newborn", "--seconds", "0.3"]
    done = subprocess.run(
        [*command, "--set", "machine.threads=1", "--set", f"lessons.streams={STREAMS}"],
        capture_output=True,
        text=True,
        cwd=wakeup.REPOSITORY,
        timeout=110,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def products(inputs_learn: int, inputs_given: int) -> int:
    """Operations per token from weights per token: a product forward, and backward one for the weights and, where the
    inputs depend on weights, one for the inputs; two operations for each weight."""
    return 6 * inputs_learn + 4 * inputs_given


@pytest.mark.trial
def test_it_reports_the_machine_and_every_measure(measured):
    assert {"float32_gflops", "bfloat16_gflops", "copy_gb_per_second", "commit", "threads"} < measured.keys()
    assert measured["threads"] == 1
    assert min(measured[key] for key in ("float32_gflops", "bfloat16_gflops", "copy_gb_per_second")) > 0.1
    [row] = measured["sizes"]
    assert (row["species"], row["preset"], row["vocabulary"]) == ("interneuron", "newborn", NEWBORN.vocabulary)
    assert (row["streams"], row["block_tokens"]) == (STREAMS, BLOCK)
    assert 50 < row["peak_mb"] < 2000
    assert 0 < row["speaking_share_of_bound"] < 1.2


@pytest.mark.trial
def test_utilisation_is_the_share_of_the_peak_that_the_counted_work_takes(measured):
    [row] = measured["sizes"]
    assert 0 < row["utilisation"] < 1.2
    assert row["gflops"] == pytest.approx(row["step_flops"] / row["step_ms"] / 1e6, rel=0.01)
    roughly = row["gflops"] / row["peak_gflops"]  # of other moments
    assert roughly / 4 < row["utilisation"] < 4 * roughly
    assert row["tokens_per_second"] == pytest.approx(STREAMS * BLOCK / row["step_ms"] * 1000, rel=0.01)


@pytest.mark.trial
def test_the_counted_work_is_that_of_the_matrix_products(measured):
    c = NEWBORN
    memory_layer = c.neurons * c.memory_width * (3 + 4 / c.neurons_per_gate)  # reduce, project, answer; four gates
    learned = c.embed_width * c.neurons + 2 * c.neurons * c.bottleneck + 2 * memory_layer
    learned += c.neurons * c.thought_width + c.thought_width * c.vocabulary + HIDDEN * 3
    learned += c.thought_width * len(KEPT)  # the gate of the memory of words
    given = 3 * c.embed_width + (c.thought_width + 3) * HIDDEN  # the colour; what the self-state head listens to
    again = 2 * ((c.thought_width + 3) * HIDDEN + HIDDEN * 3)  # the head is asked twice, and taught once
    assert measured["sizes"][0]["step_flops"] == STREAMS * BLOCK * (products(learned, given) + again)


@pytest.mark.trial
def test_a_spoken_token_reads_every_weight_and_one_row_of_each_table(measured):
    brain = build_brain(NEWBORN, pieces=[b""] * NEWBORN.vocabulary, turn_tokens=4)  # no parts, which it never reads
    weights = sum(parameter.numel() for parameter in brain.parameters())
    tables = NEWBORN.vocabulary, NEWBORN.positions
    unread = sum(rows - 1 for rows in tables) * NEWBORN.embed_width
    assert measured["sizes"][0]["speaking_bytes_read"] == 4 * (weights - unread + len(KEPT))


def llama() -> Brain:
    return build_brain(LLAMA, pieces=[b""] * NEWBORN.vocabulary, turn_tokens=4)


@pytest.mark.trial
def test_attention_counts_too():
    c, brain = LLAMA, llama()
    with FlopCounterMode(display=False, custom_mapping=speed.CPU_ATTENTION) as counter:
        out = brain(torch.zeros(2, BLOCK, dtype=torch.int64), torch.zeros(2, BLOCK, 3), brain.fresh_state(2))
        (out.logits.sum() + out.pixels.sum()).backward()
    head_width = c.embed_width // c.heads
    read = c.embed_width * (c.heads + 2 * c.key_heads) * head_width
    layer = read + c.embed_width**2 + 3 * c.embed_width * c.hidden_width
    layer += 2 * c.embed_width * (c.context + BLOCK)  # every query with every key, every weight with every value
    learned = c.layers * layer + c.embed_width * c.vocabulary + HIDDEN * 3
    given = 3 * c.embed_width + (c.embed_width + 3) * HIDDEN
    assert counter.get_total_flops() == 2 * BLOCK * products(learned, given)


def test_a_table_that_is_also_spoken_from_is_read_whole():
    brain = llama()
    speaker = speed.Speaker(brain, NEWBORN.vocabulary, torch.device("cpu"))
    assert speaker.bytes_read() == 4 * sum(parameter.numel() for parameter in brain.parameters())


@pytest.mark.trial
def test_a_token_more_of_the_block_takes_its_memory_and_no_more():
    shape = ("lessons.streams=8", "lessons.micro_streams=8", "lessons.block_tokens=256")
    given = argparse.Namespace(seconds=0.0, profile=False, set=["machine.threads=1"])
    block = speed.measure_apart("block", given, *speed.configuration("interneuron", "newborn"), *shape)
    assert (block["streams"], block["block_tokens"]) == (8, 256)
    assert block["us_per_token"] > 0
    a_vector, logits = 4 * NEWBORN.neurons / 1024, 4 * NEWBORN.vocabulary / 1024
    assert logits + 5 * a_vector < block["kb_per_token"] < 64 * a_vector  # kilobytes; about 45 vectors, no holes


def test_a_wrong_preset_is_named_at_once(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["speed", "--presets", "newborn,giant"])
    with pytest.raises(SystemExit) as end:
        run(speed.main)
    assert end.value.code == 2
    assert '"giant"' in capsys.readouterr().err


def test_contestants_are_told_apart(tmp_path):
    """What has a dot is a setting, what has none is a variable of its environment."""
    one = turns.contestant(f"half={wakeup.REPOSITORY},machine.precision=bfloat16,GOMP_SPINCOUNT=7")
    assert (one.name, one.folder) == ("half", wakeup.REPOSITORY)
    assert (one.settings, one.environment) == (("machine.precision=bfloat16",), {"GOMP_SPINCOUNT": "7"})
    for wrong in (f"a={tmp_path}", str(wakeup.REPOSITORY), f"a={wakeup.REPOSITORY},quick"):
        with pytest.raises(argparse.ArgumentTypeError, match="is wanted"):
            turns.contestant(wrong)


@pytest.mark.trial
def test_contestants_take_turns():
    """Each in a process of its own, measured against the first; one with more to do takes longer."""
    command = [sys.executable, "-m", "benchmarks.turns", "one=.", f"long=.,lessons.block_tokens={4 * BLOCK}"]
    command += ["--preset", "newborn", "--rounds", "2", "--steps", "2", "--json", "--set", "machine.threads=1"]
    command += ["--set", "lessons.streams=4", "--set", "lessons.micro_streams=4"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=wakeup.REPOSITORY, timeout=100)
    assert done.returncode == 0, done.stderr
    one, long = json.loads(done.stdout)["turns"]
    assert (one["name"], one["of_the_first"], one["micro_streams"]) == ("one", 1.0, 4)
    assert long["of_the_first"] > 1.5
    assert 0 < one["quickest_ms"] <= one["step_ms"]
    assert 0 < long["utilisation"] < 1.2


@pytest.mark.trial
def test_a_contestant_that_cannot_start_says_why():
    command = [sys.executable, "-m", "benchmarks.turns", "one=.,lessons.foo=3", "two=."]
    done = subprocess.run(command, capture_output=True, text=True, cwd=wakeup.REPOSITORY, timeout=100)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("babyLLM: --set: lessons.foo is not a setting")
    assert "Traceback" not in done.stderr
