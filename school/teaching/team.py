"""Lessons shared by several processes: the first leads, the others only compute; all keep the same weights.

Shapes: W processes, S streams of each (``lessons.streams``), T tokens per block.

The leader plans every step as one process with W*S streams would and hands each process its share. Gradients are summed
before the optimizer, which then does the same everywhere, so weights are sent only at the beginning. Whatever else
would move them is an order of the leader, carried out by all. Only gradients travel between GPUs; everything else goes
over the CPU, where a process that died is noticed at once.
"""

from __future__ import annotations

import logging
import math
import os
import time
import zlib
from dataclasses import replace
from datetime import timedelta
from enum import IntEnum, auto

import torch
import torch.distributed as dist
from torch import Tensor

from brain import BrainConfig, build_brain
from brain.contract import Brain
from school.door.events import StepReport
from school.office.mistakes import Mistake
from school.office.settings import Slice
from school.teaching.pedagogy import PedagogySettings, for_team
from school.teaching.settings import MICRO_SECONDS, LessonSettings
from school.teaching.streams import Step, Streams, Task
from school.teaching.tutor import Best, TeamBroken, Tutor
from school.texts.librarian import Librarian
from school.texts.tokenizer import MARK_COUNT

log = logging.getLogger(__name__)

ASSEMBLY = timedelta(days=1)  # the leader may have a large library to read first
SILENCE = timedelta(minutes=10)  # of a process that is taken for dead then
SIGN_OF_LIFE = 60  # seconds after which a leader with nothing to teach says so
CHECK_STEPS = 100  # between comparisons of everybody's weights
NUMBERS = 8  # that go with an order


class Order(IntEnum):
    START = auto()
    STEP = auto()
    HEED = auto()
    CHECK = auto()
    GATHER = auto()
    WAIT = auto()
    STOP = auto()


class LessonFailed(Exception):
    """A lesson broke in one of the processes, and all of them skipped its step."""


class Team:
    """The processes that teach together, as torchrun started them. Every method but ``own_device`` and ``leave`` is for
    all of them at the same time, and raises TeamBroken when one of them is gone."""

    def __init__(self, *, rank: int, size: int, local_rank: int, local_size: int):
        self.rank, self.size, self.local_rank, self.local_size = rank, size, local_rank, local_size
        self.broken = False
        self._group: dist.ProcessGroup | None = None
        self._last_order = 0.0

    @classmethod
    def of_environment(cls) -> Team:
        """From the variables that torchrun sets."""
        rank, size, local_rank = (int(os.environ[name]) for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK"))
        return cls(
            rank=rank, size=size, local_rank=local_rank, local_size=int(os.environ.get("LOCAL_WORLD_SIZE", size))
        )

    def own_device(self, device: torch.device) -> torch.device:
        """This process's own GPU where GPUs compute. Raises Mistake if there are too few."""
        if device.type != "cuda":
            return device
        if torch.cuda.device_count() < self.local_size:
            raise Mistake(
                f"{self.local_size} processes need as many GPUs, and this machine has {torch.cuda.device_count()}; "
                'start fewer, or set machine.device = "cpu".'
            )
        return torch.device("cuda", self.local_rank)

    def join(self, device: torch.device) -> None:
        """Wait until everybody is there."""
        backend = "cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo"
        try:
            dist.init_process_group(backend, rank=self.rank, world_size=self.size, timeout=ASSEMBLY)
            self._group = dist.new_group(timeout=SILENCE)
        except RuntimeError as error:
            raise self._lost(error) from error

    def tell(self, order: Order, *numbers: float) -> None:
        """The leader's order to the others, with at most NUMBERS - 1 numbers."""
        said = torch.zeros(NUMBERS, dtype=torch.float64)
        said[: 1 + len(numbers)] = torch.tensor([order, *numbers], dtype=torch.float64)
        self._all(dist.broadcast, said, 0)
        self._last_order = time.monotonic()

    def hear(self) -> tuple[Order, list[float]]:
        """Wait for the leader's next order."""
        said = torch.empty(NUMBERS, dtype=torch.float64)
        self._all(dist.broadcast, said, 0)
        order, *numbers = said.tolist()
        return Order(int(order)), numbers

    def keep_company(self) -> None:
        """The leader's sign of life, when it is time for one."""
        if time.monotonic() - self._last_order > SIGN_OF_LIFE:
            self.tell(Order.WAIT)

    def dismiss(self) -> None:
        """The leader's last order."""
        self.tell(Order.STOP)

    def leave(self) -> None:
        """Close what ``join`` opened, so that its threads end before the process does; for each by itself."""
        if dist.is_initialized():
            dist.destroy_process_group()

    @torch.no_grad()
    def share(self, tensors: list[Tensor]) -> None:
        """Everybody gets the leader's values."""
        for tensor in tensors:
            values = tensor.detach().cpu().contiguous()
            self._all(dist.broadcast, values, 0)
            if self.rank:
                tensor.copy_(values)

    def sum(self, tensor: Tensor) -> None:
        """Replace everybody's by the sum of all."""
        self._all(dist.all_reduce, tensor)

    def gather(self, own: Tensor) -> Tensor | None:
        """Everybody's, one below the other, for the leader; None for the others."""
        own = own.cpu().contiguous()
        parts = None if self.rank else [torch.empty_like(own) for _ in range(self.size)]
        self._all(dist.gather, own, parts, 0)
        return None if parts is None else torch.cat(parts)

    def scatter(self, own: Tensor, whole: Tensor | None) -> None:
        """Each gets its part of the leader's ``whole``, which is None for the others."""
        values = torch.empty_like(own, device="cpu")
        parts = None if whole is None else [part.contiguous() for part in whole.cpu().split(len(own))]
        self._all(dist.scatter, values, parts, 0)
        own.copy_(values)

    def _all(self, collective, *arguments) -> None:
        if self.broken:
            raise self._lost(None)
        try:
            collective(*arguments, group=self._group)
        except RuntimeError as error:
            raise self._lost(error) from error

    def _lost(self, error: Exception | None) -> TeamBroken:
        if error:
            log.info("the team broke: %s", error)
        self.broken = True
        return TeamBroken("another process of its team is gone")


class Member(Tutor):
    """A tutor that teaches its share of a step and makes the whole step's update."""

    def __init__(self, brain: Brain, librarian: Librarian | None, settings: LessonSettings, *, team: Team, **sizes):
        self.team = team
        self._error: Exception | None = None
        super().__init__(brain, librarian, settings, **sizes)

    def _teach(self, step: Step, numbers: range) -> None:
        """A lesson that breaks must not keep the others waiting: its step goes on to its end, and is skipped."""
        try:
            super()._teach(step, numbers)
        except Exception as error:
            self._error, step.finite = error, False

    def _finish(self, step: Step) -> StepReport:
        started = time.perf_counter()
        color, failed = self._pool(step)
        step.seconds += time.perf_counter() - started
        report = super()._finish(step)
        if failed:
            error, self._error = self._error, None
            raise LessonFailed("it broke in one of the processes; all of them skipped the step") from error
        return replace(report, color=color)

    def _pool(self, step: Step) -> tuple[tuple[float, float, float], bool]:
        """Sum figures and gradients over the team; returns the mean colour and whether a lesson broke anywhere.

        The figures come first: they wait, on the CPU, until everybody has arrived there.
        """
        last = self._own_streams().pixels[:, -1].mean(0).tolist()
        nats, correct = float(sum(step.losses)), float(sum(step.correct))
        expected = sum(step.expected).tolist() if step.expected else [0.0] * 3
        bad = not step.finite, self._error is not None
        figures = torch.tensor([nats, correct, *bad, *last, *expected], dtype=torch.float64)
        self.team.sum(figures)
        nats, correct, bad, failed, *colors = figures.tolist()
        color, expected = colors[:3], colors[3:]
        step.losses, step.correct = [torch.tensor(nats)], [torch.tensor(correct)]
        step.expected = [torch.tensor(expected)]
        step.finite = not bad
        if step.finite:
            self._sum_gradients()
        red, green, blue = (channel / self.team.size for channel in color)
        return (red, green, blue), failed > 0

    def _sum_gradients(self) -> None:
        """All in one piece: many small messages cost more than a large one."""
        parameters = list(self.brain.parameters())
        bucket = torch.cat([parameter.grad.flatten() for parameter in parameters])
        self.team.sum(bucket)
        pieces = bucket.split([parameter.numel() for parameter in parameters])
        for parameter, piece in zip(parameters, pieces, strict=True):
            parameter.grad = piece.view_as(parameter)

    def _own_streams(self) -> Streams:
        return self.streams

    def _same_as_everybody(self) -> bool:
        """Whether all processes have the same weights, averages and moments, bit for bit."""
        sums = torch.zeros(self.team.size, dtype=torch.int64)
        for tensor in self._everything_learned():
            sums[self.team.rank] += tensor.detach().view(torch.int32).sum().cpu()  # of bits: in any order the same
        self.team.sum(sums)
        return bool((sums == sums[0]).all())

    def _check(self) -> None:
        """Machines of different kinds round differently; then the leader's weights count."""
        if not self._same_as_everybody():
            log.warning("the processes' weights had come apart; they go on from those of the first")
            self.team.share(self._everything_learned())


class Leader(Member):
    """The first process's tutor: plans for all. It knows all W*S streams, but between saves only the first S of them,
    its own, are up to date."""

    def __init__(
        self,
        brain: Brain,
        librarian: Librarian,
        settings: LessonSettings,
        *,
        team: Team,
        block_tokens: int,
        micro_seconds: float = MICRO_SECONDS,
        micro_streams: int | None = None,
        pedagogy: PedagogySettings | None = None,
    ):
        pedagogy, off = for_team(pedagogy or PedagogySettings())
        if off:
            log.warning("%s", off)
        self.own = settings.streams
        whole = settings.model_copy(update={"streams": settings.streams * team.size})
        sizes = {"block_tokens": block_tokens, "micro_seconds": micro_seconds, "micro_streams": micro_streams}
        super().__init__(brain, librarian, whole, team=team, pedagogy=pedagogy, **sizes)
        self.micro_streams = largest_divisor(self.own, self.micro_streams)  # no task may be of two processes

    def measure_micro_streams(self) -> int:
        return super().measure_micro_streams(self.own)

    def assemble(self, shape: BrainConfig, *settings: Slice) -> None:
        """Wait for the others, who hear of it in ``enlist``, and bring them to where this one is."""
        self.team.join(self.device)
        mark = fingerprint(shape, *settings)
        has_best = self.best is not None
        pieces = self.librarian.tokenizer.pieces
        self._tell(Order.START, len(pieces), len(b"".join(pieces)), self.micro_streams, has_best, mark)
        self.team.share(_spelled(pieces))
        self.team.share(self._everything_learned())
        if self.best:
            self.team.share(_sorted(self.best.weights))
        own, whole = self._own_streams().tensors(), self.streams.tensors()
        for name in sorted(whole):
            self.team.scatter(own[name], whole[name])

    def heed(self, bits_per_byte: float) -> None:
        """It may change the weights; the others take them over."""
        self._tell(Order.HEED)
        self._check()
        super().heed(bits_per_byte)
        self.team.share(self._everything_learned())
        self.team.share(_sorted(self.best.weights))

    def all_streams(self) -> Streams:
        """With what the others carry; streams of a process that is gone begin afresh."""
        try:
            self._tell(Order.GATHER)
            gathered = {
                name: self.team.gather(tensor) for name, tensor in sorted(self._own_streams().tensors().items())
            }
            self.streams.write(slice(0, None), Streams.of(gathered))
        except TeamBroken:
            others = self.settings.streams - self.own
            self.streams.write(slice(self.own, None), Streams.fresh(self.brain, others, self.block_tokens))
        return self.streams

    def _plan(self) -> Step:
        if self.step % CHECK_STEPS == 0:
            self._tell(Order.CHECK)
            self._check()
        before = self.streams
        step = super()._plan()
        jumped = self.streams is not before
        tokens = torch.cat([_for_others(task, task.tokens) for task in step.tasks])
        weights = torch.cat([_for_others(task, task.weights) for task in step.tasks])
        self._tell(Order.STEP, step.weight, step.review_tokens, len(tokens), jumped, step.anchored)
        self.team.share([tokens, weights])
        step.tasks = step.tasks[: self.own // self.micro_streams]
        return step

    def _own_streams(self) -> Streams:
        return self.streams.pick(slice(0, self.own))

    def _tell(self, order: Order, *numbers: float) -> None:
        """An order, and what must be known to follow it."""
        self.team.tell(order, self.step, self.rate_scale, *numbers)


class Follower(Member):
    """Another process's tutor: carries out orders until it is told to stop."""

    def begin(self, *, has_best: bool) -> None:
        """Receive what the leader knows."""
        self.team.share(self._everything_learned())
        if has_best:
            self._hear_best()
        for _, tensor in sorted(self.streams.tensors().items()):
            self.team.scatter(tensor, None)

    def follow(self) -> None:
        """Raises TeamBroken when the leader is gone."""
        order = None
        while order is not Order.STOP:
            order, (self.step, self.rate_scale, *self._numbers) = self.team.hear()
            self.step = int(self.step)
            match order:
                case Order.STEP:
                    self._take_step()
                case Order.HEED:
                    self._check()
                    self.team.share(self._everything_learned())
                    self._hear_best()
                case Order.CHECK:
                    self._check()
                case Order.GATHER:
                    for _, tensor in sorted(self.streams.tensors().items()):
                        self.team.gather(tensor)

    def _hear_best(self) -> None:
        """The leader's best average; how good it was, and since when, is the leader's business."""
        if self.best is None:
            self.best = Best(math.nan, {name: torch.empty_like(p) for name, p in self.voice.named_parameters()})
        self.team.share(_sorted(self.best.weights))

    def _take_step(self) -> None:
        try:
            while self.micro_step() is None:
                pass
        except LessonFailed:
            log.exception("a lesson failed and was skipped")

    def _plan(self) -> Step:
        weight, review_tokens, rows, jumped, anchored = self._numbers
        own, length, first = self.settings.streams, self.block_tokens, self.team.rank * self.settings.streams
        if jumped:
            self.streams = Streams.fresh(self.brain, own, length)
        tokens = torch.empty(int(rows), length + 1, dtype=torch.int64)
        weights = torch.empty(int(rows), length)
        self.team.share([tokens, weights])
        tasks = []
        for row in range(0, own, self.micro_streams):
            start, stop = first + row, first + row + self.micro_streams
            if stop == self.team.size * own:  # the last task of all has the extra rows
                stop = len(tokens)
            rows_of_task = slice(row, row + self.micro_streams)
            tasks.append(Task(tokens[start:stop].to(self.device), weights[start:stop].to(self.device), rows_of_task))
        return Step(tasks, weight, 0, int(review_tokens), bool(anchored), before=first // self.micro_streams)


def enlist(
    team: Team,
    shape: BrainConfig,
    settings: LessonSettings,
    pedagogy: PedagogySettings,
    *,
    block_tokens: int,
    device: torch.device,
) -> Follower:
    """A follower that is where the leader is. Raises TeamBroken, or Mistake if their settings differ."""
    order, (_, _, vocabulary, spelling, micro_streams, has_best, mark, *_) = team.hear()
    if order is not Order.START or mark != fingerprint(shape, settings, pedagogy):
        raise Mistake(
            f"process {team.rank} has other [brain], [lessons] or [pedagogy] settings than the first; "
            "give all the same."
        )
    pieces = _hear_pieces(team, int(vocabulary), int(spelling))
    brain = build_brain(shape, pieces=pieces, turn_tokens=MARK_COUNT).to(device)
    sizes = {"block_tokens": block_tokens, "micro_streams": int(micro_streams)}
    follower = Follower(brain, None, settings, team=team, pedagogy=for_team(pedagogy)[0], **sizes)
    follower.begin(has_best=bool(has_best))
    return follower


def _spelled(pieces: list[bytes]) -> list[Tensor]:
    """The length of each piece and all their bytes."""
    return [torch.tensor([*map(len, pieces)]), torch.tensor(list(b"".join(pieces)), dtype=torch.uint8)]


def _hear_pieces(team: Team, vocabulary: int, spelling: int) -> list[bytes]:
    lengths, letters = torch.empty(vocabulary, dtype=torch.int64), torch.empty(spelling, dtype=torch.uint8)
    team.share([lengths, letters])
    return [bytes(piece.tolist()) for piece in letters.split(lengths.tolist())]


def _for_others(task: Task, rows: Tensor) -> Tensor:
    """Without the conversations, which are the leader's."""
    return torch.cat([rows[: task.streams], rows[task.streams + task.talks :]])


def _sorted(tensors: dict[str, Tensor]) -> list[Tensor]:
    """In the order that everybody has."""
    return [tensor for _, tensor in sorted(tensors.items())]


def largest_divisor(number: int, most: int) -> int:
    return max(divisor for divisor in range(1, min(number, most) + 1) if number % divisor == 0)


def fingerprint(shape: BrainConfig, *settings: Slice) -> int:
    """A number that tells apart settings with which processes could not teach together."""
    return zlib.crc32(f"{shape} {settings!r}".encode())
