"""Examinations in the course of a life: when one is due or was asked for, it is taken a chunk at a time. Now and then
it also says something, and where that is much worse than at its best, so is the examination."""

from __future__ import annotations

import logging
import math
from concurrent.futures import Future
from dataclasses import replace
from typing import Protocol

import numpy as np

from school.door.events import ExamResult
from school.door.mailbox import fulfil
from school.teaching.examiner import Exam
from school.teaching.remembering import Remembering
from school.teaching.tutor import Tutor
from school.texts.fluency import Fluency
from school.texts.librarian import Librarian

READERS, WARM_UP, CHUNK = 8, 256, 64
HEARD_EVERY = 100  # steps, at least, between two examinations at which it is heard


class Audition(Protocol):
    """Lets the voice say something; ``hear`` counts how that was."""

    def hear(self, librarian: Librarian, temperature: float, repeats: float) -> Fluency: ...


log = logging.getLogger(__name__)


class Examination:
    """Of the tutor's voice. Lessons wait while it is ``under_way``, so that the result belongs to one step."""

    def __init__(self, tutor: Tutor, remembering: Remembering | None = None, audition: Audition | None = None):
        self.tutor, self._remembering = tutor, remembering
        self._paper: tuple[np.ndarray, np.ndarray] | None = None
        self._exam: Exam | None = None
        self._wanted: list[Future[float | None]] = []
        self._audition, self._heard_at = audition, -math.inf
        self._fluent: Fluency | None = None  # how it spoke when that was last as it should be

    @property
    def under_way(self) -> bool:
        return self._exam is not None

    def want(self, future: Future[float | None]) -> None:
        """Somebody asks for one; the future gets its bits per byte, None where there is nothing held out."""
        self._wanted.append(future)
        if not (self._exam or self.tutor.under_way):  # else it is begun at the end of the step
            self.begin()

    def begin(self) -> None:
        """Where one is due, or was asked for."""
        if not (self.tutor.exam_due or self._wanted):
            return
        librarian = self.tutor.librarian
        if self._paper is None:
            self._paper = librarian.exam_rows(READERS, self.tutor.settings.evaluation_tokens, WARM_UP)
        rows, counts = self._paper
        if counts.any():
            judge = self._remembering.judge() if self._remembering else None
            self._exam = Exam(rows, counts, byte_lengths=librarian.byte_lengths, chunk=CHUNK, judge=judge)
        else:
            self.answer(None)

    def other_texts(self) -> None:
        """The next one is on what is held out of the library as it is now."""
        self._paper = self._fluent = None

    def advance(self) -> ExamResult | None:
        """Read the next chunk; after the last one, the result, of which the tutor has taken note. Whoever asked for it
        waits for ``answer``."""
        try:
            if not self._exam.advance(self.tutor.voice):
                return None
            result = self._exam.result()
        except Exception:
            log.exception("an examination failed")
            self._exam = None
            self.answer(None)
            return None
        self._exam = None
        if self.tutor.exam_due:  # one that was only asked for must not change what the lessons would have been
            result, well = self._hear(result)
            self.tutor.heed(result.bits_per_byte if well else math.inf)
        return result

    def _hear(self, result: ExamResult) -> tuple[ExamResult, bool]:
        """The result with how it speaks, if that is heard now; and whether it speaks as well as it did."""
        if self._audition is None or self.tutor.step - self._heard_at < HEARD_EVERY:
            return result, True
        self._heard_at = self.tutor.step
        try:
            heard = self._audition.hear(self.tutor.librarian, result.temperature, result.repeats)
        except Exception:
            log.exception("it could not be heard")
            return result, True
        well = self._fluent is None or not heard.worse_than(self._fluent)
        if well:
            self._fluent = heard
        else:
            log.warning("it speaks worse than it did (%s; before: %s), so its best self is kept", heard, self._fluent)
        return replace(result, **heard._asdict()), well

    def answer(self, bits_per_byte: float | None) -> None:
        """Tell whoever asked."""
        wanted, self._wanted = self._wanted, []
        for future in wanted:
            fulfil(future, bits_per_byte)
