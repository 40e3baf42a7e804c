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

from school.teaching.night import Night
from school.teaching.provenance import Provenance
from school.teaching.reviews import Reviews
from school.teaching.settings import LessonSettings
from school.teaching.streams import Step, Task, shared_out
from school.teaching.talks import Talks
from school.texts.librarian import Bookmark, Lesson, Librarian
from school.texts.tokenizer import MARK_COUNT

FOR_HEART = 0.25  # rows, for each stream, that what is not known by heart yet may fill
PLAIN = 4  # of so many streams one is read as it stands in an anchored step, and learned from
TALK = 1  # and one, the first behind it, reads the beginning of a conversation instead
TALKS = 1000  # of which that is one: they are made once
MUDDLED = 0.2  # of the words of all but the plain ones


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


class Counted(NamedTuple):
    """A lesson, and how much each of its targets counts: ``weights`` (B, T)."""

    lesson: Lesson
    weights: np.ndarray


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
        ids, weights, review_tokens = self._taught(step)
        asleep, dreamed = agenda.night.rows(agenda.reviews, rows=self.settings.night_rows, length=shape.length)
        review_tokens += int((dreamed > 0).sum())
        ids, weights = np.concatenate([ids, asleep]), np.concatenate([weights, dreamed])
        if review_tokens:
            weights *= np.float32(strength)
        anchored = anchored and review_tokens > 0 and not new_library
        library = self._anchored(step, lesson) if anchored else Counted(lesson, lesson.learned.astype(np.float32))
        tasks = self._library_tasks(library, micro_streams, anchored=anchored)
        weight = max(1.0, float(lesson.learned.sum()))
        talk = self._dialogue_is_due(step, len(talks))
        if talk:
            weight += self._add_talks(tasks if self.shared else tasks[:1], talks)
        if len(ids):
            self._add_extra(tasks if self.shared else tasks[-1:], ids, weights)
            weight += float(weights.sum())
        return Step(
            tasks,
            weight,
            round(float((self.librarian.byte_lengths[lesson.tokens[:, 1:]] * library.weights).sum())),
            review_tokens,
            library_targets=float(library.weights.sum()),
            provenance=self._provenance(library),
            anchored=anchored,
            jumped=lesson.jumped,
            new_library=new_library,
            taught=True,
        )

    def _anchored(self, step: int, lesson: Lesson) -> Counted:
        """What people teach is worth most of what is read beside it: three streams of four are only to be said as its
        best self says them, two of text and one of talk, else it soon answers everybody with what it was taught. Every
        fifth word of theirs is exchanged for another, for what it knows by heart it says the same whatever became of
        it. The fourth is learned from."""
        rng = np.random.default_rng([self.settings.seed, step, *b"muddled"])
        numbers, tokens, weights = range(len(lesson.tokens)), lesson.tokens.copy(), lesson.learned.astype(np.float32)
        for number in numbers[TALK::PLAIN]:
            tokens[number], _ = self.librarian.dialogue(int(rng.integers(TALKS)), length=self.shape.length)
        anchors = anchors_among(numbers)
        tokens[anchors], weights[anchors] = muddled(tokens[anchors], rng), 0.0
        return Counted(lesson._replace(tokens=tokens), weights)

    def _provenance(self, library: Counted) -> Provenance:
        lesson, lengths = library.lesson, self.librarian.byte_lengths
        return Provenance(
            self.librarian.texts, np.where(library.weights > 0, lesson.sources, -1), lengths[lesson.tokens[:, 1:]]
        )

    def _library_tasks(self, library: Counted, micro_streams: int, *, anchored: bool) -> list[Task]:
        blocks, tasks = torch.from_numpy(library.lesson.tokens).to(self.device), []
        weights = torch.from_numpy(library.weights).to(self.device)
        for first in range(0, len(blocks), micro_streams):
            numbers = range(first, min(first + micro_streams, len(blocks)))
            rows = slice(numbers.start, numbers.stop)
            tasks.append(Task(blocks[rows], weights[rows], rows, anchors_among(numbers) if anchored else ()))
        return tasks

    def _taught(self, step: int) -> tuple[np.ndarray, np.ndarray, int]:
        """Rows of what was taught and is due: ids (R, T+1), weights (R, T), and how many targets people taught."""
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


def anchors_among(numbers: range) -> list[int]:
    """The places of those of the streams with these ``numbers`` that hold it to its best self in an anchored step."""
    return [place for place, number in enumerate(numbers) if number % PLAIN]


def muddled(tokens: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The same, any shape, with a share MUDDLED of the words exchanged for others of them; marks stay."""
    words = tokens >= MARK_COUNT
    chosen = words & (rng.random(tokens.shape) < MUDDLED)
    exchanged = tokens.copy()
    exchanged[chosen] = rng.choice(tokens[words], int(chosen.sum()))
    return exchanged
