"""The classroom: the one thread that touches the weights. A micro-step, then the mailbox, then another micro-step. Who
talks is answered on the talker's thread meanwhile, by a copy of the voice that is replaced after each step.

Whatever happens to a single lesson or question, the loop goes on; what it has to tell goes out as events.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from brain import parameter_count
from brain.gauges import Gauge, from_names
from brain.hippocampus import Hippocampus
from school.door.events import Event, Examined, StepReport
from school.door.mailbox import (
    BackUp,
    EndTalk,
    Examine,
    Follow,
    Forget,
    Mailbox,
    Mark,
    Pause,
    Questions,
    Rehearse,
    Request,
    Restock,
    Save,
    Study,
    Teach,
    Trace,
    fail,
    fulfil,
)
from school.door.mood import mood
from school.door.school import School
from school.door.values import GREY, Snapshot
from school.office.machine import stand_back
from school.office.memory import hand_back_memory, let_go_of_files
from school.souls.removal import SavedSouls
from school.souls.saving import Saver
from school.talking.audition import Audition
from school.talking.receptionist import Receptionist
from school.talking.talker import Talker
from school.teaching.examination import Examination
from school.teaching.exchange import TeamBroken
from school.teaching.marking import Marking
from school.teaching.receipts import Receipts
from school.teaching.remembering import Remembering
from school.teaching.scoring import UNSAID
from school.teaching.tutor import Tutor
from school.texts.facts import Facts

log = logging.getLogger(__name__)

GIVE_UP = 20  # lessons in a row that failed
IDLE_SECONDS = 0.05  # how long an idle classroom waits for requests
LONG_IDLE = 5.0  # seconds after which others get the memory that lessons would need; breaths between two are shorter
GAUGE_SECONDS = 1.0  # between looks at what the brain tunes, where only the screen wants them


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When to stop by itself; None: never. With ``considerate``, a question lets the lessons rest until a request says
    that nobody talks any more."""

    steps: int | None = None
    seconds: float | None = None
    learning: bool = True
    considerate: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """Those who only watch. ``publish`` hears of every event; ``look``: whether somebody wants to see the next step
    from near; ``unwritten``: notes that the record has yet to write down."""

    publish: Callable[[Event], object]
    look: Callable[[], bool] = lambda: False
    unwritten: Callable[[], int] = lambda: 0


class Classroom:
    """Runs the loop on a thread of its own, from ``start`` until ``stop`` or its limits."""

    def __init__(
        self,
        tutor: Tutor,
        receptionist: Receptionist,
        mailbox: Mailbox,
        school: School,
        saver: Saver,
        *,
        limits: Limits,
        outside: Outside,
        held_out: float | None = None,
        remembering: Remembering | None = None,
        facts: Callable[[Path], Facts] = lambda file: UNSAID,
    ):
        self.tutor, self.receptionist, self.mailbox, self.school = tutor, receptionist, mailbox, school
        self.saver, self.limits, self.outside = saver, limits, outside
        self.remembering = remembering
        self.examination = Examination(tutor, remembering, Audition(tutor.voice))
        self.marking = Marking(tutor, saver.writer, remembering, facts)
        self.receipts = Receipts(tutor, saver.writer)
        self.talker = Talker(receptionist, mailbox)
        self.stopwatch = tutor.stopwatch
        self.parameters = parameter_count(tutor.brain)
        self.done: Future[None] = Future()  # ends with the thread; carries what broke it, if anything did
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tutor")
        self._quiet_since = mailbox.asked_at  # nobody talks any more, as far as is known
        self._replies = receptionist.replies  # that it had begun when this was last looked at
        self._paused = False  # until somebody says otherwise
        self._rests_until = 0.0  # as there is nothing new to learn
        self._nothing_to_learn = False  # the library is empty just now
        self._busy_at = time.monotonic()  # when there was last something to do; inf once its memory is handed back
        self._failures = 0
        self._recent: deque[StepReport] = deque(maxlen=50)
        self._held_out = held_out  # bits per byte at the last examination, also of an earlier day
        self._gauges_known: tuple[float, tuple[Gauge, ...]] = (-math.inf, ())  # when, and what they were
        school.forgetting.join(SavedSouls(saver.caretaker, saver.writer))
        saver.then = school.forgetting.again  # where one soul could be written, others can be rewritten

    def start(self) -> None:
        self.receptionist.publish(self.tutor.voice, self.tutor.step)
        self._show()
        if self.remembering:
            self._hear_library()
        self.talker.start()
        self._thread.start()

    @property
    def started(self) -> bool:
        return self._thread.ident is not None

    def stop(self) -> None:
        """End after the micro-step under way; ``done`` tells when the soul is saved. Any thread may call it."""
        self._stopping.set()

    def _hear_library(self) -> None:
        self.remembering.begin(self.tutor.librarian.texts).add_done_callback(self._remember)

    def _remember(self, heard: Future[Hippocampus]) -> None:
        """Speak with what the hippocampus has heard, and as the last examination advises."""
        if heard is self.remembering.heard and not heard.exception():  # else the library has changed since
            self.receptionist.listen_to(heard.result(), self.remembering.weights)

    # ---- the loop ------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        stand_back()
        try:
            self._teach_and_talk()
            fulfil(self.done, None)
        except BaseException as error:
            log.exception("the classroom broke")
            if not self.done.done():
                self.done.set_exception(error)

    def _teach_and_talk(self) -> None:
        first, started = self.tutor.step, time.monotonic()
        limits = self.limits
        if limits.learning:
            self.examination.begin()  # one that the last day did not get to the end of
        try:
            while not self._stopping.is_set():
                self._tick()
                self._hear_requests()
                self._work()
                if not self.tutor.under_way:
                    self.tutor.exchange.between()
                if limits.steps is not None and self.tutor.step - first >= limits.steps:
                    break
                if limits.seconds is not None and time.monotonic() - started >= limits.seconds:
                    break
        finally:
            self._close()

    def _tick(self) -> None:
        replies = self.receptionist.replies
        if replies != self._replies:
            self._replies, self.saver.changed = replies, True
        self.stopwatch.tick(steps=self.tutor.step, answers=replies, talking=self.talker.seconds)

    @property
    def _resting(self) -> bool:
        """While somebody talks, where lessons are considerate."""
        return self.limits.considerate and self.mailbox.asked_at > self._quiet_since

    @property
    def _studying(self) -> bool:
        """Whether lessons are to go on; a step that was begun is finished."""
        waiting = self._resting or self._paused or self._at_rest or self._nothing_to_learn
        return self.limits.learning and (not waiting or self.tutor.under_way)

    @property
    def _at_rest(self) -> bool:
        """Between two lessons of a library that it knows; whatever is new ends it."""
        return time.monotonic() < self._rests_until and self.tutor.nothing_new

    def _hear_requests(self) -> None:
        """Waits a moment for one where there is nothing else to do."""
        reading = self.examination.under_way or self.marking.under_way
        idle = not (self._studying or reading)
        self._lend_memory(idle)
        if self.saver.wanted and not self.tutor.under_way:
            self.stopwatch.lap("other")
            self.saver.save()
            self.stopwatch.lap("saving")
        requests = self.mailbox.drain(IDLE_SECONDS if idle else 0)
        self.stopwatch.lap("waiting" if idle else "other")
        for request in requests:
            self._carry_out(request)

    def _lend_memory(self, idle: bool) -> None:
        """What lessons need in between is others' while it has long been ``idle``."""
        now = time.monotonic()
        if not idle:
            self._busy_at = now
        elif now > self._busy_at + LONG_IDLE:
            hand_back_memory()
            self._busy_at = math.inf

    def _work(self) -> None:
        """A piece of what there is to do. While it reads with the voice lessons wait: the result belongs to one step,
        also in a resumed life."""
        if self.examination.under_way:
            self._examine()
        elif self.marking.under_way and not self.tutor.under_way:
            self.stopwatch.lap("other")
            self.marking.advance()
            self.stopwatch.lap("examination")
        elif self._studying:
            self._learn()
        if not self._studying:  # else it is shown after each step
            self._show()

    def _learn(self) -> None:
        try:
            report = self.tutor.micro_step(look=self.outside.look())
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
        self.receptionist.publish(self.tutor.voice, self.tutor.step)
        self.saver.changed = True
        self._recent.append(report)
        share = self.tutor.settings.rest if self.limits.steps is None else 0.0
        usual = median(report.seconds for report in self._recent)  # one step that was held up is no reason to rest long
        self._rests_until = time.monotonic() + usual * share / (1 - share)
        self.outside.publish(report)
        self.examination.begin()
        self._show()

    def _carry_out(self, request: Request) -> None:
        try:
            match request:
                case Teach(pair):
                    self.tutor.learn(pair)
                    self.receipts.note(pair, self._held_out)
                    self.saver.changed = True
                case Forget(scope):
                    self.tutor.forget(scope)
                    self.saver.changed = True
                    request.share_done()
                case Save(future):
                    self.saver.want(future)
                case BackUp(future):
                    self.saver.back_up(future)
                case Examine(future):
                    self.examination.want(future)
                case Study(at):
                    self._quiet_since = at
                case Pause():
                    self._pause(request)
                case Mark() | Trace() | Follow():
                    self._look_into(request)
                case Restock():
                    self._restock(request)
                case Rehearse(since, future):
                    fulfil(future, self.tutor.rehearse(since))
                    self.saver.changed = True
        except Exception as error:
            log.exception("a request could not be carried out")
            _refuse(request, error)
        self._show()

    def _look_into(self, request: Questions) -> None:
        match request:
            case Mark():
                self.marking.want(request)
            case Trace():
                self.receipts.want(request)
            case Follow():
                self.receipts.follow(request, self._held_out)

    def _restock(self, request: Restock) -> None:
        """A step under way goes on with what it has read; the next one is of the new texts. What was taken away is no
        longer spoken from."""
        self._nothing_to_learn = request.librarian is None
        if request.librarian is not None:
            self.tutor.planner.librarian = request.librarian
            self.tutor.taste.keep_texts({text.name for text in request.librarian.texts})
            self.receptionist.restock(request.guard)
            self.examination.other_texts()
            if self.remembering:
                self._hear_library()

    def _pause(self, request: Pause) -> None:
        self._paused = request.on
        fulfil(request.future, request.on or not self.limits.learning)

    def _examine(self) -> None:
        self.stopwatch.lap("other")
        result = self.examination.advance()
        self.stopwatch.lap("examination")
        if result is None:
            return
        self._held_out = result.bits_per_byte
        self.receptionist.publish(self.tutor.voice, self.tutor.step)  # an examination may move the weights
        self.receptionist.heed(result.temperature, result.repeats)
        if self.remembering:
            self._remember(self.remembering.heard)
        self.outside.publish(Examined(result, self.tutor.step, self._gauges()))
        self.examination.answer(result.bits_per_byte)
        let_go_of_files()
        self._show()

    # ---- going to sleep ------------------------------------------------------------------------------------------

    def _close(self) -> None:
        """Turn away who waits, carry out the other requests, finish the step, save what is new."""
        self.talker.stop()
        if self.remembering:
            self.remembering.stop()
        requests = self.mailbox.close()
        self.receptionist.close()
        for request in requests:
            if isinstance(request, EndTalk):  # that the talker did not come to any more
                self.talker.forget(request.forget)
            else:
                self._carry_out(request)
        self.examination.answer(None)
        try:
            while self.tutor.under_way:
                self._learn()
        finally:  # whatever became of the step, the ones before it are kept
            self.saver.wait()
            if self.saver.changed or self.saver.wanted:
                self.saver.save()
            self.saver.close()  # waits for it, and for whoever is being taken out of souls
            self.marking.close()
            self._show(awake=False)
        self.tutor.exchange.end()

    # ---- showing -------------------------------------------------------------------------------------------------

    def _mood(self) -> str:
        """A word for the last steps."""
        return mood([report.color for report in self._recent], [report.loss for report in self._recent]).word

    def _gauges(self, *, within: float = 0.0) -> tuple[Gauge, ...]:
        """All that it tunes for itself; what the brain has of it, as it was ``within`` so many seconds."""
        if time.monotonic() - self._gauges_known[0] >= within:
            self._gauges_known = time.monotonic(), self.tutor.brain.gauges()
        speech = {"temperature": self.receptionist.calibration, "repetition_penalty": self.receptionist.penalty}
        return (*self._gauges_known[1], *from_names(speech))

    def _show(self, *, awake: bool = True) -> None:
        tutor, recent = self.tutor, self._recent
        while tutor.news:
            self.outside.publish(tutor.news.pop(0))
        seconds = sum(report.seconds for report in recent)
        finite = [report.loss for report in recent if not report.skipped]
        self.school.snapshot = Snapshot(
            awake=awake,
            learning=self.limits.learning and not (self._resting or self._paused or self._nothing_to_learn),
            paused=self.limits.learning and self._paused,
            rests=self.limits.learning and self.tutor.nothing_new and self.limits.steps is None,
            step=tutor.step,
            tokens_seen=tutor.tokens_seen,
            loss=sum(finite) / len(finite) if finite else None,
            held_out_bits_per_byte=self._held_out,
            best_bits_per_byte=tutor.plateau.best_bits_per_byte,
            tokens_per_second=sum(report.tokens for report in recent) / seconds if seconds else None,
            learning_rate=tutor.learning_rate(),
            rate_scale=tutor.plateau.rate_scale,
            temperature=self.receptionist.calibration,
            color=recent[-1].color if recent else GREY,
            expected=recent[-1].expected if recent else GREY,
            mood=self._mood(),
            texts=len(tutor.librarian.texts),
            library_tokens=tutor.librarian.tokens,
            parameters=self.parameters,
            pairs=len(tutor.reviews),
            asked=tutor.recital.asked,
            known=tutor.recital.known,
            replies=self.receptionist.replies,
            skipped_steps=tutor.skipped,
            saved_step=self.saver.saved_step,
            unwritten=self.outside.unwritten(),
            gauges=self._gauges(within=GAUGE_SECONDS if awake else 0.0),
        )


def _refuse(request: Request, error: Exception) -> None:
    """Tell whoever waits for it."""
    if not isinstance(request, Teach | Study | Restock):
        fail(request.future, error)
