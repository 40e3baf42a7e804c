"""Marks in the course of a life: how well it predicts files that somebody asks about, a chunk at a time."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path

from school.door.mailbox import Mark, fail, fulfil
from school.door.values import Asleep
from school.teaching.examiner import Exam
from school.teaching.remembering import Remembering
from school.teaching.scoring import UNSAID, exam_on, score_of
from school.teaching.tutor import Tutor
from school.texts.facts import Facts

log = logging.getLogger(__name__)


class Marking:
    """With the tutor's voice. Lessons wait while one is ``under_way``, so that it belongs to one step; files are opened
    on the thread of ``opener``, for a large one takes its time. ``facts``: what is known about a file."""

    def __init__(
        self,
        tutor: Tutor,
        opener: Executor,
        remembering: Remembering | None = None,
        facts: Callable[[Path], Facts] = lambda file: UNSAID,
    ):
        self.tutor, self._opener, self._remembering, self._facts = tutor, opener, remembering, facts
        self._papers: deque[tuple[Mark, Exam]] = deque()

    @property
    def under_way(self) -> bool:
        return bool(self._papers)

    def want(self, request: Mark) -> None:
        self._opener.submit(self._open, request)

    def advance(self) -> None:
        """Read on in the first file, while its mark is still wanted."""
        request, exam = self._papers[0]
        try:
            if request.future.cancelled() or exam.advance(self.tutor.voice):
                self._papers.popleft()
                fulfil(request.future, score_of(request.file, exam.result(), self.tutor.step))
        except Exception as error:
            log.exception("a file could not be marked")
            self._papers.popleft()
            fail(request.future, error)

    def close(self) -> None:
        """Turn away who still waits; nothing is opened any more."""
        for request, _ in self._papers:
            fail(request.future, Asleep())

    def _open(self, request: Mark) -> None:
        try:
            judge = self._remembering.adviser() if self._remembering else None
            exam = exam_on(request.file, self.tutor.librarian.tokenizer, judge, self._facts(request.file))
        except Exception as error:
            fail(request.future, error)
        else:
            self._papers.append((request, exam))
