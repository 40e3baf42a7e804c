"""Whom is talked with: a baby that is grown for it, or the newest soul of a home, which stays asleep."""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import wakeup
from benchmarks.common import awake, home_with
from benchmarks.learn import examine
from benchmarks.talk.library import Library, library_of
from benchmarks.variants import SEED, Variant
from school.assembly import Awake, open_recall, souls_of
from school.door.events import ExamResult
from school.door.mailbox import Ask
from school.door.values import ME, Reply
from school.office.machine import prepare
from school.offline import newest_soul, remembering_of
from school.souls.packing import open_voice, wake_receptionist
from school.talking.conversations import Conversations
from school.talking.receptionist import Receptionist


class Woken(NamedTuple):
    """Who answers, what it reads, and what else is known of it."""

    receptionist: Receptionist
    library: Library
    facts: dict[str, Any]


@contextmanager
def grown(given: argparse.Namespace, variant: Variant, seed: int) -> Iterator[Woken]:
    """A newborn, after its time of lessons. Raises Mistake."""
    homes: list[Path] = []
    with awake(given, *variant.changes, f"{SEED}={seed}", prepare=homes.append) as (day, settings):
        library = library_of(homes[0], settings)
        facts = grow(day, settings, given)
        yield Woken(day.classroom.receptionist, library, facts)


def grow(day: Awake, settings: Any, given: argparse.Namespace) -> dict[str, Any]:
    """Lessons with the examinations that belong to them, after which it speaks as these advise, and a last one, off the
    clock."""
    tutor, receptionist = day.tutor, day.classroom.receptionist
    spent = learn_for(day, settings, given.cpu_minutes or given.minutes, by_processor=bool(given.cpu_minutes))
    result = listen(day) if day.classroom.remembering else examine(tutor)
    receptionist.heed(result.temperature, result.repeats)
    receptionist.publish(tutor.voice, tutor.step)
    return {
        "seconds": round(spent),
        "tokens": tutor.tokens_seen,
        "bits_per_byte": round(result.bits_per_byte, 4),
        "remembering": result.remembering and round(result.remembering, 4),
        "parameters": day.classroom.parameters,
    }


def learn_for(day: Awake, settings: Any, minutes: float, *, by_processor: bool) -> float:
    """Lessons for so many minutes, on the wall or of the processor's work, with the examinations that belong to them;
    the seconds that it took."""
    tutor, clock = day.tutor, time.process_time if by_processor else time.perf_counter
    started = clock()
    while clock() - started < 60 * minutes or tutor.under_way:
        tutor.micro_step()
        if tutor.exam_due:
            result = examine(tutor, limit=settings.lessons.evaluation_tokens)
            tutor.heed(result.bits_per_byte)
            day.classroom.receptionist.heed(result.temperature, result.repeats)
    return clock() - started


def listen(day: Awake) -> ExamResult:
    """Let it hear its library and learn how far to rely on that, as in daily life; the last examination."""
    remembering = day.classroom.remembering.now(day.tutor.librarian.texts)
    examine(day.tutor, remembering=remembering)
    result = examine(day.tutor, remembering=remembering)
    day.classroom.receptionist.listen_to(remembering.heard.result(), remembering.weights)
    return result


@contextmanager
def asleep(given: argparse.Namespace, variant: Variant) -> Iterator[Woken]:
    """The newest soul of a home; nothing in the home changes, and no conversation in it is read. Raises Mistake."""
    arguments = [part for change in (*given.set, *variant.changes) for part in ("--set", change)]
    settings, home = wakeup.read_options(wakeup.parse(["--home", str(given.soul), *arguments]))
    compute = prepare(settings.machine)
    soul = newest_soul(souls_of(settings, home), wakeup.whisper)
    tokenizer, voice = open_voice(soul, compute)
    with tempfile.TemporaryDirectory(prefix="baby-") as nowhere, home_with(given.text) as other:
        limit = settings.speech.conversations
        conversations = Conversations(Path(nowhere), limit=limit, disk_limit=0, device=compute.device)
        receptionist = Receptionist(voice, tokenizer, conversations, settings.speech, open_recall(tokenizer, settings))
        wake_receptionist(soul, receptionist, welcome=lambda person: False)
        if heard := remembering_of(soul, settings, home, compute):
            receptionist.listen_to(heard.heard.result(), heard.weights)
        receptionist.step = soul.step
        parameters = sum(parameter.numel() for parameter in voice.parameters())
        library = library_of(other if given.text else home, settings)
        yield Woken(receptionist, library, {"parameters": parameters})


def ask(woken: Woken, text: str, conversation: str) -> Reply:
    """One question, with nobody else waiting."""
    return woken.receptionist.answer(Ask(text, conversation, ME, None))


def interview(woken: Woken, questions: Sequence[str], answers: int) -> list[list[Reply]]:
    """So many answers to each question, round by round, every one in a conversation of its own."""
    replies: list[list[Reply]] = [[] for _ in questions]
    for turn in range(answers):
        for number, question in enumerate(questions):
            replies[number].append(ask(woken, question, f"talk {turn} {number}"))
    return replies


def converse(woken: Woken, questions: Sequence[str], turns: int, *, start: int = 0) -> list[Reply]:
    """So many questions in one conversation, from number ``start`` on, and from the first again when they are
    through."""
    name = f"talk on and on from {start}"
    return [ask(woken, questions[(start + turn) % len(questions)], name) for turn in range(turns)]


def conversations(woken: Woken, questions: Sequence[str], turns: int, count: int) -> list[list[Reply]]:
    """So many of them, each beginning with another question, so that early and late turns have the same ones."""
    starts = [number * len(questions) // count for number in range(count)]
    return [converse(woken, questions, turns, start=start) for start in starts]
