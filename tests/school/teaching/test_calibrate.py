"""How much at a time: measured, and changing no weight."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from school.teaching.calibrate import Pace, most_rows, time_rows
from tests.conftest import LESSONS, make_brain, make_tutor


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
