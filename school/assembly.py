"""Puts the school together from its settings and takes it apart again: whoever is needed for a waking, in order."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import wait
from contextlib import ExitStack
from copy import deepcopy
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from functools import partial
from pathlib import Path
from typing import Protocol

import torch

from brain import BrainConfig, build_brain
from brain.contract import Brain
from school.classroom import Classroom, Limits, Outside
from school.diary.scribe import Scribe
from school.diary.voice import Voices, signals_of
from school.door.consent import People
from school.door.control import Control
from school.door.events import Event, Watcher
from school.door.exchanges import REMEMBERED
from school.door.journal import Journal
from school.door.mailbox import Mailbox
from school.door.school import School
from school.door.signals import Signals
from school.door.values import date_ids_by
from school.office.foreign import one_line
from school.office.lifetime import MACHINE, Clocks, Lifetime
from school.office.log import keep_log, redact
from school.office.machine import Compute, prepare
from school.office.privacy import close_home, in_words
from school.office.seeds import seed_of
from school.record.backup import Copies
from school.record.queries import read_noted
from school.record.registrar import Registrar
from school.schedule.hours import quiet_hours, zone_of
from school.schedule.jobs import Staff, runs
from school.schedule.plan import RANG, forget_ahead, plan_of, read_past
from school.schedule.timetable import Timetable
from school.screen.announcer import Announcer, Screen
from school.screen.calligraphist import count, number_of
from school.screen.figures import Figures
from school.screen.glossary import Newcomer
from school.screen.history import KEPT
from school.screen.progress import Examination, is_it_learning
from school.settings import SchoolSettings
from school.shelving import guard_of, open_library, watch_library
from school.souls.caretaker import Caretaker, Doing, Soul
from school.souls.inspection import inspect
from school.souls.packing import brain_config, pack_soul, wake_receptionist, wake_tutor
from school.souls.saving import Saver
from school.talking.conversations import Conversations
from school.talking.recall import Recall
from school.talking.receptionist import Receptionist
from school.teaching.remembering import Remembering
from school.teaching.scoring import facts_about
from school.teaching.shape import agree, block_tokens, micro_seconds, shape_of
from school.teaching.sharing import leading_tutor
from school.teaching.team import Team
from school.teaching.tutor import Tutor
from school.texts import places
from school.texts.librarian import Librarian
from school.texts.places import STARTER_SHELF
from school.texts.tokenizer import MARK_COUNT, Tokenizer
from school.texts.turns import said_by_person

RECORD_SECONDS = 3.0  # at waking, for the record to delete what the day before could not

Say = Callable[[str], None]

log = logging.getLogger(__name__)


class Surface(Protocol):
    """A way for people to come in. ``lines`` says how it is, for a status display."""

    def start(self) -> None: ...
    async def close(self) -> None: ...
    def lines(self) -> list[str]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Waking:
    """What is asked of one waking. ``folders``: libraries besides the home's; ``steps`` and ``seconds``: when to stop;
    ``newborn``: older souls make room; ``team``: the processes that share the lessons. ``clear_out``
    removes from public chats what is older than so many days."""

    home: Path
    folders: Sequence[Path] = ()
    steps: int | None = None
    seconds: float | None = None
    learning: bool = True
    newborn: bool = False
    team: Team | None = None
    clocks: Clocks = MACHINE
    clear_out: Callable[[School, float], object] = lambda school, days: None


@dataclass(frozen=True, slots=True, kw_only=True)
class Display:
    """How lessons are shown: on a ``screen``, in a ``view``, or as a line every so often with ``show``."""

    show: Say
    screen: Screen | None = None
    view: str = "compact"
    line_seconds: float = 30.0


@dataclass(slots=True, kw_only=True)
class Mind:
    """A brain with all that belongs to it: its texts, who teaches it, who answers with it."""

    shape: BrainConfig
    soul: Soul | None  # that it wakes from, until it is awake
    librarian: Librarian
    tutor: Tutor
    receptionist: Receptionist
    remembering: Remembering | None  # where it has a hippocampus


@dataclass(slots=True, kw_only=True)
class Awake:
    """A school that is put together; whatever was opened for it is closed by the stack it was opened on."""

    tutor: Tutor
    classroom: Classroom
    school: School
    control: Control
    registrar: Registrar
    people: People
    scribe: Scribe
    announcer: Announcer
    timetable: Timetable
    voices: Voices
    signals: Signals  # what a line lets on about the answer before it
    lifetime: Lifetime
    learning: Callable[[], str]  # whether it learns, in a sentence
    say: Say
    watchers: list[Watcher]
    surfaces: list[Surface] = field(default_factory=list)
    ending: str = "broken off"


def assemble(settings: SchoolSettings, waking: Waking, display: Display, voices: Voices, closing: ExitStack) -> Awake:
    """Open everything that a day needs, in order; ``closing`` closes it in reverse order. Raises Mistake."""

    def say(text: str) -> None:
        log.info("%s", text)
        display.show(one_line(redact(text)))

    home = waking.home
    compute = prepare_for(settings, waking.team, closing)
    closing.callback(keep_log(home / "statistics", display.show))
    lifetime = count_time(settings, waking, closing, say)
    caretaker = lock_souls(settings, home, lifetime.now)
    closing.callback(caretaker.unlock)
    close_to_others(home, caretaker, say)
    soul = caretaker.make_room(say) if waking.newborn else caretaker.newest(say, set_aside=True)
    mind = wake_mind(settings, waking, soul, compute, say)
    registrar = open_record(settings, home, mind, lifetime, Copies(home / "statistics" / "baby.db", caretaker.backups))
    awake: Awake | None = None  # what fails before it is, ends unwoken
    closing.callback(lambda: registrar.close(step=mind.tutor.step, ending=awake.ending if awake else "never woke"))
    registrar.shelve(mind.librarian.texts)
    mailbox = Mailbox(settings.speech.waiting)
    control = Control(mailbox, lifetime)
    people, school = remember(registrar, mailbox, mind, lifetime)
    scribe = hire_scribe(settings, school, registrar, voices, display.show, lifetime.clocks)
    closing.callback(scribe.good_night)
    staff = Staff(
        settings=settings,
        zone=zone_of(settings.timetable.zone),
        school=school,
        control=control,
        registrar=registrar,
        scribe=scribe,
        clear_out=waking.clear_out,
    )
    timetable = hang_bells(staff, say, lifetime.clocks)
    announcer = hire_announcer(display, school, registrar, mind, timetable)
    scribe.aside = announcer.mention

    watchers: list[Watcher] = [announcer]
    outside, held_out = outside_of(registrar, watchers, scribe), registrar.queries.held_out_at(mind.tutor.step)
    classroom = open_classroom(settings, waking, mind, caretaker, mailbox, school, outside, held_out)
    greet(say, mind, classroom.parameters)
    if waking.team:
        say(f"{waking.team.size} processes share its lessons; waiting for all of them...")
        mind.tutor.exchange.assemble(mind.tutor, mind.shape, settings.lessons)
    awake = Awake(
        tutor=mind.tutor,
        classroom=classroom,
        school=school,
        control=control,
        registrar=registrar,
        people=people,
        scribe=scribe,
        announcer=announcer,
        timetable=timetable,
        voices=voices,
        signals=signals_of(voices, settings.signals),
        lifetime=lifetime,
        learning=partial(tell_progress, registrar, mind, staff.zone),
        say=say,
        watchers=watchers,
        surfaces=[watch_library(settings, waking, mind, mailbox, registrar, say)],
    )
    mind.soul = None  # all that it held was taken over, and as long as it is there so are its files, in memory
    return awake


def prepare_for(settings: SchoolSettings, team: Team | None, closing: ExitStack) -> Compute:
    """What computes here; in a team, with a GPU of its own where GPUs compute. Raises Mistake."""
    compute = prepare(settings.machine)
    if team:
        compute = replace(compute, device=team.own_device(compute.device))
        closing.callback(team.leave)
    return compute


# ---- souls ---------------------------------------------------------------------------------------------------------


def souls_of(settings: SchoolSettings, home: Path, now: Callable[[], float] = time.time) -> Caretaker:
    """The souls; ``now``, in seconds since 1970, dates what is saved."""
    return Caretaker(home / "soul", settings.soul, clock=now, inspect=inspect)


def lock_souls(
    settings: SchoolSettings, home: Path, now: Callable[[], float] = time.time, *, doing: Doing = "waking"
) -> Caretaker:
    """The souls, for this process alone. Raises Mistake."""
    caretaker = souls_of(settings, home, now)
    caretaker.lock(doing)
    return caretaker


def close_to_others(home: Path, caretaker: Caretaker, say: Say) -> None:
    """Nobody else on this machine reads what is kept of a life; told if somebody could."""
    try:
        copies = caretaker.backups.everywhere()[0]
    except OSError:  # what can't be known now is told when a copy is made
        copies = []
    for line in in_words(home, close_home(home, copies)):
        say(line)


# ---- the mind ------------------------------------------------------------------------------------------------------


def wake_mind(settings: SchoolSettings, waking: Waking, soul: Soul | None, compute: Compute, say: Say) -> Mind:
    """The brain and who works with it; what the soul holds is not in them yet. Raises Mistake."""
    librarian = open_library(settings, waking, soul, say)
    brain, shape = build_brain_for(settings, waking.home, librarian, soul, compute)
    tutor = hire_tutor(settings, brain, librarian, soul, waking.team)
    conversations = Conversations(
        waking.home / "soul" / "conversations",
        limit=settings.speech.conversations,
        disk_limit=settings.speech.conversations_on_disk,
        device=compute.device,
    )
    guard = guard_of(settings, waking, librarian, newborn=soul is None)
    receptionist = Receptionist(
        deepcopy(tutor.voice),
        librarian.tokenizer,
        conversations,
        settings.speech,
        open_recall(librarian.tokenizer, settings),
        guard,
    )
    remembering = None
    if megabytes := settings.library.remember_megabytes:
        remembering = Remembering(librarian.tokenizer.pieces, compute.backend, megabytes)
    return Mind(
        shape=shape,
        soul=soul,
        librarian=librarian,
        tutor=tutor,
        receptionist=receptionist,
        remembering=remembering,
    )


def open_recall(tokenizer: Tokenizer, settings: SchoolSettings) -> Recall:
    """What it was told, with nothing in it yet. What words are rare is told by the conversations of the starter shelf,
    whatever library it has."""
    chats = sorted(STARTER_SHELF.glob("chats*.txt"))
    usual = lambda: (turn for file in chats for turn in said_by_person(file.read_text("utf-8")))  # noqa: E731
    return Recall(tokenizer, code=settings.voice.language, usual=usual)


def build_brain_for(
    settings: SchoolSettings, home: Path, librarian: Librarian, soul: Soul | None, compute: Compute
) -> tuple[Brain, BrainConfig]:
    """The brain in the soul's shape, or a newborn's; its weights are still random. Raises Mistake."""
    shape = shape_of(settings.brain, settings.library.vocabulary)
    if soul:
        shape = agree(shape, brain_config(soul), str(home / "soul"))
    torch.manual_seed(seed_of(settings.lessons.seed))
    pieces = librarian.tokenizer.pieces
    brain = build_brain(shape, pieces=pieces, turn_tokens=MARK_COUNT, backend=compute.backend)
    return brain.to(compute.device), shape


def hire_tutor(
    settings: SchoolSettings, brain: Brain, librarian: Librarian, soul: Soul | None, team: Team | None
) -> Tutor:
    """The tutor, or the one that leads the team's; it has not heard of the soul's weights yet."""
    kind = partial(leading_tutor, team=team) if team else Tutor.of_library
    lessons = settings.lessons
    return kind(
        brain,
        librarian,
        lessons,
        block_tokens=block_tokens(settings.brain, lessons.block_tokens),
        micro_seconds=micro_seconds(settings.brain, lessons.micro_seconds),
        micro_streams=soul.facts["micro_streams"] if soul else 0,
    )


def facts_of(settings: SchoolSettings, shape: BrainConfig) -> dict[str, object]:
    """What every soul says about itself."""
    return {"brain": asdict(shape), "settings": settings.model_dump()}


def greet(say: Say, mind: Mind, parameters: int) -> None:
    number = len(mind.librarian.texts)
    texts = f"{number_of(number, 'text')}, {count(mind.librarian.tokens)} tokens"
    size = count(parameters)
    if mind.soul is None:
        say(f"babyLLM wakes for the first time: {size} parameters, nothing learned yet. Library: {texts}.")
    else:
        say(f"babyLLM wakes at step {mind.soul.step:,}: {size} parameters. Library: {texts}.")


def tell_progress(registrar: Registrar, mind: Mind, zone: tzinfo) -> str:
    """Whether it learns, in a sentence; "" while nobody can know."""
    exams = [
        Examination(at=datetime.fromisoformat(at).astimezone(zone), bits_per_byte=bits, size=size)
        for at, bits, size in registrar.queries.examinations()
    ]
    own = not all(text.name.startswith(f"{places.STARTER}/") for text in mind.librarian.texts)
    return is_it_learning(exams, datetime.now(zone), what="your writing" if own else "the starter shelf")


# ---- the classroom ---------------------------------------------------------------------------------------------------


def outside_of(registrar: Registrar, watchers: list[Watcher], scribe: Scribe) -> Outside:
    """Who hears of lessons: the record first, then the ``watchers``, also those that come later, then the scribe."""

    def publish(event: Event) -> None:
        registrar.note(event)
        for watcher in watchers:
            watcher.tell(event)
        scribe.noted(event)

    def look() -> bool:
        return any(watcher.look() for watcher in watchers)

    return Outside(publish=publish, look=look, unwritten=lambda: registrar.unwritten)


def open_classroom(
    settings: SchoolSettings,
    waking: Waking,
    mind: Mind,
    caretaker: Caretaker,
    mailbox: Mailbox,
    school: School,
    outside: Outside,
    held_out: float | None,
) -> Classroom:
    """Where lessons are given, and souls are packed from. ``held_out``: bits per byte of the last examination."""
    pack = partial(pack_soul, mind.tutor, mind.receptionist, facts_of(settings, mind.shape), mind.remembering)
    return Classroom(
        mind.tutor,
        mind.receptionist,
        mailbox,
        school,
        Saver(caretaker, pack, outside.publish, saved_step=mind.soul.step if mind.soul else None),
        limits=Limits(
            steps=waking.steps,
            seconds=waking.seconds,
            learning=waking.learning,
            considerate=settings.timetable.study == "idle",
        ),
        outside=outside,
        held_out=held_out,
        remembering=mind.remembering,
        facts=lambda file: facts_about(file, waking.home / "library", settings.library),
    )


# ---- the staff -----------------------------------------------------------------------------------------------------


def count_time(settings: SchoolSettings, waking: Waking, closing: ExitStack, say: Say) -> Lifetime:
    """The time that is lived, from where the record stopped; all ids are dated by it."""
    noted = read_noted(waking.home / "statistics" / "baby.db", waking.clocks.wall())
    lifetime = Lifetime(noted, right_on=settings.record.today, tell=say, clocks=waking.clocks)
    date_ids_by(lifetime.now)
    closing.callback(date_ids_by, None)
    return lifetime


def open_record(settings: SchoolSettings, home: Path, mind: Mind, lifetime: Lifetime, copies: Copies) -> Registrar:
    return Registrar(
        home / "statistics" / "baby.db",
        settings.record,
        run_config=settings.model_dump(),
        from_step=mind.soul.step if mind.soul else 0,
        journal=Journal.of(home),
        lifetime=lifetime,
        copies=copies,
    )


def remember(registrar: Registrar, mailbox: Mailbox, mind: Mind, lifetime: Lifetime) -> tuple[People, School]:
    """Bring back what soul and record hold, as far as people agree to it now."""
    wait([*filter(None, [registrar.caught_up]), *(removing for _, removing in registrar.inherited)], RECORD_SECONDS)
    people = People(registrar, *registrar.ledger(), clock=lifetime.now)
    if mind.soul:
        pairs = registrar.queries.pairs_learning()
        of_texts = {"", *(text.name for text in mind.librarian.texts)}  # made of none, or of one that is there
        pairs = [pair for pair in pairs if people.welcome(pair.person, pair.asker) and pair.text in of_texts]
        wake_tutor(mind.soul, mind.tutor, pairs)
        mind.receptionist.remember(pairs)
        wake_receptionist(mind.soul, mind.receptionist, welcome=people.welcome)
        if mind.remembering:
            mind.remembering.restore(mind.soul.tensors.get("hippocampus", {}))
    exchanges = [exchange for exchange in registrar.queries.exchanges(REMEMBERED) if people.welcome(exchange.person)]
    school = School(mailbox, registrar, exchanges=exchanges, lifetime=lifetime)
    school.forgetting.go_on(people.left(), registrar.inherited)
    return people, school


def hire_scribe(
    settings: SchoolSettings, school: School, registrar: Registrar, voices: Voices, show: Say, clocks: Clocks
) -> Scribe:
    """The scribe, who hears what is answered, and in quiet hours only writes. Raises Mistake."""
    zone = zone_of(settings.timetable.zone)
    quiet = quiet_hours(settings.timetable.quiet, zone)

    def murmur(text: str) -> None:  # it tells of people, so it is only shown; nobody takes lines out of a log
        if not quiet():
            show(redact(text))

    scribe = Scribe(school, registrar, voices, settings.scribe, zone=zone, say=murmur, clock=clocks.wall)
    school.listener = scribe.heard
    return scribe


def hang_bells(staff: Staff, say: Say, clocks: Clocks) -> Timetable:
    """The timetable of the day, not yet begun. Raises Mistake."""
    now = datetime.fromtimestamp(clocks.wall(), UTC)
    past = read_past(staff.registrar.path, now)
    if past.ahead:
        staff.registrar.write(lambda db: forget_ahead(db, now))
    note = partial(staff.registrar.event, RANG)
    hours = staff.settings.timetable
    return Timetable(plan_of(staff.settings), runs(staff), past, hours, note=note, tell=say, clocks=clocks)


def hire_announcer(
    display: Display, school: School, registrar: Registrar, mind: Mind, timetable: Timetable
) -> Announcer:
    return Announcer(
        display.screen or Screen(show=display.show),
        view=display.view,
        every_seconds=display.line_seconds,
        status=school.status,
        minute=mind.tutor.stopwatch.minute,
        figures=Figures(registrar.queries.steps(KEPT), registrar.queries.exams()),
        quiet=timetable.quiet,
        newcomer=None if mind.soul else Newcomer(),
    )
