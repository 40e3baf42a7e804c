"""Taste: what verdicts on its answers make of the weights, as a difference of its own.

A course is held beside the lessons, a step of it after every few of theirs, on a copy of the voice. What came of it is
tried on text that was never taught, and only then added to all weights, as much of it as costs no more than it may
(Ilharco et al. 2023, "Editing models with task arithmetic"). The difference is kept: whoever takes a verdict back, or
leaves, takes out of the weights what is left of it. Where its half has faded among the lessons, and where there are
other verdicts, there is another course, that strays from what it would be without any taste, not from the last one.

Everything random follows from (seed, step), so a life can be resumed in the middle of a course.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from brain.contract import Brain
from brain.ops.foreach import norm
from school.door.events import Tasted
from school.door.values import Scope
from school.teaching.course import Course
from school.teaching.examiner import Exam
from school.teaching.guesses import guesses
from school.teaching.settings import LessonSettings
from school.teaching.verdicts import Verdict, Verdicts, balanced

if TYPE_CHECKING:
    from school.teaching.tutor import Tutor

EVERY = 4  # lessons for each step of a course
TOGETHER, PASSES, FEWEST, MOST = 8, 12, 64, 96  # verdicts of a step, steps that see each of them, steps of a course
OF_PLAYED = 2  # verdicts of a step that self-play made, where there are others
REST = 200  # lessons between two courses
FADED = 0.5  # of a difference, at which it is made anew
GIVEN_BACK, TRIES = 0.3, 6  # of what costs too much, and how often
LIBRARY_ROWS, MEASURED = 8, 32  # rows of the library beside verdicts, verdicts that are measured
HELD_OUT, READERS, WARM_UP, CHUNK = 8_192, 8, 256, 64  # of an examination, in tokens


class Taste:
    """``made_of``: the verdicts that the ``difference`` is of, or that came to nothing; ``size``: its norm at first."""

    def __init__(self, settings: LessonSettings):
        self.settings, self.verdicts = settings, Verdicts(played=settings.selfplay_weight)
        self.difference: dict[str, Tensor] = {}
        self.made_of: frozenset[str] = frozenset()
        self.size = 0.0
        self.course: Course | None = None
        self.tries = 0  # how often a course's end was tried and found too dear
        self.next = 0  # the lessons' step from which on there is something to do
        self._stale = False  # somebody whose verdict something is made of took it back, or left

    # ---- when --------------------------------------------------------------------------------------------------------

    @property
    def wanted(self) -> bool:
        """Whether there are verdicts of which nothing has come yet."""
        return self._stale or bool(self.settings.verdict_budget and self.verdicts.ids != self.made_of)

    def due(self, step: int) -> bool:
        """Whether there is something to do before the lesson of this step."""
        return self._stale or (step >= self.next and bool(self.course or self.wanted or self.difference))

    def forget(self, scope: Scope) -> None:
        """What is made of those verdicts goes before the next lesson."""
        self._stale |= bool(self.verdicts.forget(scope) & self._used)

    def keep_texts(self, texts: Collection[str]) -> None:
        """What self-play made of others goes before the next lesson."""
        self._stale |= bool(self.verdicts.keep_texts(texts) & self._used)

    @property
    def _used(self) -> frozenset[str]:
        """The verdicts that something is made of."""
        return self.made_of | (self.course.made_of if self.course else frozenset())

    # ---- what --------------------------------------------------------------------------------------------------------

    def advance(self, tutor: Tutor) -> Tasted | None:
        """Do what is due, between two lessons; what came of a course, where one is over. Where something breaks, there
        is no other until there are other verdicts."""
        try:
            return self._advance(tutor)
        except BaseException:
            self.course, self.made_of, self.next = None, self.verdicts.ids, tutor.step + REST
            raise

    def _advance(self, tutor: Tutor) -> Tasted | None:
        if self._stale:
            self._take_out(tutor)
            return None
        if self.course is None:
            self._look(tutor)
            return None
        self.next = tutor.step + EVERY
        if not self.course.over(self.settings.verdict_budget):
            rng = np.random.default_rng([self.settings.seed, self.course.began, self.course.done, *b"taste"])
            self.course.step(self._draw(rng), self._library(tutor))
            return None
        if self.course.held_out is None:
            self.course.held_out = self._held_out(tutor, self.course.base)
            return None
        return self._settle(tutor)

    def fade(self, kept: float) -> None:
        """An optimizer's step left a share of what was there before: of matrices it pulls them towards zero by so much,
        of vectors the lessons pull them back to where they were, about as fast."""
        if self.difference:
            torch._foreach_mul_(list(self.difference.values()), kept)

    def drop(self) -> None:
        """The weights are others; nothing of it is in them."""
        self.difference, self.made_of, self.course, self._stale = {}, frozenset(), None, False

    # ---- a soul ------------------------------------------------------------------------------------------------------

    def facts(self) -> dict[str, Any]:
        """What a soul keeps beside the tensors; of verdicts the ids, no words."""
        course = self.course
        known = {"made_of": sorted(self.made_of), "size": self.size, "next": self.next, "tries": self.tries}
        return known | {"course": course.facts() if course else None}

    def tensors(self) -> dict[str, Tensor]:
        parts = {"difference": self.difference} | (self.course.tensors() if self.course else {})
        return {f"{part}/{name}": tensor for part, tensors in parts.items() for name, tensor in tensors.items()}

    def restore(
        self, facts: Mapping[str, Any], tensors: Mapping[str, Tensor], voice: Brain, known: frozenset[str]
    ) -> None:
        """What a soul kept; nothing of an older one. ``known``: the ids of all verdicts that there still are."""
        if not facts:
            return
        parts: dict[str, dict[str, Tensor]] = {}
        device = next(voice.parameters()).device
        for path, tensor in tensors.items():
            part, _, name = path.partition("/")
            parts.setdefault(part, {})[name] = tensor.to(device, copy=True)
        self.difference, self.made_of = parts.pop("difference", {}), frozenset(facts["made_of"])
        self.size, self.next, self.tries = facts["size"], facts["next"], facts["tries"]
        if facts["course"]:
            self.course = Course.restored(voice, facts["course"], parts)
        self._stale = bool(self._used - known)

    # ---- a course ----------------------------------------------------------------------------------------------------

    def _look(self, tutor: Tutor) -> None:
        """Begin a course, if there is reason for one."""
        faded = self.difference and norm(list(self.difference.values()), tutor.brain.backend) < FADED * self.size
        count = len(self.verdicts.ids)
        if count and (self.wanted or faded):
            steps = min(MOST, max(FEWEST, math.ceil(PASSES * count / TOGETHER)))
            made_of = self.verdicts.ids
            self.course = Course.begin(tutor.voice, self.difference, made_of=made_of, began=tutor.step, steps=steps)
            self.tries = 0
        else:
            self.next = tutor.step + REST

    def _draw(self, rng: np.random.Generator) -> list[Verdict]:
        """What a step is of: some that people gave, what a judge makes of them, and a few that self-play made."""
        given, played = list(self.verdicts), self.verdicts.played
        drawn = balanced(given, rng, TOGETHER)
        guessed = guesses(given, self.course.base, rng)
        return [*drawn, *guessed, *balanced(played, rng, OF_PLAYED if drawn else TOGETHER)]

    def _settle(self, tutor: Tutor) -> Tasted | None:
        """Take up what came of the course if it costs no more than it may; else try less of it, the next time."""
        course, settings = self.course, self.settings
        known = [*self.verdicts, *self.verdicts.played]
        drawn = balanced(known, np.random.default_rng([settings.seed, course.began]), MEASURED)
        strayed = course.measure(drawn, self._library(tutor))
        change = self._held_out(tutor, course.learner) / course.held_out - 1 if course.held_out else 0.0
        passed = strayed <= settings.verdict_budget and change <= settings.verdict_tolerance and not course.sinking
        self.tries += 1
        if not passed and not course.sinking and self.tries < TRIES:
            course.give_back(GIVEN_BACK)
            return None
        self.course, self.next = None, tutor.step + REST
        self.made_of = course.made_of
        if passed:
            self._take_up(tutor, course.difference())
        share = (1 - GIVEN_BACK) ** (self.tries - 1) * passed
        return Tasted(
            step=tutor.step, verdicts=len(course.made_of), share=share, strayed=strayed, held_out_change=change
        )

    def _held_out(self, tutor: Tutor, brain: Brain) -> float:
        """Bits per byte on some of what is held out; 0 where nothing is."""
        rows, counts = tutor.librarian.exam_rows(READERS, HELD_OUT, WARM_UP)
        return Exam(rows, counts, byte_lengths=tutor.librarian.byte_lengths, chunk=CHUNK).run(brain).bits_per_byte

    def _library(self, tutor: Tutor) -> Tensor:
        """What the next lesson reads, or a part of it."""
        bookmark, length = tutor.planner.agenda.bookmark, tutor.planner.shape.length
        lesson, _ = tutor.librarian.lesson(bookmark, streams=LIBRARY_ROWS, length=length)
        return torch.from_numpy(lesson.tokens)

    def _take_up(self, tutor: Tutor, difference: dict[str, Tensor]) -> None:
        was, self.difference = self.difference, difference
        self.size = norm(list(difference.values()), tutor.brain.backend)
        self._move(tutor, {name: -tensor for name, tensor in was.items()})
        self._move(tutor, difference)

    def _take_out(self, tutor: Tutor) -> None:
        gone = {name: -tensor for name, tensor in self.difference.items()}
        self.drop()
        if gone:
            self._move(tutor, gone)

    def _move(self, tutor: Tutor, by: dict[str, Tensor]) -> None:
        """All weights that anybody goes on from."""
        best = tutor.plateau.best

        @torch.no_grad()
        def move() -> None:
            speaking = (dict(tutor.brain.named_parameters()), dict(tutor.voice.named_parameters()))
            for weights in (*speaking, best.weights if best else {}, tutor.gate.before):
                for name in by.keys() & weights.keys():
                    weights[name].add_(by[name])
            tutor.brain.constrain()

        tutor.exchange.move(tutor, move)
