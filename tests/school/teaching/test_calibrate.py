"""How much at a time: measured, and changing no weight."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from school.souls.packing import pack_soul, wake_tutor
from school.teaching.calibrate import ENOUGH, ENOUGH_WORK, LOOKS, Pace, enough_rows, most_rows, time_rows
from school.teaching.tutor import Tutor
from tests.conftest import LESSONS, make_brain, make_receptionist, make_tutor, take_steps


@pytest.fixture
def two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def test_it_sizes_its_micro_steps_by_measuring(librarian):
    """It doubles the streams of a task while one takes no longer than it may; measuring changes no weight."""
    tutor = make_tutor(librarian, LESSONS.model_copy(update={"streams": 8}))
    before = [tensor.clone() for tensor in tutor.learned()]
    assert time_rows(tutor.brain, tutor.pace.threads, 2, length=16, limit=0.15) > 0
    assert all(torch.equal(a, b) for a, b in zip(before, tutor.learned(), strict=True))
    assert all(parameter.grad is None for parameter in tutor.brain.parameters())
    assert most_rows(lambda rows: 0.1 * rows, share=8, seconds=0.15) == 1
    assert most_rows(lambda rows: 0.03 * rows, share=8, seconds=0.15) == 4


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize(("seconds", "workers"), [(0.3, 2), (0.5, 1)])
def test_where_a_stream_each_takes_too_long_there_is_one_worker(tokenizer, seconds, workers):
    """Two streams side by side may keep a question waiting no longer than one may with all threads."""
    pace = Pace.measured(
        make_brain(tokenizer), streams=2, length=16, seconds=0.4, timer=lambda threads: lambda rows: seconds * rows
    )
    assert (pace.threads.count, pace.micro_streams) == (workers, 1)


def on_a_machine(pace: Pace, seconds_a_stream: float) -> int:
    """The streams of a task after it has been at work for a while where each stream takes so long."""
    for _ in range(8 * LOOKS):
        pace.took(seconds_a_stream * pace.micro_streams)
    return pace.micro_streams


def test_it_follows_the_machine(tokenizer):
    """Born while others were busy, it is as quick as any other when they are gone; and the other way round."""
    sizes = {"streams": 32, "length": 16, "seconds": 0.4}
    pace = Pace.measured(make_brain(tokenizer), **sizes, timer=lambda threads: lambda rows: 0.9 * rows)
    assert pace.micro_streams == 1
    assert on_a_machine(pace, 0.02) == 16
    assert on_a_machine(pace, 0.001) == 32
    assert on_a_machine(pace, 0.1) == 4
    assert on_a_machine(pace, 9.0) == 1
    settled = Pace.measured(make_brain(tokenizer), **sizes, wanted=8, kept=1)
    assert on_a_machine(settled, 9.0) == on_a_machine(settled, 0.001) == 8


def test_the_setting_counts_not_what_the_soul_says(librarian, tmp_path):
    """A soul of tasks with one stream: with a setting there are as many as it says; without, it begins with one and
    soon has all that there is time for."""
    born = make_tutor(librarian, LESSONS.model_copy(update={"streams": 8}))
    soul = pack_soul(born, make_receptionist(born, tmp_path), {})
    assert soul.facts["micro_streams"] == 1

    def woken(**changes: int) -> Tutor:
        settings = LESSONS.model_copy(update={"streams": 8, "dialogue_share": 0.0} | changes)
        tutor = Tutor.of_library(
            make_brain(librarian.tokenizer), librarian, settings, block_tokens=16, micro_seconds=1e6,
            micro_streams=soul.facts["micro_streams"],
        )  # fmt: skip
        wake_tutor(soul, tutor, [])
        return tutor

    assert woken(micro_streams=4).pace.micro_streams == 4
    tutor = woken(micro_streams=0)
    assert tutor.pace.micro_streams == 1
    take_steps(tutor, LOOKS)
    assert tutor.pace.micro_streams == 8


def test_a_large_brain_reads_no_more_at_once_than_pays(tokenizer):
    """A brain so large that 512 tokens are work enough gets no more at a time, however quick the machine; a small one
    as much as a step has."""
    large, small = torch.nn.Linear(1 << 11, 1 << 11), make_brain(tokenizer)
    assert enough_rows(large, 64) == ENOUGH // 64
    assert enough_rows(large, 4 * ENOUGH) == 1
    weights = sum(parameter.numel() for parameter in small.parameters())
    assert enough_rows(small, 64) == ENOUGH_WORK // weights // 64 > ENOUGH // 64
    pace = Pace.measured(large, streams=64, length=64, seconds=0.4, timer=lambda threads: lambda rows: 0.0)
    assert pace.micro_streams == ENOUGH // 64
