"""The tutor: owns the weights and teaches them, one micro-step at a time, for as long as it is asked to.

Shapes: B streams, T tokens per block, R rows of one task, V vocabulary.

A step is one optimizer update over what the planner chose. It is cut into tasks of a few streams each; a micro-step is
as many of them as there are worker threads, and after it somebody can be answered. Everything random about a step
follows from (seed, step), so a life can be resumed and replayed; talking draws from elsewhere.
"""

from __future__ import annotations

import copy
import math
import time
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial, reduce

import torch
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks
from torch.nn import functional as F

from brain.contract import Brain
from brain.ops.foreach import ema_update
from brain.ops.foreach import norm as norm_of
from brain.ops.token_losses import divergence, token_losses
from brain.selfstate import one_late, true_pixels
from school.door.events import Event, Glimpse, StepReport, Undone
from school.door.lesson_sources import LIKED, NO_LESSONS
from school.door.values import Pair, Scope
from school.office.seeds import seed_of
from school.office.stopwatch import Stopwatch
from school.teaching.calibrate import Pace
from school.teaching.exchange import Alone, Exchange
from school.teaching.gate import Gate
from school.teaching.optimizer import optimizer_for
from school.teaching.planner import LibraryPlanner, Planner
from school.teaching.plateau import Plateau
from school.teaching.recital import Recital, recite
from school.teaching.recovery import Recovery
from school.teaching.reviews import Dates, Reviews
from school.teaching.row_generator import RowGenerator
from school.teaching.settings import MICRO_SECONDS, LessonSettings
from school.teaching.streams import Read, Step, Streams, Task
from school.teaching.talks import Talks
from school.teaching.taste import Taste
from school.texts.librarian import Librarian

GLIMPSE = 32  # tokens
FIRST_TALK, FIRST_EXTRA = 1 << 20, 1 << 21  # the numbers of the first rows that belong to no stream


class Tutor:
    """Teaches ``brain`` what the ``planner`` chooses; ``voice`` is its running average, the one that speaks and is
    examined. ``exchange``: with the other processes, where several share the lessons."""

    def __init__(
        self,
        brain: Brain,
        planner: Planner,
        settings: LessonSettings,
        *,
        pace: Pace,
        exchange: Exchange | None = None,
    ):
        self.brain, self.voice = brain, copy.deepcopy(brain).requires_grad_(False)
        self.planner, self.settings, self.pace = planner, settings, pace
        self.exchange = exchange or Alone()
        self.device = next(brain.parameters()).device
        self.step, self.tokens_seen, self.skipped = 0, 0, 0
        self.optimizer = optimizer_for(brain, settings)
        self.plateau, self.recovery = Plateau(settings), Recovery()
        self.gate, self.taste = Gate(), Taste(settings)
        self.recital = Recital()  # the last one
        self.news: list[Event] = []  # that nobody has been told of yet
        self.streams = Streams.fresh(brain, *planner.shape)
        self.talks = Talks(brain, max(1, math.ceil(settings.dialogue_share * settings.streams)), planner.shape.length)
        self.stopwatch = Stopwatch(threads=torch.get_num_threads())  # of the thread that teaches
        self._under_way: Step | None = None

    @classmethod
    def of_library(
        cls,
        brain: Brain,
        librarian: Librarian,
        settings: LessonSettings,
        *,
        block_tokens: int,
        micro_seconds: float = MICRO_SECONDS,
        micro_streams: int = 0,
    ) -> Tutor:
        """One that teaches a library by itself, at a pace that follows the machine unless the settings say how many
        streams a task has; ``micro_streams``: how many it had yesterday."""
        device = next(brain.parameters()).device
        planner = LibraryPlanner(librarian, settings, block_tokens=block_tokens, device=device)
        pace = Pace.measured(
            brain,
            streams=settings.streams,
            length=block_tokens,
            seconds=micro_seconds,
            wanted=settings.micro_streams,
            kept=micro_streams,
        )
        return cls(brain, planner, settings, pace=pace)

    # ---- what it knows -------------------------------------------------------------------------------------------

    @property
    def librarian(self) -> Librarian:
        return self.planner.librarian

    @property
    def reviews(self) -> Reviews:
        """What people taught, and when it comes back."""
        return self.planner.agenda.reviews

    @property
    def under_way(self) -> bool:
        """Whether a step has begun and is not finished; then nothing may be saved."""
        return self._under_way is not None

    def learned(self) -> list[Tensor]:
        """Everything that lessons change: weights, their average and the optimizer's moments, themselves."""
        moments = [tensor for _, tensor in sorted(self.optimizer.tensors().items())]
        return [*self.brain.parameters(), *self.voice.parameters(), *moments]

    @property
    def nothing_new(self) -> bool:
        """Whether its library is learned, and nothing is due that people taught."""
        agenda = self.planner.agenda
        taught = agenda.night.waiting or agenda.reviews.people_are_due(self.step) or self.taste.wanted
        return self.plateau.finished and not taught and agenda.bookmark.library == self.librarian.library

    def all_streams(self) -> Streams:
        """What every stream of the library carries."""
        return self.exchange.all_streams(self)

    def learning_rate(self, *, reviewing: bool = False) -> float:
        """Of the next step; higher where something taught is reviewed."""
        return self.plateau.learning_rate(self.step, reviewing=reviewing)

    @property
    def exam_due(self) -> bool:
        """Whether this step is one to be examined at, and has not been."""
        return self.plateau.exam_due(self.step, epoch_steps=self.librarian.tokens / self.planner.shape.tokens)

    def heed(self, bits_per_byte: float) -> None:
        """Take note of the examination at this step; it may move the weights, see ``Plateau.heed``. What it was
        taught and can't say by heart comes back sooner."""
        self.exchange.move(self, lambda: self._heed(bits_per_byte))

    def _heed(self, bits_per_byte: float) -> None:
        best = self.plateau.best_bits_per_byte
        self.plateau.heed(self.step, bits_per_byte, self.brain, self.voice)
        worse = self.gate.judge(bits_per_byte, best, self.settings.teaching_tolerance, self.brain, self.voice)
        if worse is not None:
            self.news.append(Undone(step=self.step, held_out_change=worse))
        tokenizer, seed = self.librarian.tokenizer, self.settings.seed
        self.recital = recite(self.voice, self.reviews, tokenizer, seed=seed, step=self.step)

    def rehearse(self, since: str) -> int:
        """Let the pairs made since then come back in the next steps, see ``Night``; returns how many pairs."""
        agenda, settings = self.planner.agenda, self.settings
        return agenda.night.begin(
            agenda.reviews, since, passes=settings.night_passes, seed=settings.seed, step=self.step
        )

    def learn(self, pair: Pair, dates: Dates | None = None) -> None:
        """From now on: what is a lesson comes back, at the ``dates`` that a soul kept; what is a verdict is heeded."""
        tokenizer = self.librarian.tokenizer
        if pair.source in LIKED:
            self.taste.verdicts.add(pair, tokenizer)
        if pair.source not in NO_LESSONS:
            self.reviews.add(pair, tokenizer, self.step, dates)

    def forget(self, scope: Scope) -> None:
        """Teach nothing any more of what goes."""
        self.reviews.forget(scope)
        self.taste.forget(scope)

    # ---- one micro-step ------------------------------------------------------------------------------------------

    def micro_step(self, *, look: bool = False) -> StepReport | None:
        """Do the next part of the step under way; the last part updates the weights and returns the report, with a
        glimpse if somebody wanted a ``look`` as the step began."""
        if self._under_way is None and self.taste.due(self.step):
            self.stopwatch.lap("other")
            came = self.taste.advance(self)
            self.news += [came] if came else []
            self.stopwatch.lap("taste")
            return None
        started = time.perf_counter()
        if self._under_way is None:
            self.stopwatch.lap("other")
            self._under_way = self._begin()
            self._under_way.looked_at = look
            self.stopwatch.lap("planning")
        step = self._under_way
        at_once = self.pace.threads.count
        numbers = range(step.index, min(step.index + at_once, len(step.tasks)))
        try:
            self._teach(step, numbers)
        except BaseException:
            self._under_way = None  # this lesson is lost; the next one is another
            self.optimizer.zero_grad()
            raise
        step.index = numbers.stop
        seconds = time.perf_counter() - started
        step.seconds += seconds
        if len(numbers) == at_once and self._is_usual(step):
            rows = max(len(step.tasks[number].tokens) for number in numbers)
            self.pace.took(seconds * self.pace.micro_streams / rows)
        if step.index < len(step.tasks):
            return None
        self._under_way = None
        return self._finish(step)

    def _is_usual(self, step: Step) -> bool:
        """Whether its tasks say how long tasks take."""
        return not step.anchored and step.glimpse is None

    def _begin(self) -> Step:
        step = self.planner.plan(
            self.step,
            talks=self.talks,
            anchored=self._is_to_be_anchored(),
            strength=self.gate.strength,
            micro_streams=self.pace.micro_streams,
        )
        if step.new_library:
            self.plateau.begin_again()
        if step.jumped:
            self.streams = Streams.fresh(self.brain, *self.planner.shape)
        return self.exchange.share_out(self, step)

    def _is_to_be_anchored(self) -> bool:
        """Whether steps with lessons of people's are to hold the rest to what it was at its best: where the library no
        longer pays for what they cost, or where they have cost too much."""
        is_dear = self.plateau.knows_library or self.gate.strength < 1
        return self.settings.anchor > 0 and self.plateau.best is not None and is_dear

    def _teach(self, step: Step, numbers: range) -> None:
        """Forward and backward over these tasks, side by side; gradients gather in the weights in the tasks' order."""
        try:
            self.brain.refresh()
            if step.anchored:
                self.plateau.best_self(self.voice)  # made here, not by two threads at once
            readings = self.pace.threads.run([partial(self._read, step, number) for number in numbers])
            for number, read in zip(numbers, readings, strict=True):
                self._take(step, step.tasks[number], read)
            self.stopwatch.lap("backward")
        except Exception as error:
            self.exchange.broke(step, error)

    def _read(self, step: Step, number: int) -> Read:
        """One task. Of those side by side, the first puts its gradients into the weights, the others bring theirs."""
        loss, read = self._predict(step, step.tasks[number])
        if number == step.index:
            self.stopwatch.lap("forward")
            loss.backward()
            return read
        gradients = torch.autograd.grad(loss, list(self.brain.parameters()), allow_unused=True)
        return replace(read, gradients=gradients)

    def _predict(self, step: Step, task: Task) -> tuple[Tensor, Read]:
        """The loss of a task, and what came of it. Nothing else stays, so that the backward pass frees what it is
        through with; logits are a twentieth of it."""
        inputs, targets = task.tokens[:, :-1], task.tokens[:, 1:].t()
        streams, own = task.streams, self._carried_by(task)
        with self._carried_anew(task, own):
            out = self.brain(inputs, own.pixels, own.state, dropout=self._dropout(step, task))
        logits, hidden, after = out.logits.transpose(0, 1), out.hidden, out.state  # (T, R, V), (R, T, ...)
        del out  # with what it expected, which is asked for again below
        losses, correct = token_losses(logits, targets, self.brain.backend)
        weighted = losses * task.weights.t()
        pixels, condition = true_pixels(losses.detach(), correct, own.condition, self.brain.backend)
        pixels = pixels.transpose(0, 1)
        expected = self.brain.self_state(hidden, one_late(pixels, own.pixels[:, -1]))
        surprise = F.mse_loss(expected[:streams], pixels[:streams], reduction="sum")
        total = weighted.sum()
        if step.anchored:
            share = self.plateau.library_share
            total = weighted[:, streams:].sum() + share * weighted[:, :streams].sum()
        if anchors := step.anchors(task):
            total = total + self.settings.anchor * self._strayed(anchors, logits, inputs, own)
        loss = (total + surprise / 3) / step.weight
        return loss, Read(
            after=Streams(after, pixels, condition),
            loss=loss.detach(),
            losses=losses.detach(),
            correct=correct,
            guesses=logits[-GLIMPSE:, 0].detach().argmax(-1),
            expected=expected.detach(),
        )

    def _strayed(self, anchors: list[int], logits: Tensor, inputs: Tensor, own: Streams) -> Tensor:
        """How far it is from its best self on a task's ``anchors``, in nats, summed: ``logits`` (T, R, V) and
        ``inputs`` (R, T) of all its rows, which carry ``own``. At the rate that people's lessons need, reading the
        library once more would make it learn that by heart; held, it hardly loses what it was never taught."""
        carried = own.pick(anchors)
        with torch.no_grad():
            best = self.plateau.best_self(self.voice)(inputs[anchors], carried.pixels, carried.state).logits
        return divergence(logits[:, anchors], best.transpose(0, 1))

    def _dropout(self, step: Step, task: Task) -> RowGenerator:
        """Draws a row's dropout mask by its number in the step, so that it does not depend on the size of tasks. Where
        nothing is silenced, what people taught is known by heart in half as many returns, and costs what else it knows
        no more (docs/diary.md, "By heart"); and who holds it to its best self holds what speaks, with all its neurons.
        """
        firsts = (step.before, task.rows), (FIRST_TALK, task.talks), (FIRST_EXTRA, task.extra)
        rows = [range(first + some.start, first + some.stop) for first, some in firsts]
        taught = range(task.library_and_talks, len(task.tokens)) if step.taught else ()
        return RowGenerator(seed_of(self.settings.seed, self.step), rows, whole=[*step.anchors(task), *taught])

    def _take(self, step: Step, task: Task, read: Read) -> None:
        """Take over what came of a task."""
        streams = task.streams
        for parameter, gradient in zip(self.brain.parameters(), read.gradients, strict=False):
            if gradient is not None:
                parameter.grad = gradient if parameter.grad is None else parameter.grad.add_(gradient)
        step.finite &= bool(torch.isfinite(read.loss))
        if step.looked_at and task is step.tasks[0]:
            self.stopwatch.lap("backward")
            step.glimpse = self._glimpse(task, read.guesses)
            self.stopwatch.lap("glimpse")
        # Only now: till here the task needed what the streams and the conversations carried before.
        if task.library_and_talks > streams:
            self.talks.carried.write(task.talks, read.after.pick(slice(streams, task.library_and_talks)))
        if len(task.tokens) == streams == len(self.streams.pixels):
            self.streams = read.after
        elif streams:
            self.streams.write(task.rows, read.after)
        counts = task.weights.t()[:, :streams]
        step.losses.append((read.losses[:, :streams] * counts).sum())
        if step.provenance:
            step.provenance.note(task.rows, read.losses[:, :streams])
        step.correct.append((read.correct[:, :streams] * counts).sum())
        step.expected.append(read.expected[:streams, -1].sum(0))

    @torch.no_grad()
    def _glimpse(self, task: Task, guesses: Tensor) -> Glimpse:
        """The first stream's last targets and ``guesses``."""
        row, first = task.tokens[:1], self._carried_by(task).pick(slice(0, 1))
        truth, guessed = row[0, 1:][-GLIMPSE:].tolist(), guesses.tolist()
        decode = self.librarian.tokenizer.decode
        return Glimpse(
            targets=tuple(decode([token]) for token in truth),
            guesses=tuple(decode([token]) for token in guessed),
            hits=tuple(a == b for a, b in zip(truth, guessed, strict=True)),
            shares=self.brain.source_shares(row[:, :-1], first.pixels, first.state),
        )

    def _carried_by(self, task: Task) -> Streams:
        """What each row of a task carries."""
        parts = [self.streams.pick(task.rows)]
        if task.library_and_talks > task.streams:
            parts.append(self.talks.carried.pick(task.talks))
        if extra := len(task.tokens) - task.library_and_talks:
            parts.append(Streams.fresh(self.brain, extra, task.weights.shape[1]))
        return reduce(Streams.joined, parts)

    def _carried_anew(self, task: Task, own: Streams) -> AbstractContextManager[None]:
        """Lets what a task's rows carry, ``own``, be put together anew in the backward pass, where a graph that is made
        within would keep it: a copy, unless they are all streams, of what is there until the task is taken over."""
        made = {tensor.data_ptr(): (name, tensor.shape, tensor.stride()) for name, tensor in own.state.items()}

        def keep(tensor: Tensor) -> Tensor | str:
            name, *form = made.get(tensor.data_ptr(), ("",))
            # Detached: a node that kept its own output would hold itself, for ever where nothing goes back through it.
            return name if form == [tensor.shape, tensor.stride()] else tensor.detach()

        def find(kept: Tensor | str) -> Tensor:
            return self._carried_by(task).state[kept] if isinstance(kept, str) else kept

        return saved_tensors_hooks(keep, find)

    # ---- the update ----------------------------------------------------------------------------------------------

    def _finish(self, step: Step) -> StepReport:
        """Update the weights from the gathered gradients, or leave them be if something is not finite."""
        started = time.perf_counter()
        self.exchange.pool(self, step)
        rate = self.learning_rate(reviewing=step.review_tokens > 0)
        grads = [parameter.grad for parameter in self.brain.parameters() if parameter.grad is not None]
        norm = norm_of(grads, self.brain.backend)
        learned, returned_to = step.finite and math.isfinite(norm), None
        if learned:
            self._update(step, rate, norm)
        else:  # forget what streams and conversations carried: it may be what is not finite
            self.skipped += 1
            self.streams = Streams.fresh(self.brain, *self.planner.shape)
            self.talks = Talks(self.brain, len(self.talks), self.planner.shape.length)
            returned_to = self.recovery.badly(self.brain, self.voice, self.optimizer)
            if returned_to is not None:
                self.taste.drop()
        self.optimizer.zero_grad()
        self.step += 1
        if learned:
            self.recovery.well(self.step, self.voice)
        report = self._report(step, learned=learned, rate=rate, norm=norm, returned_to=returned_to, since=started)
        self.exchange.conclude(step)
        return report

    def _update(self, step: Step, rate: float, norm: float) -> None:
        """Move the weights, and the voice towards them: an exponential average that starts short and grows to its full
        span."""
        if step.review_tokens:
            self.gate.remember(self.voice)
        self.optimizer.step(rate, shrink=max(1.0, norm / self.settings.gradient_clip))
        self.brain.constrain()
        self.taste.fade(1 - rate * self.settings.weight_decay)
        self.stopwatch.lap("optimizer")
        share = max(1 / self.settings.averaging_steps, 9 / (self.step + 10))
        voice, brain = list(self.voice.parameters()), list(self.brain.parameters())
        ema_update(voice, brain, min(1.0, share), self.brain.backend)
        self.stopwatch.lap("averaging")
        if self.plateau.best and step.review_tokens:
            self.plateau.best.taught = True
        self.tokens_seen += self.planner.shape.tokens

    def _report(
        self, step: Step, *, learned: bool, rate: float, norm: float, returned_to: int | None, since: float
    ) -> StepReport:
        shape, nats = self.planner.shape, float(sum(step.losses))
        targets = step.library_targets or shape.tokens
        color = (self.streams.pixels[:, -1].mean(0) if step.color is None else step.color).tolist()
        expected = (sum(step.expected) / shape.streams).tolist() if learned else color
        return StepReport(
            step=self.step,
            loss=nats / targets,
            bits_per_byte=nats / math.log(2) / max(1, step.library_bytes),
            accuracy=float(sum(step.correct)) / targets,
            gradient_norm=norm,
            learning_rate=rate,
            tokens=shape.tokens + step.review_tokens,
            review_tokens=step.review_tokens,
            seconds=step.seconds + time.perf_counter() - since,
            color=tuple(color),
            expected=tuple(expected),
            skipped=not learned,
            returned_to=returned_to,
            glimpse=step.glimpse,
            taught=tuple(step.provenance.taught()) if learned and step.provenance else (),
        )
