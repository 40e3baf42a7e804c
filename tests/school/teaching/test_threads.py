"""Worker threads: they work at the same time, and what they do is the same as if one had done it."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import torch

from school.door.events import StepReport
from school.door.values import Pair
from school.teaching.threads import WorkerThreads
from school.teaching.tutor import Tutor
from school.texts.librarian import Librarian
from tests.conftest import LESSONS, make_tutor

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def test_jobs_are_done_at_the_same_time():
    """Each on a thread of its own, with its share of torch's threads; the answers come in the jobs' order."""
    meeting = threading.Barrier(2)

    def job() -> tuple[int, int]:
        return meeting.wait(timeout=20), torch.get_num_threads()

    for _ in range(3):  # the second thread stays, and its share with it
        arrived, shares = zip(*WorkerThreads(2, CPU).run([job, job]), strict=True)
        assert set(arrived) == {0, 1}
        assert shares == (1, 1)
        assert torch.get_num_threads() == 2
    assert WorkerThreads(2, CPU).run([lambda: "first", lambda: "second"]) == ["first", "second"]


def test_who_is_alone_has_all_threads():
    assert WorkerThreads(2, CPU).run([torch.get_num_threads]) == [2]
    assert (WorkerThreads(1, CPU).count, WorkerThreads(3, CPU).count, WorkerThreads(4, torch.device("meta")).count) == (
        1,
        1,
        1,
    )


@pytest.mark.parametrize("failing", [0, 1])
def test_a_job_that_fails_is_told_when_all_have_ended(failing):
    ended = threading.Event()

    def fails() -> None:
        raise ZeroDivisionError

    def takes_long() -> None:
        threading.Event().wait(0.2)
        ended.set()

    jobs = [takes_long, takes_long]
    jobs[failing] = fails
    with pytest.raises(ZeroDivisionError):
        WorkerThreads(2, CPU).run(jobs)
    assert ended.is_set()
    assert torch.get_num_threads() == 2


def lessons_with(workers: int, librarian: Librarian, steps: int = 6) -> tuple[Tutor, list[StepReport]]:
    """A life of four tasks a step, some of them with taught pairs."""
    tutor = make_tutor(librarian, LESSONS.model_copy(update={"streams": 4}))
    tutor.pace.threads = WorkerThreads(workers, CPU)
    tutor.reviews.add(Pair(id="a", prompt="", answer="the moon is a biscuit"), librarian.tokenizer, 0)
    reports, parts = [], 0
    while len(reports) < steps:
        parts += 1
        if report := tutor.micro_step(look=True):
            reports.append(report)
    assert parts == steps * (4 // workers)
    return tutor, reports


def test_two_workers_learn_what_one_does(librarian):
    """The same tasks, two at a time: the same weights within rounding, the same streams, and each time bit for bit."""
    (one, alone), (two, together), (again, _) = (lessons_with(workers, librarian) for workers in (1, 2, 2))
    for a, b, c in zip(one.brain.parameters(), two.brain.parameters(), again.brain.parameters(), strict=True):
        torch.testing.assert_close(a, b, atol=1e-5, rtol=1e-4)
        assert torch.equal(b, c)
    for (name, a), b in zip(one.streams.tensors().items(), two.streams.tensors().values(), strict=True):
        torch.testing.assert_close(a, b, atol=1e-4, rtol=1e-4, msg=name)
    for a, b in zip(alone, together, strict=True):
        assert (a.accuracy, a.tokens) == (b.accuracy, b.tokens)
        assert (a.glimpse.targets, a.glimpse.guesses) == (b.glimpse.targets, b.glimpse.guesses)
        assert a.loss == pytest.approx(b.loss, rel=1e-5)
