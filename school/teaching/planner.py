"""The planner: what a step reads. Blocks of the library, what people taught and is due, what comes back at night, and
now and then the next block of long conversations made of the library.

Everything random about it follows from (seed, step), so a life can be resumed and replayed.

Shapes: B streams, T tokens per block, R rows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np
import torch

from school.teaching.anchors import with_anchors
from school.teaching.night import Night
from school.teaching.provenance import Provenance
from school.teaching.reviews import Reviews
from school.teaching.settings import LessonSettings
from school.teaching.streams import Step, Task, shared_out
from school.teaching.talks import Talks
from school.texts.librarian import Bookmark, Lesson, Librarian

FOR_HEART = 0.25  # rows, for each stream, that what is not known by heart yet may fill


class Shape(NamedTuple):
    """Of what a step reads: ``streams`` blocks of ``length`` tokens, beside what comes in extra rows."""

    streams: int
    length: int

    @property
    def tokens(self) -> int:
        return self.streams * self.length


@dataclass(slots=True)
class Agenda:
    """What is to come, as far as a soul keeps it: where the library is open, and when which pair comes back."""

    reviews: Reviews
    night: Night = field(default_factory=Night)
    bookmark: Bookmark = Bookmark(0, 0, "")

    @classmethod
    def empty(cls, settings: LessonSettings) -> Agenda:
        return cls(
            Reviews(growth=settings.review_growth, prompt_weight=settings.prompt_weight, limit=settings.reviews_kept)
        )


class Planner(Protocol):
    """Decides what a tutor's steps read."""

    librarian: Librarian
    agenda: Agenda
    shape: Shape

    def plan(self, step: int, *, talks: Talks, anchored: bool, strength: float, micro_streams: int) -> Step:
        """The next step, cut into tasks of ``micro_streams`` streams each, now and then with the next block of the
        ``talks``. ``anchored``: then what people taught is learned while the rest is held to what it was at its best.
        ``strength``: how much of its weight that has."""


class LibraryPlanner:
    """Plans for a life: the library in a circle, and whatever else is due."""

    def __init__(
        self,
        librarian: Librarian,
        settings: LessonSettings,
        *,
        block_tokens: int,
        device: torch.device,
        shared: bool = True,
    ):
        """``shared``: whether all tasks of a step share the conversations, and what was taught; else the first one has
        those, and the last one this."""
        self.librarian, self.settings, self.device, self.shared = librarian, settings, device, shared
        self.shape = Shape(settings.streams, block_tokens)
        self.agenda = Agenda.empty(settings)

    def plan(self, step: int, *, talks: Talks, anchored: bool, strength: float, micro_streams: int) -> Step:
        agenda, shape = self.agenda, self.shape
        new_library = agenda.bookmark.library != self.librarian.library
        lesson, agenda.bookmark = self.librarian.lesson(agenda.bookmark, streams=shape.streams, length=shape.length)
        ids, weights, review_tokens = self._due(step, strength)
        anchored = anchored and review_tokens > 0 and not new_library
        weight = max(1.0, float(lesson.learned.sum()))
        if anchored:
            lesson = with_anchors(lesson, np.random.default_rng([self.settings.seed, step, *b"anchors"]))
        tasks = self._library_tasks(lesson.tokens, lesson.learned, micro_streams)
        talk = self._dialogue_is_due(step, len(talks))
        if talk:
            weight += self._add_talks(tasks if self.shared else tasks[:1], talks)
        if len(ids):
            self._add_extra(tasks if self.shared else tasks[-1:], ids, weights)
            weight += float(weights.sum())
        return Step(
            tasks,
            weight,
            self.librarian.byte_count(lesson.tokens[:, 1:][lesson.learned]),
            review_tokens,
            library_targets=float(lesson.learned.sum()),
            provenance=self._provenance(lesson),
            anchored=anchored,
            jumped=lesson.jumped,
            new_library=new_library,
            taught=True,
        )

    def _provenance(self, lesson: Lesson) -> Provenance:
        sources = np.where(lesson.learned, lesson.sources, -1)
        return Provenance(self.librarian.texts, sources, self.librarian.byte_lengths[lesson.tokens[:, 1:]])

    def _library_tasks(self, tokens: np.ndarray, learned: np.ndarray, micro_streams: int) -> list[Task]:
        blocks, tasks = torch.from_numpy(tokens).to(self.device), []
        weights = torch.from_numpy(learned.astype(np.float32)).to(self.device)
        for first in range(0, len(blocks), micro_streams):
            rows = slice(first, min(first + micro_streams, len(blocks)))
            tasks.append(Task(blocks[rows], weights[rows], rows))
        return tasks

    def _due(self, step: int, strength: float) -> tuple[np.ndarray, np.ndarray, int]:
        """Rows of what was taught and is due, and of what comes back at night: ids (R, T+1), weights (R, T), and how
        many targets people taught; where there are any, all count with ``strength``."""
        ids, weights, from_people = self._taught(step)
        night, length = self.agenda.night, self.shape.length
        asleep, dreamed = night.rows(self.agenda.reviews, rows=self.settings.night_rows, length=length)
        from_people += int((dreamed > 0).sum())
        weights = np.concatenate([weights, dreamed]) * np.float32(strength if from_people else 1.0)
        return np.concatenate([ids, asleep]), weights, from_people

    def _taught(self, step: int) -> tuple[np.ndarray, np.ndarray, int]:
        """Rows of what was taught and is due, and how many of their targets people taught."""
        reviews = self.agenda.reviews
        from_people = reviews.people_are_due(step)
        ids, weights = reviews.rows(
            step,
            rows=self.settings.review_rows,
            length=self.shape.length,
            rows_for_heart=int(FOR_HEART * self.shape.streams),
        )
        return ids, weights, int((weights > 0).sum()) if from_people else 0

    def _add_talks(self, tasks: list[Task], talks: Talks) -> float:
        """Let these tasks have the next block of every conversation; returns how many targets are to be learned."""
        ids, learned = talks.next(self.librarian)
        for task, rows in zip(tasks, shared_out(len(ids), len(tasks)), strict=True):
            task.add(ids[rows], learned[rows].astype(np.float32))
            task.talks = rows
        return float(learned.sum())

    def _add_extra(self, tasks: list[Task], ids: np.ndarray, weights: np.ndarray) -> None:
        for task, rows in zip(tasks, shared_out(len(ids), len(tasks)), strict=True):
            task.add(ids[rows], weights[rows])
            task.extra = rows

    def _dialogue_is_due(self, step: int, talks: int) -> bool:
        """Whether this step has the next block of each conversation made of the library;
        at their share of the rows."""
        rng = np.random.default_rng([self.settings.seed, step, *b"dialogue"])
        return rng.random() < self.settings.dialogue_share * self.settings.streams / talks
