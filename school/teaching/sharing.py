"""Lessons shared by several processes: the first leads, the others only compute; all keep the same weights.

Shapes: W processes, S streams of each (``lessons.streams``), T tokens per block.

The leader plans every step as one process with W*S streams would and hands each process its share. Gradients are summed
before the optimizer, which then does the same everywhere, so weights are sent only at the beginning. Whatever else
would move them is an order of the leader, carried out by all.
"""

from __future__ import annotations

import logging
import math
import zlib
from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from brain import BrainConfig, build_brain
from brain.contract import Brain
from school.office.machine import Compute
from school.office.mistakes import Mistake
from school.office.settings import Slice
from school.teaching.calibrate import Pace
from school.teaching.exchange import TeamBroken
from school.teaching.planner import Agenda, LibraryPlanner, Shape
from school.teaching.plateau import Best
from school.teaching.settings import MICRO_SECONDS, LessonSettings
from school.teaching.streams import Step, Streams, Task
from school.teaching.talks import Talks
from school.teaching.team import Order, Team
from school.teaching.tutor import Tutor
from school.texts.librarian import Librarian
from school.texts.tokenizer import MARK_COUNT

log = logging.getLogger(__name__)

CHECK_STEPS = 100  # between comparisons of everybody's weights


class LessonFailed(Exception):
    """A lesson broke in one of the processes, and all of them skipped its step."""


class Member:
    """What each process does of a step: its share of the lessons, and the whole step's update."""

    def __init__(self, team: Team):
        self.team = team
        self._error: Exception | None = None
        self._failed = False  # a lesson of the step under way, in whichever process

    def share_out(self, tutor: Tutor, step: Step) -> Step:
        return step

    def broke(self, step: Step, error: Exception) -> None:
        """A lesson that breaks must not keep the others waiting: its step goes on to its end, and is skipped."""
        self._error, step.finite = error, False

    def pool(self, tutor: Tutor, step: Step) -> None:
        """The figures come first: they wait, on the CPU, until everybody has arrived there."""
        last = self.own_streams(tutor).pixels[:, -1].mean(0).tolist()
        nats, correct = float(sum(step.losses)), float(sum(step.correct))
        expected = sum(step.expected).tolist() if step.expected else [0.0] * 3
        bad = not step.finite, self._error is not None
        figures = torch.tensor([nats, correct, *bad, *last, *expected], dtype=torch.float64)
        self.team.sum(figures)
        nats, correct, bad, failed, *colors = figures.tolist()
        step.losses, step.correct = [torch.tensor(nats)], [torch.tensor(correct)]
        step.color, step.expected = torch.tensor(colors[:3]) / self.team.size, [torch.tensor(colors[3:])]
        step.finite, self._failed = not bad, failed > 0
        if step.finite:
            self._sum_gradients(tutor.brain)

    def conclude(self, step: Step) -> None:
        if self._failed:
            error, self._error, self._failed = self._error, None, False
            raise LessonFailed("it broke in one of the processes; all of them skipped the step") from error

    def own_streams(self, tutor: Tutor) -> Streams:
        """What the streams carry of which this process takes care."""
        return tutor.streams

    def check(self, tutor: Tutor) -> None:
        """Machines of different kinds round differently; then the leader's weights count."""
        if not self._same_as_everybody(tutor):
            log.warning("the processes' weights had come apart; they go on from those of the first")
            self.team.share(tutor.learned())

    def between(self) -> None:
        pass

    def end(self) -> None:
        pass

    def _sum_gradients(self, brain: Brain) -> None:
        """All in one piece: many small messages cost more than a large one."""
        parameters = list(brain.parameters())
        bucket = torch.cat([parameter.grad.flatten() for parameter in parameters])
        self.team.sum(bucket)
        pieces = bucket.split([parameter.numel() for parameter in parameters])
        for parameter, piece in zip(parameters, pieces, strict=True):
            parameter.grad = piece.view_as(parameter)

    def _same_as_everybody(self, tutor: Tutor) -> bool:
        """Whether all processes have the same weights, averages and moments, bit for bit."""
        sums = torch.zeros(self.team.size, dtype=torch.int64)
        for tensor in tutor.learned():
            sums[self.team.rank] += tensor.detach().view(torch.int32).sum().cpu()  # of bits: in any order the same
        self.team.sum(sums)
        return bool((sums == sums[0]).all())


class Leader(Member):
    """The first process's part: gives the orders. Its tutor knows all W*S streams, but between saves only the first S
    of them, its own, are up to date."""

    def __init__(self, team: Team, own: int):
        super().__init__(team)
        self.own = own  # streams

    def assemble(self, tutor: Tutor, shape: BrainConfig, settings: LessonSettings) -> None:
        """Wait for the others, who hear of it in ``enlist``, and bring them to where ``tutor`` is."""
        self.team.join(tutor.device)
        best, pieces = tutor.plateau.best, tutor.librarian.tokenizer.pieces
        numbers = len(pieces), len(b"".join(pieces)), tutor.pace.micro_streams, best is not None
        self._tell(tutor, Order.START, *numbers, fingerprint(shape, settings))
        self.team.share(_spelled(pieces))
        self.team.share(tutor.learned())
        if best:
            self.team.share(_sorted(best.weights))
        own, whole = self.own_streams(tutor).tensors(), tutor.streams.tensors()
        for name in sorted(whole):
            self.team.scatter(own[name], whole[name])

    def share_out(self, tutor: Tutor, step: Step) -> Step:
        if tutor.step % CHECK_STEPS == 0:
            self._tell(tutor, Order.CHECK)
            self.check(tutor)
        tokens = torch.cat([_for_others(task, task.tokens) for task in step.tasks])
        weights = torch.cat([_for_others(task, task.weights) for task in step.tasks])
        self._tell(tutor, Order.STEP, step.weight, step.review_tokens, len(tokens), step.jumped, step.anchored)
        self.team.share([tokens, weights])
        step.tasks = step.tasks[: self.own // tutor.pace.micro_streams]
        return step

    def move(self, tutor: Tutor, move: Callable[[], None]) -> None:
        """The others take over what it makes of the weights."""
        self._tell(tutor, Order.CHECK)
        self.check(tutor)
        move()
        best = tutor.plateau.best
        self._tell(tutor, Order.MOVE, best is not None)
        self.team.share(tutor.learned())
        if best:
            self.team.share(_sorted(best.weights))

    def all_streams(self, tutor: Tutor) -> Streams:
        """With what the others carry; streams of a process that is gone begin afresh."""
        own = sorted(self.own_streams(tutor).tensors().items())
        try:
            self._tell(tutor, Order.GATHER)
            tutor.streams.write(slice(0, None), Streams.of({name: self.team.gather(tensor) for name, tensor in own}))
        except TeamBroken:
            others, length = tutor.planner.shape.streams - self.own, tutor.planner.shape.length
            tutor.streams.write(slice(self.own, None), Streams.fresh(tutor.brain, others, length))
        return tutor.streams

    def own_streams(self, tutor: Tutor) -> Streams:
        return tutor.streams.pick(slice(0, self.own))

    def between(self) -> None:
        self.team.keep_company()

    def end(self) -> None:
        self.team.dismiss()

    def _tell(self, tutor: Tutor, order: Order, *numbers: float) -> None:
        """An order, and what must be known to follow it."""
        self.team.tell(order, tutor.step, tutor.plateau.rate_scale, *numbers)


class Orders:
    """Another process's planner: its share of the step that the leader has just told of."""

    librarian: Librarian | None = None
    agenda: Agenda | None = None

    def __init__(self, team: Team, shape: Shape, device: torch.device):
        self.team, self.shape, self.device = team, shape, device
        self.numbers: list[float] = []  # that came with the order

    def plan(self, step: int, *, talks: Talks, anchored: bool, strength: float, micro_streams: int) -> Step:
        weight, review_tokens, rows, jumped, is_anchored = self.numbers
        own, first = self.shape.streams, self.team.rank * self.shape.streams
        tokens = torch.empty(int(rows), self.shape.length + 1, dtype=torch.int64)
        weights = torch.empty(int(rows), self.shape.length)
        self.team.share([tokens, weights])
        tasks = []
        for row in range(0, own, micro_streams):
            start, stop = first + row, first + row + micro_streams
            rows_of_task, extra = slice(row, row + micro_streams), slice(0, 0)
            if stop == self.team.size * own:  # the last task of all has the extra rows
                extra, stop = slice(0, len(tokens) - stop), len(tokens)
            given = tokens[start:stop].to(self.device), weights[start:stop].to(self.device)
            tasks.append(Task(*given, rows_of_task, extra=extra))
        return Step(tasks, weight, 0, int(review_tokens), bool(is_anchored), bool(jumped), taught=True, before=first)


class Follower(Member):
    """Another process's part: carries out orders until it is told to stop."""

    def begin(self, tutor: Tutor, *, has_best: bool) -> None:
        """Receive what the leader knows."""
        self.team.share(tutor.learned())
        if has_best:
            self._hear_best(tutor)
        for _, tensor in sorted(tutor.streams.tensors().items()):
            self.team.scatter(tensor, None)

    def follow(self, tutor: Tutor, orders: Orders) -> None:
        """Raises TeamBroken when the leader is gone."""
        order = None
        while order is not Order.STOP:
            order, (step, tutor.plateau.rate_scale, *orders.numbers) = self.team.hear()
            tutor.step = int(step)
            match order:
                case Order.STEP:
                    self._take_step(tutor)
                case Order.MOVE:
                    self.team.share(tutor.learned())
                    if orders.numbers[0]:
                        self._hear_best(tutor)
                case Order.CHECK:
                    self.check(tutor)
                case Order.GATHER:
                    for _, tensor in sorted(tutor.streams.tensors().items()):
                        self.team.gather(tensor)

    def move(self, tutor: Tutor, move: Callable[[], None]) -> None:
        raise RuntimeError("the leader alone moves the weights between steps")

    def all_streams(self, tutor: Tutor) -> Streams:
        return tutor.streams

    def _hear_best(self, tutor: Tutor) -> None:
        """The leader's best average; how good it was, and since when, is the leader's business."""
        best = tutor.plateau.best
        weights = best.weights if best else {n: torch.empty_like(p.detach()) for n, p in tutor.voice.named_parameters()}
        tutor.plateau.best = Best(math.nan, weights)  # another one, of which nothing is made yet
        self.team.share(_sorted(tutor.plateau.best.weights))

    def _take_step(self, tutor: Tutor) -> None:
        try:
            while tutor.micro_step() is None:
                pass
        except LessonFailed:
            log.exception("a lesson failed and was skipped")


def leading_tutor(
    brain: Brain,
    librarian: Librarian,
    settings: LessonSettings,
    *,
    team: Team,
    block_tokens: int,
    micro_seconds: float = MICRO_SECONDS,
    micro_streams: int = 0,
) -> Tutor:
    """The first process's tutor: plans for all, teaches its share."""
    own, device = settings.streams, next(brain.parameters()).device
    whole = settings.model_copy(update={"streams": own * team.size})
    # Conversations are the leader's, who alone knows them, so they are in the first task; what was taught in the last.
    planner = LibraryPlanner(librarian, whole, block_tokens=block_tokens, device=device, shared=False)
    sizes = {"wanted": settings.micro_streams, "kept": micro_streams}
    pace = Pace.measured(brain, streams=own, length=block_tokens, seconds=micro_seconds, **sizes)
    pace.micro_streams = largest_divisor(own, pace.micro_streams)  # no task may be of two processes
    pace.limit = None  # and all of them have to know it
    return Tutor(brain, planner, whole, pace=pace, exchange=Leader(team, own))


def follow_leader(
    team: Team, shape: BrainConfig, settings: LessonSettings, *, block_tokens: int, compute: Compute
) -> None:
    """Another process's whole life: it comes to where the leader is and carries out orders until told to stop. Raises
    TeamBroken, or Mistake if their settings differ."""
    order, (_, _, vocabulary, spelling, micro_streams, has_best, mark, *_) = team.hear()
    if order is not Order.START or mark != fingerprint(shape, settings):
        raise Mistake(f"process {team.rank} has other [brain] or [lessons] settings than the first; give all the same.")
    pieces = _hear_pieces(team, int(vocabulary), int(spelling))
    brain = build_brain(shape, pieces=pieces, turn_tokens=MARK_COUNT, backend=compute.backend).to(compute.device)
    orders, follower = Orders(team, Shape(settings.streams, block_tokens), compute.device), Follower(team)
    pace = Pace.measured(
        brain, streams=settings.streams, length=block_tokens, seconds=MICRO_SECONDS, wanted=int(micro_streams)
    )
    tutor = Tutor(brain, orders, settings, pace=pace, exchange=follower)
    follower.begin(tutor, has_best=bool(has_best))
    follower.follow(tutor, orders)


def _spelled(pieces: list[bytes]) -> list[Tensor]:
    """The length of each piece and all their bytes."""
    return [torch.tensor([*map(len, pieces)]), torch.tensor(list(b"".join(pieces)), dtype=torch.uint8)]


def _hear_pieces(team: Team, vocabulary: int, spelling: int) -> list[bytes]:
    lengths, letters = torch.empty(vocabulary, dtype=torch.int64), torch.empty(spelling, dtype=torch.uint8)
    team.share([lengths, letters])
    return [bytes(piece.tolist()) for piece in letters.split(lengths.tolist())]


def _for_others(task: Task, rows: Tensor) -> Tensor:
    """Without the conversations, which are the leader's."""
    return torch.cat([rows[: task.streams], rows[task.library_and_talks :]])


def _sorted(tensors: dict[str, Tensor]) -> list[Tensor]:
    """In the order that everybody has."""
    return [tensor for _, tensor in sorted(tensors.items())]


def largest_divisor(number: int, most: int) -> int:
    return max(divisor for divisor in range(1, min(number, most) + 1) if number % divisor == 0)


def fingerprint(shape: BrainConfig, *settings: Slice) -> int:
    """A number that tells apart settings with which processes could not teach together; whether a size is written as 1,
    as in a preset, or as 1.0, as a soul may have it, makes no difference."""
    same = replace(shape, windows=tuple(float(size) for size in shape.windows))
    return zlib.crc32(f"{same} {settings!r}".encode())
