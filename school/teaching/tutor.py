"""The tutor: owns the weights and teaches them, one micro-step at a time, for as long as it is asked to.

Shapes: B streams, T tokens per block, R rows of one micro-step, V vocabulary.

A step is one optimizer update over B blocks of the library (each stream carries its memory from block to block), the
reviews that are due, and now and then the next block of long conversations made of it, which carry theirs (``Talks``).
It is cut into tasks of a few streams each; a micro-step is as many of them as there are hands, and after it somebody
can be answered. Everything random about a step follows from (seed, step), so a life can be resumed and replayed;
talking draws from elsewhere.
"""

from __future__ import annotations

import copy
import math
import time
from dataclasses import dataclass
from functools import partial, reduce

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from brain.contract import Brain
from brain.ops import together
from brain.ops.loss import divergence, token_losses
from brain.selfstate import one_late, true_pixels
from school.door.events import Glimpse, StepReport
from school.office.seeds import seed_of
from school.office.stopwatch import Stopwatch
from school.teaching.night import Night
from school.teaching.optimizer import AdamW
from school.teaching.pedagogy import Pedagogy, PedagogySettings
from school.teaching.pedagogy_curriculum import Shape
from school.teaching.pedagogy_guesses import with_guesses
from school.teaching.pedagogy_replay import EVERY, reducible_losses
from school.teaching.reviews import Reviews
from school.teaching.settings import MICRO_SECONDS, LessonSettings
from school.teaching.streams import Read, Step, Streams, Task
from school.teaching.talks import Talks
from school.teaching.threads import Hands
from school.texts.librarian import Bookmark, Librarian

KEEP_GOOD = 100  # steps between copies of the last good weights
SHORTEST_EXAM_STEPS = 25  # else an examination after every reading of the library
GIVEN_BACK = 0.1  # of the way from its best, where what it was taught has led it too far
GLIMPSE = 32  # tokens
PATIENCE = 3  # steps in a row without a finite loss before going back to them
UNHEARD = 8  # first targets of a passage read again that don't count: it comes without what was before it


class TeamBroken(Exception):
    """A process that shares the lessons is gone; nothing more can be taught."""


@dataclass(slots=True)
class Best:
    """The average that did best at an examination. ``waited``: examinations since then that were no better; ``taught``:
    whether people have taught it something since."""

    bits_per_byte: float
    weights: dict[str, Tensor]
    waited: int = 0
    taught: bool = False


class Tutor:
    """Teaches ``brain``; ``voice`` is its running average, the one that speaks and is examined."""

    def __init__(
        self,
        brain: Brain,
        librarian: Librarian,
        settings: LessonSettings,
        *,
        block_tokens: int,
        micro_seconds: float = MICRO_SECONDS,
        micro_streams: int | None = None,
        pedagogy: PedagogySettings | None = None,
    ):
        self.brain, self.voice = brain, copy.deepcopy(brain).requires_grad_(False)
        self.librarian, self.settings = librarian, settings
        self.block_tokens, self.micro_seconds = block_tokens, micro_seconds
        self.pedagogy = Pedagogy(pedagogy or PedagogySettings(), streams=settings.streams, length=block_tokens)
        self.device = next(brain.parameters()).device
        self.reviews = Reviews(
            growth=settings.review_growth, prompt_weight=settings.prompt_weight, limit=settings.reviews_kept
        )
        self.night = Night()
        self.step, self.tokens_seen, self.skipped = 0, 0, 0
        self.examined_step, self.rate_scale = 0, 1.0
        self.best: Best | None = None
        self.bookmark = Bookmark(0, 0, "")
        self.streams = Streams.fresh(brain, *self.shape)
        self.talks = Talks(brain, max(1, math.ceil(settings.dialogue_share * settings.streams)), block_tokens)
        self.optimizer = AdamW(brain, beta2=settings.beta2, weight_decay=settings.weight_decay)
        self.hands = Hands(torch.get_num_threads(), self.device)
        self.micro_streams = micro_streams or settings.micro_streams or self.measure_micro_streams()
        side_by_side = self.hands.count > 1 and settings.streams > self.micro_streams
        if side_by_side and self.micro_streams == 1 and self.time_rows(1) > micro_seconds:
            self.hands = Hands(1, self.device)  # one task at a time, on all threads
        self.stopwatch = Stopwatch(threads=torch.get_num_threads())  # of the thread that teaches
        self._under_way: Step | None = None
        self._bad_steps = 0
        self._good: tuple[int, list[Tensor]] | None = None

    # ---- one micro-step ------------------------------------------------------------------------------------------

    def micro_step(self, *, look: bool = False) -> StepReport | None:
        """Do the next part of the step under way; the last part updates the weights and returns the report, with a
        glimpse if somebody wanted a ``look`` as the step began."""
        started = time.perf_counter()
        if self._under_way is None:
            self.stopwatch.lap("other")
            self._under_way = self._plan()
            self._under_way.looked_at = look
            self.stopwatch.lap("planning")
        under_way = self._under_way
        at_once = 1 if under_way.anchored else self.hands.count  # the best self takes the place of the voice's weights
        numbers = range(under_way.index, min(under_way.index + at_once, len(under_way.tasks)))
        try:
            self._teach(under_way, numbers)
        except BaseException:
            self._under_way = None  # this lesson is lost; the next one is another
            self.optimizer.zero_grad()
            raise
        under_way.index = numbers.stop
        under_way.seconds += time.perf_counter() - started
        if under_way.index < len(under_way.tasks):
            return None
        self._under_way = None
        return self._finish(under_way)

    @property
    def under_way(self) -> bool:
        """Whether a step has begun and is not finished; then nothing may be saved."""
        return self._under_way is not None

    @property
    def shape(self) -> Shape:
        """Of the library's blocks at this time; always as many tokens."""
        curriculum = self.pedagogy.curriculum
        return curriculum.shape if curriculum else Shape(self.settings.streams, self.block_tokens)

    def _plan(self) -> Step:
        new_library = self.bookmark.library != self.librarian.library
        if new_library:  # something new to learn: with full strength again
            self.best, self.rate_scale = None, 1.0
            self.talks = Talks(self.brain, len(self.talks), self.block_tokens)
        if new_library or self.bookmark.block == 0:
            self.pedagogy.begin_epoch(new_library=new_library)
        shape, length = self.shape, self.block_tokens
        lesson, self.bookmark = self.librarian.lesson(self.bookmark, streams=shape.streams, length=shape.length)
        if lesson.jumped:
            self.streams = Streams.fresh(self.brain, *shape)
        tasks = self._library_tasks(lesson.tokens, shape)
        weight = float(lesson.tokens[:, 1:].size)
        ids, weights, review_tokens = self._taught()
        talk = not len(ids) and self._dialogue_is_due()
        asleep, dreamed = self.night.rows(self.reviews, rows=self.settings.night_rows, length=length)
        ids, weights = np.concatenate([ids, asleep]), np.concatenate([weights, dreamed])
        review_tokens += int((dreamed > 0).sum())
        anchored = review_tokens > 0 and self._knows_library
        again = [] if anchored else self.pedagogy.returning(self.step)
        if again:
            heard = np.broadcast_to(np.arange(length) >= min(UNHEARD, length // 2), (len(again), length))
            ids = np.concatenate([ids, self.librarian.passages(again, length=length)])
            weights = np.concatenate([weights, heard.astype(np.float32)])
        if (talk or len(ids)) and shape.length != length:
            tasks.append(self._task_without_streams())
        if talk:  # in the first task, which in a team is the leader's, who so alone knows the conversations
            weight += self._add_talks(tasks[0] if shape.length == length else tasks[-1])
        if len(ids):
            tasks[-1].add(ids, weights)
            weight += float(weights.sum())
        library_bytes = self.librarian.byte_count(lesson.tokens[:, 1:])
        return Step(tasks, weight, library_bytes, review_tokens, anchored, lesson.places, again)

    def rehearse(self, since: str) -> int:
        """Let the pairs made since then come back in the next steps; returns how many pairs."""
        passes = self.settings.night_passes
        return self.night.begin(self.reviews, since, passes=passes, seed=self.settings.seed, step=self.step)

    def _library_tasks(self, tokens: np.ndarray, shape: Shape) -> list[Task]:
        """A micro-step has as many tokens in any shape."""
        together = max(1, self.micro_streams * shape.streams // self.settings.streams)
        blocks, tasks = torch.from_numpy(tokens).to(self.device), []
        for first in range(0, shape.streams, together):
            rows = slice(first, min(first + together, shape.streams))
            tasks.append(Task(blocks[rows], torch.ones(blocks[rows, 1:].shape, device=self.device), rows))
        return tasks

    def _task_without_streams(self) -> Task:
        tokens = torch.empty(0, self.block_tokens + 1, dtype=torch.int64, device=self.device)
        return Task(tokens, torch.empty(0, self.block_tokens, device=self.device), slice(0, 0))

    def _taught(self) -> tuple[np.ndarray, np.ndarray, int]:
        """Rows of what was taught and is due: ids (R, T+1), weights (R, T), and how many targets people taught."""
        from_people = self.reviews.people_are_due(self.step)
        ids, weights = self.reviews.rows(self.step, rows=self.settings.review_rows, length=self.block_tokens)
        return ids, weights, int((weights > 0).sum()) if from_people else 0

    def _add_talks(self, task: Task) -> float:
        """Let a task have the next block of every conversation; returns how many targets are to be learned."""
        ids, learned = self.talks.next(self.librarian)
        task.add(ids, learned.astype(np.float32))
        task.talks = len(ids)
        return float(learned.sum())

    def _dialogue_is_due(self) -> bool:
        """Whether this step, where nothing taught is due, has the next block of each conversation made of the library;
        at their share of the rows."""
        rng = np.random.default_rng([self.settings.seed, self.step, *b"dialogue"])
        return rng.random() < self.settings.dialogue_share * self.settings.streams / len(self.talks)

    def _teach(self, step: Step, numbers: range) -> None:
        """Forward and backward over these tasks, side by side; gradients gather in the weights in the tasks' order."""
        self.brain.settle()
        readings = self.hands.do([partial(self._read, step, number) for number in numbers])
        for number, read in zip(numbers, readings, strict=True):
            self._take(step, step.tasks[number], read)
        self.stopwatch.lap("backward")

    def _read(self, step: Step, number: int) -> Read:
        """One task. Of those side by side, the first puts its gradients into the weights, the others bring theirs."""
        task = step.tasks[number]
        inputs, targets = task.tokens[:, :-1], task.tokens[:, 1:].t()
        streams, own = task.streams, self._carried_by(task)
        inputs = self._with_guesses(step.before + number, inputs, streams, own)
        rng = torch.Generator().manual_seed(seed_of(self.settings.seed, self.step, step.before + number))
        out = self.brain(inputs, own.pixels, own.state, dropout=rng)
        logits = out.logits.transpose(0, 1)  # (T, R, V)
        losses, correct = token_losses(logits, targets)
        weighted = losses * task.weights.t()
        pixels, condition = true_pixels(losses.detach(), correct, own.condition)
        pixels = pixels.transpose(0, 1)
        expected = self.brain.self_state(out.thoughts, one_late(pixels, own.pixels[:, -1]))
        surprise = F.mse_loss(expected[:streams], pixels[:streams], reduction="sum")
        total = weighted.sum()
        if step.anchored and streams:
            share = self.rate_scale / self.settings.review_rate  # of what the library alone would have taught
            strayed = self._strayed(logits[:, :streams], inputs[:streams], self.streams.pick(task.rows))
            total = weighted[:, streams:].sum() + share * weighted[:, :streams].sum() + (1 - share) * strayed
        loss = (total + surprise / 3) / step.weight
        gradients = ()
        if number == step.index:
            self.stopwatch.lap("forward")
            loss.backward()
        else:
            gradients = torch.autograd.grad(loss, list(self.brain.parameters()), allow_unused=True)
        return Read(
            inputs=inputs,
            carried=own,
            after=Streams(out.state, pixels, condition),
            gradients=gradients,
            loss=loss.detach(),
            losses=losses.detach(),
            correct=correct,
            logits=out.logits.detach(),
            expected=expected.detach(),
        )

    def _take(self, step: Step, task: Task, read: Read) -> None:
        """Take over what came of a task."""
        streams = task.streams
        for parameter, gradient in zip(self.brain.parameters(), read.gradients, strict=False):
            if gradient is not None:
                parameter.grad = gradient if parameter.grad is None else parameter.grad.add_(gradient)
        step.finite &= bool(torch.isfinite(read.loss))
        if step.looked_at and task is step.tasks[0]:
            self.stopwatch.lap("backward")
            step.glimpse = self._glimpse(read.inputs, task.tokens[:, 1:].t(), read.logits, read.carried)
            self.stopwatch.lap("glimpse")
        if self.pedagogy.watching:
            self._watch(step, task, read)
        # Only now: till here the task needed what the streams and the conversations carried before.
        if task.talks:
            self.talks.carried.write(slice(None), read.after.pick(slice(streams, streams + task.talks)))
        if len(task.tokens) == streams == len(self.streams.pixels):
            self.streams = read.after
        elif streams:
            self.streams.write(task.rows, read.after)
        step.losses.append((read.losses * task.weights.t())[:, :streams].sum())
        step.correct.append(read.correct[:, :streams].sum())
        step.expected.append(read.expected[:streams, -1].sum(0))

    @torch.no_grad()
    def _glimpse(self, inputs: Tensor, targets: Tensor, logits: Tensor, carried: Streams) -> Glimpse:
        """The first stream's last targets (T, R) and guesses; ``carried`` is what it knew before its ``inputs``."""
        first = carried.pick(slice(0, 1))
        truth, guessed = targets[-GLIMPSE:, 0].tolist(), logits[0, -GLIMPSE:].argmax(-1).tolist()
        decode = self.librarian.tokenizer.decode
        return Glimpse(
            targets=tuple(decode([token]) for token in truth),
            guesses=tuple(decode([token]) for token in guessed),
            hits=tuple(a == b for a, b in zip(truth, guessed, strict=True)),
            listening=self.brain.listening(inputs[:1], first.pixels, first.state),
        )

    def _carried_by(self, task: Task) -> Streams:
        """What each row of a task carries."""
        extra, parts = len(task.tokens) - task.streams - task.talks, []
        if task.streams:
            parts.append(self.streams.pick(task.rows))
        if task.talks:
            parts.append(self.talks.carried)
        if extra:
            parts.append(Streams.fresh(self.brain, extra, task.weights.shape[1]))
        return reduce(Streams.joined, parts)

    def _with_guesses(self, number: int, inputs: Tensor, streams: int, own: Streams) -> Tensor:
        """The ``inputs`` of a step's task; in some of the library's, its own guesses take the truth's place."""
        guesses = self.pedagogy.guesses
        share = guesses.share(self.settings.seed, self.step, number) if guesses and streams else 0.0
        if not share:
            return inputs
        seed = seed_of(self.settings.seed, self.step, number, *b"guesses")
        rng, library = torch.Generator().manual_seed(seed), slice(0, streams)
        carried = own.pick(library)
        mixed = with_guesses(self.brain, inputs[library], carried.pixels, carried.state, share, rng)
        return torch.cat([mixed, inputs[streams:]])

    def _watch(self, step: Step, task: Task, read: Read) -> None:
        """Note how the rows of a task went; and now and then, in one task of the step, by how much the library's could
        go better."""
        counts = (task.weights.t() > 0).float()
        accuracies = (read.correct * counts).sum(0) / counts.sum(0).clamp(min=1)
        talks = slice(task.streams, task.streams + task.talks)
        step.accuracies += [accuracies[: talks.start], accuracies[talks.stop :]]
        turn, rest = divmod(self.step, EVERY)
        if not self.pedagogy.replay or rest:
            return
        if task is not step.tasks[turn % sum(task.streams > 0 for task in step.tasks)]:
            return
        carried, library = self.streams.pick(task.rows), slice(0, task.streams)
        targets, now = task.tokens[library, 1:], read.losses[:, library].mean(0)
        nats = reducible_losses(self.voice, read.inputs[library], targets, carried.pixels, carried.state, now)
        step.reducible += zip(step.places[task.rows], nats, strict=True)

    @property
    def _knows_library(self) -> bool:
        """Whether lessons of people's are learned at a higher rate than what is left to learn from the library."""
        return self.best is not None and self.settings.anchor > 0 and self.rate_scale < self.settings.review_rate

    def _strayed(self, logits: Tensor, inputs: Tensor, carried: Streams) -> Tensor:
        """How far the ``logits`` (T, B, V) of the library's ``inputs`` (B, T) are from those of the best average, times
        ``anchor``. At the rate that people's lessons need, reading the library once more would make it learn that by
        heart; kept to its best self (Li and Hoiem 2016, learning without forgetting) it learns the lessons sooner and
        loses a fifth as much of what it was never taught."""
        with torch.no_grad():
            best = torch.func.functional_call(self.voice, self.best.weights, (inputs, carried.pixels, carried.state))
        return self.settings.anchor * divergence(logits, best.logits.transpose(0, 1))

    def _finish(self, step: Step) -> StepReport:
        """Update the weights from the gathered gradients, or leave them be if something is not finite."""
        started = time.perf_counter()
        rate = self.learning_rate(reviewing=step.review_tokens > 0)
        norm = together.norm([parameter.grad for parameter in self.brain.parameters() if parameter.grad is not None])
        learned = step.finite and math.isfinite(norm)
        returned_to = None
        if learned:
            self.optimizer.step(rate, shrink=max(1.0, norm / self.settings.gradient_clip))
            self.brain.constrain()
            self.stopwatch.lap("optimizer")
            self._follow()
            self.stopwatch.lap("averaging")
            self._bad_steps = 0
            if self.best and step.review_tokens:
                self.best.taught = True
            self.tokens_seen += self.settings.streams * self.block_tokens
        else:
            self.skipped += 1
            returned_to = self._recover()
        self.optimizer.zero_grad()
        self.step += 1
        positions = self.settings.streams * self.block_tokens
        nats = float(sum(step.losses))
        if learned:
            self._note(step, nats / positions)
        if learned and self.step % KEEP_GOOD == 0:
            self._good = self.step, [tensor.detach().clone() for tensor in self._everything_learned()]
        color = self.streams.pixels[:, -1].mean(0).tolist()
        expected = (sum(step.expected) / self.settings.streams).tolist() if learned else color
        return StepReport(
            step=self.step,
            loss=nats / positions,
            bits_per_byte=nats / math.log(2) / max(1, step.library_bytes),
            accuracy=float(sum(step.correct)) / positions,
            gradient_norm=norm,
            learning_rate=rate,
            tokens=positions + step.review_tokens + len(step.again) * self.block_tokens,
            review_tokens=step.review_tokens,
            seconds=step.seconds + time.perf_counter() - started,
            color=tuple(color),
            expected=tuple(expected),
            skipped=not learned,
            returned_to=returned_to,
            glimpse=step.glimpse,
        )

    def _note(self, step: Step, loss: float) -> None:
        """Tell the pedagogy how a step went that was learned; ``loss`` in nats per token of the library."""
        accuracies = torch.cat(step.accuracies).tolist() if step.accuracies else []
        read = list(zip(step.places, accuracies, strict=False))  # the library's blocks come first
        again = list(zip(step.again, accuracies[len(accuracies) - len(step.again) :], strict=False))
        self.pedagogy.heed(self.step, loss=loss, read=read, again=again, reducible=step.reducible)

    def learning_rate(self, *, reviewing: bool = False) -> float:
        """Warm-up, then constant or falling with the square root of time, which needs no end date; never below the
        floor, so that a grown-up can still learn. Times what the examinations left of it, or more for what was taught.
        """
        settings = self.settings
        scale = max(self.rate_scale, settings.review_rate) if reviewing else self.rate_scale
        rate = min(1.0, (self.step + 1) / settings.warmup_steps)
        if settings.decay_steps:
            fallen = math.sqrt(settings.decay_steps / (settings.decay_steps + self.step))
            rate *= max(settings.learning_rate_floor, fallen)
        return settings.learning_rate * rate * scale

    # ---- when it has learned what there is to learn --------------------------------------------------------------

    @property
    def exam_due(self) -> bool:
        """Whether this step is one to be examined at, and has not been."""
        epoch = self.librarian.tokens / (self.settings.streams * self.block_tokens)
        every = min(self.settings.evaluation_steps, max(SHORTEST_EXAM_STEPS, round(epoch)))
        return self.step > 0 and self.step % every == 0 and self.examined_step != self.step

    @property
    def best_bits_per_byte(self) -> float | None:
        return self.best.bits_per_byte if self.best else None

    def heed(self, bits_per_byte: float) -> None:
        """Take note of the examination at this step. When several have been no better than the best, the rate falls and
        the lessons go on from the average that did best: going over a small library again and again, a model learns it
        by heart and forgets how to write. So the averages of a month alone are never worse than the best of them. If
        people have taught it something since, that counts more, and it goes on from its latest average (as the slow
        weights of Lookahead, Zhang et al. 2019), as long as that costs no more than is tolerated; then it goes back
        a little: weights between two brains of one origin know most of what either knows (Wortsman et al. 2022).
        Something new in the library brings the full rate back."""
        self.examined_step = self.step
        if self.best is None or bits_per_byte < self.best.bits_per_byte:
            weights = {name: parameter.detach().clone() for name, parameter in self.voice.named_parameters()}
            self.best = Best(bits_per_byte, weights)
            return
        settings, best = self.settings, self.best
        best.waited += 1
        patience = 1 if best.taught else settings.plateau_patience  # with no best to go back to, it must not drift
        if best.waited < patience or settings.plateau_factor == 1:
            return
        best.waited = 0
        self.rate_scale = max(settings.plateau_floor, self.rate_scale * settings.plateau_factor)
        too_far = bits_per_byte > (1 + settings.tolerance) * best.bits_per_byte
        back = 1.0 if not best.taught else GIVEN_BACK * too_far
        with torch.no_grad():
            for name, parameter in self.voice.named_parameters():
                parameter.lerp_(best.weights[name], back)
            torch._foreach_copy_(list(self.brain.parameters()), list(self.voice.parameters()))

    def _follow(self) -> None:
        """Move the voice towards the brain: an exponential average that starts short and grows to its full span."""
        share = max(1 / self.settings.averaging_steps, 9 / (self.step + 10))
        together.follow(list(self.voice.parameters()), list(self.brain.parameters()), min(1.0, share))

    # ---- when something is not finite ----------------------------------------------------------------------------

    def _recover(self) -> int | None:
        """Forget what streams and conversations carried; after PATIENCE bad steps in a row go back to the last good
        weights."""
        self.streams = Streams.fresh(self.brain, *self.shape)
        self.talks = Talks(self.brain, len(self.talks), self.block_tokens)
        self._bad_steps += 1
        if self._bad_steps < PATIENCE or self._good is None:
            return None
        self._bad_steps = 0
        step, kept = self._good
        with torch.no_grad():
            for tensor, good in zip(self._everything_learned(), kept, strict=True):
                tensor.copy_(good)
        return step

    def _everything_learned(self) -> list[Tensor]:
        moments = [tensor for _, tensor in sorted(self.optimizer.tensors().items())]
        return [*self.brain.parameters(), *self.voice.parameters(), *moments]

    # ---- what a soul keeps ---------------------------------------------------------------------------------------

    def all_streams(self) -> Streams:
        """What every stream of the library carries."""
        return self.streams

    # ---- how much at a time --------------------------------------------------------------------------------------

    def measure_micro_streams(self, most: int | None = None) -> int:
        """The most streams for each hand whose forward and backward pass stays within ``micro_seconds``, doubling from
        one up to its share of ``most``; from above, a large brain would try out more than there is memory for."""
        rows, share = 1, -(-(most or self.settings.streams) // self.hands.count)
        while rows < share and self.time_rows(min(2 * rows, share)) <= self.micro_seconds:
            rows = min(2 * rows, share)
        return rows

    def time_rows(self, rows: int) -> float:
        """Seconds in which each hand goes forward and backward over ``rows`` blocks, the best of two, or of some more
        where the machine's being busy just now could decide how a whole life is lived; changes nothing."""
        tokens = torch.zeros(rows, self.block_tokens, dtype=torch.int64, device=self.device)
        own = Streams.fresh(self.brain, rows, self.block_tokens)
        seconds, limit = [], self.micro_seconds

        def read() -> None:
            logits = self.brain(tokens, own.pixels, own.state).logits
            loss = token_losses(logits.transpose(0, 1), tokens.t())[0].sum()
            torch.autograd.grad(loss, list(self.brain.parameters()), allow_unused=True)

        while len(seconds) < 2 or len(seconds) < 6 and limit < min(seconds) < 4 * limit:
            started = time.perf_counter()
            self.hands.do([read] * self.hands.count)
            if self.device.type == "cuda":
                torch.cuda.synchronize()
            seconds.append(time.perf_counter() - started)
        return min(seconds)
