"""The classroom: the one thread that touches the weights. A micro-step, then the post, then another micro-step.

Whatever happens to a single lesson or question, the loop goes on; what it has to tell goes out as events.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from brain import parameter_count
from school.door.events import Event, Examined, Saved, StepReport
from school.door.mailbox import (
    Ask,
    BackUp,
    Examine,
    Forget,
    Letter,
    Mailbox,
    Mark,
    Pause,
    Rehearse,
    Save,
    Study,
    Teach,
    fail,
    fulfil,
)
from school.door.mood import mood
from school.door.school import School
from school.door.values import GREY, Asleep, Removed, Snapshot
from school.souls.caretaker import Caretaker
from school.souls.packing import pack_soul
from school.souls.removal import SavedSouls
from school.talking.receptionist import Receptionist
from school.teaching.examiner import Exam
from school.teaching.scoring import exam_on, score_of
from school.teaching.tutor import TeamBroken, Tutor

if TYPE_CHECKING:
    from school.teaching.team import Team

log = logging.getLogger(__name__)

READERS, WARM_UP, CHUNK = 8, 256, 128  # of an examination
GIVE_UP = 20  # lessons in a row that failed
IDLE_SECONDS = 0.05  # how long an idle classroom waits for the post
GAUGE_SECONDS = 1.0  # between looks at what the brain tunes, where only the screen wants them


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When to stop by itself; None: never. With ``considerate``, a question lets the lessons rest until a letter says
    that nobody talks any more."""

    steps: int | None = None
    seconds: float | None = None
    learning: bool = True
    considerate: bool = False


class Classroom:
    """Runs the loop on a thread of its own, from ``start`` until ``stop`` or its limits."""

    def __init__(
        self,
        tutor: Tutor,
        receptionist: Receptionist,
        mailbox: Mailbox,
        school: School,
        caretaker: Caretaker,
        *,
        facts: dict,
        limits: Limits,
        publish: Callable[[Event], None],
        unwritten: Callable[[], int] = lambda: 0,
        look: Callable[[], bool] = lambda: False,
        team: Team | None = None,
        held_out: float | None = None,
    ):
        self.tutor, self.receptionist, self.mailbox, self.school = tutor, receptionist, mailbox, school
        self.caretaker, self.facts, self.limits, self.publish = caretaker, facts, limits, publish
        self.stopwatch = tutor.stopwatch
        self.team = team  # the processes that help the tutor, if any
        self.done: Future[None] = Future()  # ends with the thread; carries what broke it, if anything did
        self._stopping = threading.Event()
        self._unwritten, self._look = unwritten, look  # whether somebody wants to see the next step from near
        self._gauges_known: tuple[float, dict[str, float]] = (-math.inf, {})  # when, and what they were
        self._exam: Exam | None = None
        self._exam_paper: tuple[np.ndarray, np.ndarray] | None = None
        self._exam_wanted: list[Future[float | None]] = []
        self._to_mark: deque[tuple[Mark, Exam]] = deque()  # files that somebody wants to know about, opened
        self._resting = False  # while somebody talks, where lessons are considerate
        self._paused = False  # until somebody says otherwise
        self._failures = 0
        self._recent: deque[StepReport] = deque(maxlen=50)
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="caretaker")
        self._writing: Future | None = None
        self._saved_step = tutor.step if caretaker.souls() else -1
        self._save_wanted: list[Future[str | None]] = []
        self._changed = False  # since the last save
        school.forgetting.join(SavedSouls(caretaker, self._writer))
        self._held_out = held_out  # bits per byte at the last examination, also of an earlier day
        self._thread = threading.Thread(target=self._run, name="tutor")
        self.parameters = parameter_count(tutor.brain)

    def start(self) -> None:
        self._show()
        self._thread.start()

    def stop(self) -> None:
        """End after the micro-step under way; ``done`` tells when the soul is saved. Any thread may call it."""
        self._stopping.set()

    # ---- the loop ------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            self._teach_and_talk()
            fulfil(self.done, None)
        except BaseException as error:
            log.exception("the classroom broke")
            if not self.done.done():
                self.done.set_exception(error)

    def _teach_and_talk(self) -> None:
        first, started = self.tutor.step, time.monotonic()
        limits, learning = self.limits, self.limits.learning
        if learning:
            self._begin_exam()  # one that the last day did not get to the end of
        try:
            while not self._stopping.is_set():
                self.stopwatch.tick(steps=self.tutor.step, answers=self.receptionist.replies)
                self._read_post()
                if self.receptionist.busy:
                    self._answer()
                self._work()
                if self.team and not self.tutor.under_way:
                    self.team.keep_company()
                if limits.steps is not None and self.tutor.step - first >= limits.steps:
                    break
                if limits.seconds is not None and time.monotonic() - started >= limits.seconds:
                    break
        finally:
            self._close()

    @property
    def _studying(self) -> bool:
        """Whether lessons are to go on; a step that was begun is finished."""
        return self.limits.learning and (not (self._resting or self._paused) or self.tutor.under_way)

    def _read_post(self) -> None:
        """Waits a moment for it where there is nothing else to do."""
        idle = not (self._studying or self.receptionist.busy or self._exam or self._to_mark)
        if self._save_wanted and not self.tutor.under_way:
            self.stopwatch.lap("other")
            self._save(self._save_wanted)
            self._save_wanted = []
            self.stopwatch.lap("saving")
        letters = self.mailbox.drain(IDLE_SECONDS if idle else 0)
        self.stopwatch.lap("waiting" if idle else "other")
        for letter in letters:
            self._open(letter)

    def _work(self) -> None:
        """One piece of what is to be done but talking. Where something is read with the voice, lessons wait, so that
        the result belongs to one step and a resumed life repeats it."""
        if self._exam:
            self._examine()
        elif self._to_mark and not self.tutor.under_way:
            self._mark()
        elif self._studying:
            self._learn()
        if not self._studying:  # else it is shown after each step
            self._show()

    def _learn(self) -> None:
        try:
            report = self.tutor.micro_step(look=self._look())
        except TeamBroken:
            raise
        except Exception:
            self._failures += 1
            log.exception("a lesson failed and was skipped")
            if self._failures >= GIVE_UP:
                raise
            return
        if report is None:
            return
        self._failures = 0
        self._changed = True
        self._recent.append(report)
        self.publish(report)
        self._begin_exam()
        self._show()

    def _answer(self) -> None:
        self.stopwatch.lap("other")
        try:
            self.receptionist.serve(self.tutor.step)
        except Exception:
            log.exception("the receptionist stumbled")
            self.receptionist.close()
        self._changed = True
        self.stopwatch.lap("talking")

    def _open(self, letter: Letter) -> None:
        try:
            match letter:
                case Ask():
                    self._resting = self.limits.considerate
                    self.receptionist.admit(letter)
                case Teach(pair):
                    self.tutor.reviews.add(pair, self.tutor.librarian.tokenizer, self.tutor.step)
                    self._changed = True
                case Forget():
                    self._forget(letter)
                case Save(future):
                    self._save_wanted.append(future)
                case BackUp(future):
                    self._writer.submit(self._back_up, future)
                case Examine(future):
                    self._want_exam(future)
                case Study():
                    self._resting = False
                case Pause():
                    self._pause(letter)
                case Mark():
                    self._writer.submit(self._open_paper, letter)
                case Rehearse(since, future):
                    fulfil(future, self.tutor.rehearse(since))
                    self._changed = True
        except Exception as error:
            log.exception("a letter could not be opened")
            _refuse(letter, error)
        self._show()

    def _want_exam(self, future: Future[float | None]) -> None:
        self._exam_wanted.append(future)
        if not (self._exam or self.tutor.under_way):  # else it is begun at the end of the step
            self._begin_exam()

    def _pause(self, request: Pause) -> None:
        self._paused = request.on
        fulfil(request.future, request.on or not self.limits.learning)

    def _forget(self, request: Forget) -> None:
        """Off the list, and out of the conversations, at once."""
        self.tutor.reviews.forget(request.scope)
        self._changed = True
        try:
            self.receptionist.forget(request.scope.conversations)
        except OSError as error:
            fail(request.future, error)
        fulfil(request.future, Removed())

    # ---- examinations --------------------------------------------------------------------------------------------

    def _begin_exam(self) -> None:
        """Where one is due, or was asked for."""
        if not (self.tutor.exam_due or self._exam_wanted):
            return
        librarian = self.tutor.librarian
        if self._exam_paper is None:
            self._exam_paper = librarian.exam_rows(READERS, self.tutor.settings.evaluation_tokens, WARM_UP)
        rows, counts = self._exam_paper
        if counts.any():
            self._exam = Exam(rows, counts, byte_lengths=librarian.byte_lengths, chunk=CHUNK)
        else:
            self._tell_examined(None)

    def _examine(self) -> None:
        self.stopwatch.lap("other")
        try:
            if not self._exam.advance(self.tutor.voice):
                return
            result = self._exam.result()
        except Exception:
            log.exception("an examination failed")
            self._exam = None
            self._tell_examined(None)
            return
        finally:
            self.stopwatch.lap("examination")
        self._exam = None
        self._held_out = result.bits_per_byte
        if self.tutor.exam_due:  # one that was only asked for must not change what the lessons would have been
            self.tutor.heed(result.bits_per_byte)
        self.receptionist.heed(result.temperature, result.repeats)
        self.publish(Examined(result, self.tutor.step, self._gauges()))
        self._tell_examined(result.bits_per_byte)
        self._show()

    def _open_paper(self, request: Mark) -> None:
        """On the writer's thread: reading a large file takes its time."""
        try:
            exam = exam_on(request.file, self.tutor.librarian.tokenizer)
        except Exception as error:
            fail(request.future, error)
        else:
            self._to_mark.append((request, exam))

    def _mark(self) -> None:
        """Read on in the first file that waits, while its mark is still wanted."""
        self.stopwatch.lap("other")
        request, exam = self._to_mark[0]
        try:
            if request.future.cancelled() or exam.advance(self.tutor.voice):
                self._to_mark.popleft()
                fulfil(request.future, score_of(request.file, exam.result(), self.tutor.step))
        except Exception as error:
            log.exception("a file could not be marked")
            self._to_mark.popleft()
            fail(request.future, error)
        self.stopwatch.lap("examination")

    def _tell_examined(self, bits_per_byte: float | None) -> None:
        wanted, self._exam_wanted = self._exam_wanted, []
        for future in wanted:
            fulfil(future, bits_per_byte)

    def _mood(self) -> str:
        """A word for the last steps."""
        return mood([report.color for report in self._recent], [report.loss for report in self._recent]).word

    def _gauges(self, *, within: float = 0.0) -> dict[str, float]:
        """All that it tunes for itself; what the brain has of it, as it was ``within`` so many seconds."""
        if time.monotonic() - self._gauges_known[0] >= within:
            self._gauges_known = time.monotonic(), self.tutor.brain.gauges()
        speech = {"temperature": self.receptionist.calibration, "repetition_penalty": self.receptionist.penalty}
        return self._gauges_known[1] | speech | self.tutor.pedagogy.gauges()

    # ---- saving --------------------------------------------------------------------------------------------------

    def _save(self, wanted: list[Future[str | None]]) -> None:
        """Copy everything now, write it in the background; lessons go on meanwhile."""
        if self._writing is None or self._writing.done():
            soul = pack_soul(self.tutor, self.receptionist, self.facts)
            self._changed = False
            self._writing = self._writer.submit(self._write, soul)
        for future in wanted:
            self._writing.add_done_callback(lambda done, future=future: fulfil(future, done.result()))

    def _write(self, soul) -> str | None:
        try:
            place = self.caretaker.save(soul)
        except Exception as error:
            self._changed = True
            problem = _in_words(error)
            log.error("the soul of step %d could not be saved: %s", soul.step, problem)
            self.publish(Saved(soul.step, None, problem))
            return None
        self._saved_step = soul.step
        self.school.forgetting.again()  # where one soul could be written, others can be rewritten
        self.publish(Saved(soul.step, str(place)))
        return str(place)

    def _back_up(self, future: Future[str | None]) -> None:
        try:
            fulfil(future, str(self.caretaker.back_up()))
        except Exception as error:
            log.error("the soul could not be backed up: %s", _in_words(error))
            fulfil(future, None)

    def _close(self) -> None:
        """Turn away who waits, carry out the other letters, finish the step, save what is new."""
        letters = self.mailbox.close()
        self.receptionist.close()
        for letter in letters:
            self._open(letter)
        self._tell_examined(None)
        try:
            while self.tutor.under_way:
                self._learn()
        finally:  # whatever became of the step, the ones before it are kept
            if self._writing:
                self._writing.exception()  # wait
            if self._changed or self._save_wanted:
                self._save(self._save_wanted)
            self._writer.shutdown()  # waits for it, and for whoever is being taken out of souls
            for request, _ in self._to_mark:
                fail(request.future, Asleep())
            self._show(awake=False)
        if self.team:
            self.team.dismiss()

    # ---- showing -------------------------------------------------------------------------------------------------

    def _show(self, *, awake: bool = True) -> None:
        tutor, recent = self.tutor, self._recent
        seconds = sum(report.seconds for report in recent)
        finite = [report.loss for report in recent if not report.skipped]
        self.school.snapshot = Snapshot(
            awake=awake,
            learning=self.limits.learning and not (self._resting or self._paused),
            paused=self.limits.learning and self._paused,
            step=tutor.step,
            tokens_seen=tutor.tokens_seen,
            loss=sum(finite) / len(finite) if finite else None,
            held_out_bits_per_byte=self._held_out,
            best_bits_per_byte=tutor.best_bits_per_byte,
            tokens_per_second=sum(report.tokens for report in recent) / seconds if seconds else None,
            learning_rate=tutor.learning_rate(),
            rate_scale=tutor.rate_scale,
            temperature=self.receptionist.calibration,
            color=recent[-1].color if recent else GREY,
            expected=recent[-1].expected if recent else GREY,
            mood=self._mood(),
            texts=len(tutor.librarian.texts),
            library_tokens=tutor.librarian.tokens,
            parameters=self.parameters,
            pairs=len(tutor.reviews),
            replies=self.receptionist.replies,
            skipped_steps=tutor.skipped,
            saved_step=self._saved_step if self._saved_step >= 0 else None,
            unwritten=self._unwritten(),
            gauges=self._gauges(within=GAUGE_SECONDS if awake else 0.0),
        )


def _refuse(letter: Letter, error: Exception) -> None:
    """Tell whoever waits for an answer to it."""
    if not isinstance(letter, Teach | Study):
        fail(letter.future, error)


def _in_words(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
