"""The front door: the command line, and the one place where everything is put together and taken apart again."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if sys.version_info < (3, 11):  # noqa: UP036  (what an older Python is to say instead of a traceback)
    sys.exit("babyLLM needs Python 3.11 or newer; this is " + sys.version.split()[0] + ".")

# The threads of a step wait for each other some hundred times, by default spinning. Where others are busy too, that is
# a disaster: beside two programs on two cores a step took 4.2 s instead of 76 ms. So they spin briefly: more gains some
# per cent alone and costs much more beside others (docs/diary.md). GNU's OpenMP reads this when torch is loaded, so it
# stands before every import of it.
os.environ.setdefault("GOMP_SPINCOUNT", "4000")

if TYPE_CHECKING:
    from contextlib import ExitStack

    from torch import device as Device

    from bots.twitch import Surface
    from brain import Brain, BrainConfig
    from school.classroom import Classroom
    from school.diary.scribe import Scribe
    from school.diary.voice import Voices
    from school.door.consent import People
    from school.door.control import Control
    from school.door.mailbox import Mailbox
    from school.door.school import School
    from school.office.lifetime import Clocks, Lifetime
    from school.office.settings import Slice
    from school.record.registrar import Registrar
    from school.schedule.timetable import Timetable
    from school.screen.announcer import Announcer, Screen
    from school.souls.caretaker import Caretaker, Soul
    from school.talking.receptionist import Receptionist
    from school.teaching.team import Team
    from school.teaching.tutor import Tutor
    from school.texts.librarian import Librarian

REPOSITORY = Path(__file__).resolve().parent
STARTER = REPOSITORY / "library" / "starter"
RECORD_SECONDS = 3.0  # at waking, for the record to delete what the day before could not
Say = Callable[[str], None]

log = logging.getLogger("wakeup")


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status: 0 well, 2 the user's mistake, 1 ours."""
    signal.signal(signal.SIGINT, _leave_quietly)
    signal.signal(signal.SIGTERM, _leave_quietly)
    from school.office.privacy import close_from_now_on

    close_from_now_on()
    options = parse(arguments)
    _print_anything()
    from school.office.foreign import emit, one_line

    try:  # imported late: torch takes seconds, and --help should not
        from school.office.log import keep_last_words
        from school.office.mistakes import Mistake
    except ModuleNotFoundError as missing:
        emit(f"babyLLM: {missing.name} is not installed; run `make setup` first.", sys.stderr)
        return 2
    keep_last_words()
    try:
        if options.command is not wake and in_team() and os.environ["RANK"] != "0":
            return 0  # only lessons can be shared; the first process runs the rest
        return options.command(options)
    except Mistake as mistake:
        emit(f"babyLLM: {one_line(mistake)}", sys.stderr)
        return 2
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _print_anything() -> None:
    """A terminal that lacks a letter shows a question mark."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def _leave_quietly(*_: object) -> None:
    """A signal before there is anything to finish."""
    raise SystemExit(0)


# ---- the command line ----------------------------------------------------------------------------------------------


class Parser(argparse.ArgumentParser):
    """One line for a mistake, not the whole usage."""

    def error(self, message: str) -> None:
        from school.office.foreign import one_line

        self.exit(2, f"babyLLM: {one_line(message)} (see --help)\n")


def parse(arguments: list[str] | None) -> argparse.Namespace:
    common = Parser(add_help=False, allow_abbrev=False)
    common.add_argument("--config", type=Path, metavar="FILE", help="settings (default: config.toml beside wakeup.py)")
    common.add_argument("--home", type=Path, metavar="DIR", help="where soul/, library/ and statistics/ are")
    common.add_argument(
        "--library", type=Path, action="append", default=[], metavar="DIR", help="learn from this folder too"
    )
    common.add_argument("--set", action="append", default=[], metavar="SECTION.KEY=VALUE", help="change a setting")
    common.add_argument("--json", action="store_true", help="one JSON object on standard output")

    parser = Parser(
        prog="wakeup.py",
        description="Wakes a small language model that grows on your own writing, and lets you talk to it.",
        parents=[common],
        allow_abbrev=False,
    )
    parser.set_defaults(command=wake)
    parser.add_argument("--steps", type=_positive(int), metavar="N", help="stop after so many steps")
    parser.add_argument("--seconds", type=_positive(float), metavar="S", help="stop after so many seconds")
    parser.add_argument("--no-terminal", action="store_true", help="no chat here, only lines about the lessons")
    parser.add_argument("--no-twitch", action="store_true", help="stay away from Twitch")
    parser.add_argument("--no-train", action="store_true", help="talk without learning")
    parser.add_argument(
        "--newborn", action="store_true", help="let a new baby be born; older souls are moved to soul/earlier"
    )
    commands = parser.add_subparsers(metavar="COMMAND", title="instead of waking it")
    ask = commands.add_parser("ask", help="ask one question", parents=[common])
    ask.add_argument("text", nargs="+", metavar="TEXT")
    ask.add_argument("--conversation", default="", metavar="NAME", help="go on from this conversation")
    ask.set_defaults(command=ask_once)
    score = commands.add_parser("score", help="bits per byte of texts, without learning", parents=[common])
    score.add_argument("files", nargs="+", type=Path, metavar="FILE")
    score.set_defaults(command=score_files)
    read = commands.add_parser(
        "read", help="read a text once, foretelling each token, then learning it", parents=[common]
    )
    read.add_argument("file", type=Path, metavar="FILE")
    read.add_argument("--keep", action="store_true", help="keep what it learned in its soul")
    read.set_defaults(command=read_file)
    stats = commands.add_parser("stats", help="look at its life so far", parents=[common])
    stats.add_argument("--search", metavar="WORDS", help="find what was said")
    stats.add_argument("--last", type=_positive(int), default=5, metavar="N", help="messages to show")
    stats.add_argument("--weather", action="store_true", help="plot how it felt, over its life")
    stats.set_defaults(command=show_stats)
    timetable = commands.add_parser("timetable", help="what is due when", parents=[common])
    timetable.set_defaults(command=show_timetable)
    diary = commands.add_parser("diary", help="read its diary and its letters home", parents=[common])
    diary.add_argument("--last", type=_positive(int), default=7, metavar="N", help="pages to show")
    diary.set_defaults(command=show_diary)
    twitch = commands.add_parser("twitch", help="set Twitch up, and see whether it works", parents=[common])
    twitch.add_argument("errand", choices=("login", "check", "whois", "logout"), help="what to do")
    twitch.add_argument("names", nargs="*", metavar="NAME", help="whois: the accounts to look up")
    twitch.add_argument("--device", action="store_true", help="login: with a code, on any device")
    twitch.add_argument("--no-browser", action="store_true", help="login: don't open a browser")
    twitch.set_defaults(command=twitch_errand)

    # Common options may stand before or behind the command, so they are taken out first.
    given, rest = common.parse_known_args(arguments)
    options = parser.parse_args(rest)
    for name, value in vars(given).items():
        setattr(options, name, value)
    return options


def _positive(kind: Callable[[str], Any]) -> Callable[[str], Any]:
    def convert(text: str) -> Any:
        value = kind(text)
        if value <= 0:
            raise argparse.ArgumentTypeError("must be more than 0")
        return value

    convert.__name__ = "number" if kind is float else "whole number"
    return convert


# ---- settings and places -------------------------------------------------------------------------------------------


def settings_tree() -> type[Slice]:
    """All settings, each slice from the part that owns it."""

    from pydantic import Field

    from bots.chat.settings import ChatLessonSettings, ChatSettings, CommandSettings
    from bots.terminal import TerminalSettings
    from bots.twitch.settings import TwitchSettings
    from school.diary.scribe import ScribeSettings
    from school.diary.voice import VoiceSettings
    from school.office.machine import MachineSettings
    from school.office.settings import Slice
    from school.record.registrar import RecordSettings
    from school.schedule.timetable import TimetableSettings
    from school.souls.caretaker import SoulSettings
    from school.talking.receptionist import SpeechSettings
    from school.teaching.pedagogy import PedagogySettings
    from school.teaching.settings import LessonSettings
    from school.teaching.shape import BrainSettings
    from school.texts.librarian import LibrarySettings

    class Settings(Slice):
        """All settings of babyLLM, with their defaults. Delete what you don't want to change, or all of it.
        The brain's shape and its lessons are row "toddler" of docs/leaderboard.md."""

        brain: BrainSettings = Field(default_factory=BrainSettings)
        library: LibrarySettings = Field(default_factory=LibrarySettings)
        lessons: LessonSettings = Field(default_factory=LessonSettings)
        pedagogy: PedagogySettings = Field(default_factory=PedagogySettings)
        speech: SpeechSettings = Field(default_factory=SpeechSettings)
        soul: SoulSettings = Field(default_factory=SoulSettings)
        record: RecordSettings = Field(default_factory=RecordSettings)
        timetable: TimetableSettings = Field(default_factory=TimetableSettings)
        voice: VoiceSettings = Field(default_factory=VoiceSettings)
        scribe: ScribeSettings = Field(default_factory=ScribeSettings)
        terminal: TerminalSettings = Field(default_factory=TerminalSettings)
        twitch: TwitchSettings = Field(default_factory=TwitchSettings)
        chat: ChatSettings = Field(default_factory=ChatSettings)
        chat_lessons: ChatLessonSettings = Field(default_factory=ChatLessonSettings)
        commands: CommandSettings = Field(default_factory=CommandSettings)
        machine: MachineSettings = Field(default_factory=MachineSettings)

    return Settings


def read_options(options: argparse.Namespace) -> tuple[Any, Path]:
    """The settings and the home. Raises Mistake."""
    from school.office.mistakes import Mistake
    from school.office.settings import read_settings

    default = REPOSITORY / "config.toml"
    file = options.config or (default if default.exists() else None)
    settings = read_settings(settings_tree(), file, options.set)
    home = options.home or Path(os.environ.get("BABYLLM_HOME") or REPOSITORY)
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Mistake(f"{home}: can't be used as a home ({error.strerror}).") from None
    for room in ("library", "soul", "statistics"):
        if os.path.lexists(home / room) and not (home / room).is_dir():
            raise Mistake(f"{home / room}: must be a folder; move away what is there under this name.")
    for folder in options.library:
        if not folder.is_dir():
            raise Mistake(f"--library {folder}: there is no such folder.")
    return settings, home


def whisper(text: str) -> None:
    """What a person may want to know, beside the results on standard output."""
    from school.screen.calligraphist import show

    show(text, sys.stderr)


def aside(text: str) -> None:
    """``whisper`` of what may name things from outside: one line."""
    from school.office.foreign import one_line

    whisper(one_line(text))


# ---- putting it together -------------------------------------------------------------------------------------------


def open_library(settings: Any, home: Path, options: argparse.Namespace, soul: Soul | None, say: Say) -> Librarian:
    """The texts, through the soul's tokenizer or, for a newborn, one learned from them. Raises Mistake."""
    from school.teaching.shape import shape_of
    from school.texts.librarian import Librarian, gather_sources, train_tokenizer
    from school.texts.tokenizer import Tokenizer

    library = home / "library"
    library.mkdir(exist_ok=True)
    sources = gather_sources(library, options.library, STARTER, settings.library.starter)
    held_out = settings.library.held_out
    if soul:
        tokenizer = Tokenizer.from_json(soul.tokenizer)
    else:
        say(f"a new baby: learning its letters from {len(sources)} texts...")
        shape = shape_of(settings.brain, settings.library.vocabulary)
        tokenizer = train_tokenizer(
            sources,
            vocabulary=shape.vocabulary,
            minimum_frequency=settings.library.minimum_frequency,
            held_out=held_out,
        )
    cache = home / "soul" / "tokens"
    librarian = Librarian.open(sources, tokenizer, held_out=held_out, cache=cache, seed=settings.lessons.seed, say=say)
    for name, why in librarian.skipped.items():
        say(f"skipped {name}: {why}.")
    return librarian


def souls_of(settings: Any, home: Path, now: Callable[[], float] | None = None) -> Caretaker:
    """The souls; ``now``, in seconds since 1970, dates what is saved."""
    import time

    from school.souls.caretaker import Caretaker
    from school.souls.inspection import inspect

    return Caretaker(home / "soul", settings.soul, clock=now or time.time, inspect=inspect)


def lock_souls(settings: Any, home: Path, now: Callable[[], float] | None = None) -> Caretaker:
    """The souls, for this process alone. Raises Mistake."""
    caretaker = souls_of(settings, home, now)
    caretaker.lock()
    return caretaker


def read_voices_for(settings: Any, home: Path) -> Voices:
    """What baby and staff say, as the home changes it. Raises Mistake."""
    from bots.chat.parsing import names
    from school.diary.voice import CHAT, read_voices

    return read_voices(home, settings.voice.language, {CHAT: names(settings.commands)})


def build_brain_for(
    settings: Any, home: Path, librarian: Librarian, soul: Soul | None, device: Device
) -> tuple[Brain, BrainConfig]:
    """The brain in the soul's shape, or a newborn's; its weights are still random. Raises Mistake."""
    import torch

    from brain import build_brain
    from school.office.seeds import seed_of
    from school.souls.packing import brain_config
    from school.teaching.shape import agree, shape_of
    from school.texts.tokenizer import MARK_COUNT

    shape = shape_of(settings.brain, settings.library.vocabulary)
    if soul:
        shape = agree(shape, brain_config(soul), str(home / "soul"))
    torch.manual_seed(seed_of(settings.lessons.seed))
    brain = build_brain(shape, pieces=librarian.tokenizer.pieces, turn_tokens=MARK_COUNT)
    return brain.to(device), shape


# ---- waking --------------------------------------------------------------------------------------------------------


def wake(options: argparse.Namespace) -> int:
    """Wake it, live until told to stop, put it to bed."""
    import asyncio
    from contextlib import ExitStack
    from dataclasses import asdict

    from bots.terminal import interactive
    from school.office.foreign import emit, to_json
    from school.screen.announcer import Screen
    from school.teaching.tutor import TeamBroken

    settings, home = read_options(options)
    team = find_team()
    if team and team.rank:
        return help_teach(settings, team)
    chat = "none" if options.no_terminal or sys.stdin is None else "prompt" if interactive() else "pipe"
    show = whisper if options.json or chat == "pipe" else _print
    with ExitStack() as closing:
        try:
            screen = Screen.on(sys.stderr if show is whisper else sys.stdout, show)
            awake = put_together(settings, home, options, closing, show, team, screen)
        except TeamBroken as broken:
            aside(f"babyLLM: it can't begin: {broken}.")
            return 1
        status = asyncio.run(_live(awake, settings, chat))
        awake.ending = "asleep" if status == 0 else "broke"
    if options.json:
        emit(to_json(asdict(awake.school.status())), sys.stdout)
    return status


@dataclass(slots=True)
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
    say: Say
    timetable: Timetable
    voices: Voices
    twitch: Surface | None = None
    ending: str = "broken off"


def put_together(  # noqa: PLR0915
    settings: Any,
    home: Path,
    options: argparse.Namespace,
    closing: ExitStack,
    show: Say,
    team: Team | None = None,
    screen: Screen | None = None,
    clocks: Clocks | None = None,
) -> Awake:
    """Open everything that a day needs, in order; ``closing`` closes it in reverse order. ``screen`` is where lessons
    are shown, if it is more than lines for ``show``; ``clocks``: others than this machine's. Raises Mistake."""
    from dataclasses import asdict

    from school.classroom import Classroom, Limits
    from school.door.control import Control
    from school.door.mailbox import Mailbox
    from school.office.foreign import one_line
    from school.office.log import keep_log, redact
    from school.office.machine import prepare
    from school.record.registrar import Registrar
    from school.screen.announcer import Announcer, Screen
    from school.screen.figures import Figures
    from school.screen.history import KEPT
    from school.talking.conversations import Conversations
    from school.talking.receptionist import Receptionist

    def say(text: str) -> None:
        log.info("%s", text)
        show(one_line(redact(text)))

    voices = read_voices_for(settings, home)
    device = prepare(settings.machine)
    if team:
        device = team.own_device(device)
        closing.callback(team.leave)
    closing.callback(keep_log(home / "statistics", show))
    lifetime = count_time(settings, home, closing, say, clocks)
    caretaker = lock_souls(settings, home, lifetime.now)
    closing.callback(caretaker.unlock)
    close_to_others(home, caretaker, say)
    soul = caretaker.make_room(say) if options.newborn else caretaker.newest(say, set_aside=True)
    librarian = open_library(settings, home, options, soul, say)
    brain, shape = build_brain_for(settings, home, librarian, soul, device)
    tutor = hire_tutor(settings, brain, librarian, soul, team)
    conversations = Conversations(
        home / "soul" / "conversations",
        limit=settings.speech.conversations,
        disk_limit=settings.speech.conversations_on_disk,
        device=device,
    )
    receptionist = Receptionist(tutor.voice, librarian.tokenizer, conversations, settings.speech)
    registrar = Registrar(
        home / "statistics" / "baby.db",
        settings.record,
        run_config=settings.model_dump(),
        from_step=soul.step if soul else 0,
        lifetime=lifetime,
    )
    awake: Awake | None = None  # what fails before it is, ends unwoken
    closing.callback(lambda: registrar.close(step=tutor.step, ending=awake.ending if awake else "never woke"))
    registrar.shelve(librarian.texts)
    mailbox = Mailbox(settings.speech.waiting)
    people, school = remember(registrar, mailbox, soul, tutor, receptionist, lifetime)
    scribe = hire_scribe(settings, school, registrar, voices, show, lifetime.clocks)
    closing.callback(scribe.good_night)
    control = Control(mailbox, lifetime)
    timetable = hang_bells(settings, school, control, registrar, scribe, say, lifetime.clocks)
    announcer = Announcer(
        screen or Screen(show=show),
        view=settings.terminal.view,
        every_seconds=settings.terminal.line_seconds,
        status=school.status,
        minute=tutor.stopwatch.minute,
        figures=Figures(registrar.steps(KEPT), registrar.exams()),
        quiet=timetable.quiet,
    )
    scribe.aside = announcer.mention
    classroom = Classroom(
        tutor,
        receptionist,
        mailbox,
        school,
        caretaker,
        facts={"brain": asdict(shape), "settings": settings.model_dump()},
        limits=Limits(
            steps=options.steps,
            seconds=options.seconds,
            learning=not options.no_train,
            considerate=settings.timetable.study == "idle",
        ),
        publish=lambda event: (registrar.note(event), announcer.tell(event), scribe.noted(event)),
        unwritten=lambda: registrar.unwritten,
        look=announcer.look,
        team=team,
    )
    _greet(say, librarian, classroom.parameters, soul)
    awake = Awake(tutor, classroom, school, control, registrar, people, scribe, announcer, say, timetable, voices)
    awake.twitch = None if options.no_twitch else find_twitch(awake, settings, home, lifetime)
    if team:
        say(f"{team.size} processes share its lessons; waiting for all of them...")
        tutor.assemble(shape, settings.lessons, settings.pedagogy)
    return awake


def close_to_others(home: Path, caretaker: Caretaker, say: Say) -> None:
    """Nobody else on this machine reads what is kept of a life; told if somebody could."""
    from school.office.privacy import close_home, in_words

    try:
        copies = caretaker.backups.everywhere()[0]
    except OSError:  # what can't be known now is told when a copy is made
        copies = []
    for line in in_words(home, close_home(home, copies)):
        say(line)


def count_time(settings: Any, home: Path, closing: ExitStack, say: Say, clocks: Clocks | None) -> Lifetime:
    """The time that is lived, from where the record stopped; all ids are dated by it."""
    from school.door.values import date_ids_by
    from school.office.lifetime import MACHINE, Lifetime
    from school.record.registrar import read_noted

    clocks = clocks or MACHINE
    noted = read_noted(home / "statistics" / "baby.db", clocks.wall())
    lifetime = Lifetime(noted, right_on=settings.record.today, tell=say, clocks=clocks)
    date_ids_by(lifetime.now)
    closing.callback(date_ids_by, None)
    return lifetime


def remember(
    registrar: Registrar,
    mailbox: Mailbox,
    soul: Soul | None,
    tutor: Tutor,
    receptionist: Receptionist,
    lifetime: Lifetime,
) -> tuple[People, School]:
    """Bring back what soul and record hold, as far as people agree to it now."""
    from concurrent.futures import wait

    from school.door.consent import People
    from school.door.school import REMEMBERED, School
    from school.souls.packing import wake_receptionist, wake_tutor

    wait([removing for _, removing in registrar.inherited], RECORD_SECONDS)
    people = People(registrar, *registrar.ledger(), clock=lifetime.now)
    if soul:
        pairs = registrar.pairs_learning()
        wake_tutor(soul, tutor, [pair for pair in pairs if people.welcome(pair.person, pair.asker)])
        wake_receptionist(soul, receptionist, welcome=people.welcome)
    exchanges = [exchange for exchange in registrar.exchanges(REMEMBERED) if people.welcome(exchange.person)]
    school = School(mailbox, registrar, exchanges=exchanges, lifetime=lifetime)
    school.catch_up(people.left(), registrar.inherited)
    return people, school


def find_twitch(awake: Awake, settings: Any, home: Path, lifetime: Lifetime) -> Surface | None:
    """The way into a chat, where somebody set one up. Raises Mistake."""
    from bots.twitch import configured, open_twitch

    if not configured(home):
        return None
    since = awake.registrar.lessons_since
    quiet = awake.timetable.quiet
    how = {"lessons_since": since, "tell": awake.say, "quiet": quiet, "wall": lifetime.now}
    return open_twitch(awake.school, awake.control.save, awake.people, home, settings, **how)


def hire_scribe(
    settings: Any, school: School, registrar: Registrar, voices: Voices, show: Say, clocks: Clocks
) -> Scribe:
    """The scribe, who hears what is answered, and in quiet hours only writes. Raises Mistake."""
    from school.diary.scribe import Scribe
    from school.office.log import redact
    from school.schedule.hours import quiet_hours, zone_of

    zone = zone_of(settings.timetable.zone)
    quiet = quiet_hours(settings.timetable.quiet, zone)

    def murmur(text: str) -> None:  # it tells of people, so it is only shown; nobody takes lines out of a log
        if not quiet():
            show(redact(text))

    scribe = Scribe(school, registrar, voices, settings.scribe, zone=zone, say=murmur, clock=clocks.wall)
    school.listener = scribe.heard
    return scribe


def hang_bells(
    settings: Any,
    school: School,
    control: Control,
    registrar: Registrar,
    scribe: Scribe,
    say: Say,
    clocks: Clocks,
) -> Timetable:
    """The timetable of the day, not yet begun: which bell posts what. Raises Mistake."""
    from datetime import UTC, datetime

    from school.schedule.hours import midnight, zone_of
    from school.schedule.timetable import RANG, Timetable, forget_ahead, plan_of, read_past

    hours = settings.timetable
    zone = zone_of(hours.zone)
    rings = {
        "save": lambda _: control.save(),
        "study": lambda _: control.study_after(60 * hours.idle_minutes),
        "examine": lambda _: control.examine(),
        "thin": lambda _: registrar.thin(),
        "clear out": lambda _: school.clear_out("twitch", settings.record.chat_days),
        "diary": lambda days: [scribe.write_day(day) for day in days],
        "letter": lambda days: scribe.write_letter(days[-1]),
        "night": lambda days: control.rehearse(midnight(days[0], zone)),
        "backup": lambda _: control.back_up(),
    }
    now = datetime.fromtimestamp(clocks.wall(), UTC)
    past = read_past(registrar.path, now)
    if past.ahead:
        registrar.write(lambda db: forget_ahead(db, now))
    note = lambda bell: registrar.event(RANG, bell)  # noqa: E731
    return Timetable(plan_of(settings), rings, past, hours, note=note, tell=say, clocks=clocks)


def hire_tutor(settings: Any, brain: Brain, librarian: Librarian, soul: Soul | None, team: Team | None) -> Tutor:
    """The tutor, or the one that leads the team's; it has not heard of the soul's weights yet."""
    from functools import partial

    from school.teaching.shape import block_tokens, micro_seconds
    from school.teaching.tutor import Tutor

    kind = Tutor
    if team:
        from school.teaching.team import Leader

        kind = partial(Leader, team=team)
    lessons = settings.lessons
    return kind(
        brain,
        librarian,
        lessons,
        block_tokens=block_tokens(settings.brain, lessons.block_tokens),
        micro_seconds=micro_seconds(settings.brain, lessons.micro_seconds),
        micro_streams=soul.facts["micro_streams"] if soul else None,
        pedagogy=settings.pedagogy,
    )


def _greet(say: Say, librarian: Librarian, parameters: int, soul: Soul | None) -> None:
    from school.screen.calligraphist import count

    texts = f"{len(librarian.texts)} texts, {count(librarian.tokens)} tokens"
    size = count(parameters)
    if soul is None:
        say(f"babyLLM wakes for the first time: {size} parameters, nothing learned yet. Library: {texts}.")
    else:
        say(f"babyLLM wakes at step {soul.step:,}: {size} parameters. Library: {texts}.")


async def _live(awake: Awake, settings: Any, chat: str) -> int:
    """The event loop's part of a day: bells, chat and signals, until the classroom is done."""
    import asyncio

    from school.office.errors import in_short

    classroom, school, say = awake.classroom, awake.school, awake.say
    loop = asyncio.get_running_loop()
    told = False

    def go_to_sleep() -> None:
        nonlocal told
        if told:
            os._exit(130)  # the second time: at once
        told = True
        say("finishing the step and saving... (once more: leave at once)")
        classroom.stop()

    _on_signals(loop, go_to_sleep)
    awake.timetable.start()
    classroom.start()
    if "diary" in awake.timetable.plan:
        awake.scribe.catch_up()
    if awake.twitch:
        awake.twitch.start()
    tasks = [asyncio.create_task(_talk(awake, chat, go_to_sleep)), asyncio.create_task(awake.announcer.keep_telling())]
    try:
        await asyncio.wrap_future(classroom.done)
    except Exception as error:
        why = in_short(error)
        say(f"babyLLM broke ({why}). What it had learned is saved up to its last save; baby.log has the details.")
        return 1
    finally:
        awake.timetable.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        awake.announcer.catch_up()
        if awake.twitch:
            await awake.twitch.close()
    say(f"babyLLM sleeps at step {school.status().step:,}. Good night.")
    return 0


async def _talk(awake: Awake, chat: str, quit_: Callable[[], None]) -> None:
    """The terminal's part, if there is one. Whatever becomes of it, the lessons go on."""
    from bots.terminal import Commands, Prompt, chat_on_pipe
    from school.office.errors import in_short
    from school.office.slowness import why_slow

    school, say = awake.school, awake.say
    others = [awake.timetable.lines, *([awake.twitch.lines] if awake.twitch else [])]
    commands = Commands(
        school,
        _print,
        quit_,
        awake.control.save,
        others=lambda: [line for lines in others for line in lines()],
        view=awake.announcer.choose,
        why_slow=lambda: why_slow(awake.tutor.stopwatch.minute()),
        names=awake.voices["names"],
    )
    try:
        if chat == "prompt":
            from prompt_toolkit.patch_stdout import patch_stdout

            with patch_stdout(raw=True):
                say("Type to talk to it, /help for more, Ctrl-C to let it sleep.")
                await Prompt(school, commands, quit_).run()
        elif chat == "pipe":
            await chat_on_pipe(commands)
    except Exception as error:
        log.exception("the terminal broke")
        say(f"the chat in this terminal broke ({in_short(error)}); the lessons go on. Ctrl-C lets it sleep.")


def _on_signals(loop: Any, act: Callable[[], None]) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, act)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(act))


def _print(text: str) -> None:
    from school.screen.calligraphist import show

    show(text, sys.stdout)


# ---- sharing the lessons -------------------------------------------------------------------------------------------


def in_team() -> bool:
    """Whether torchrun, or whatever sets the same variables, started several processes of which this is one."""
    known = {"RANK", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT"} <= os.environ.keys()
    return known and os.environ.get("WORLD_SIZE", "1") != "1"


def find_team() -> Team | None:
    """The processes that torchrun started together with this one, or None where there are no others."""
    if not in_team():
        return None
    from school.teaching.team import Team

    for number in (signal.SIGINT, signal.SIGTERM):  # while it waits for the others, no handler of Python's would run
        signal.signal(number, signal.SIG_DFL)
    return Team.of_environment()


def help_teach(settings: Any, team: Team) -> int:
    """The life of a process that only computes: it does what the first one says, until that says stop."""
    from school.office.machine import prepare
    from school.teaching.shape import block_tokens, shape_of
    from school.teaching.team import enlist
    from school.teaching.tutor import TeamBroken

    device = team.own_device(prepare(settings.machine))
    try:
        team.join(device)
        for number in (signal.SIGINT, signal.SIGTERM):  # the first process hears them too, saves, and says stop
            signal.signal(number, signal.SIG_IGN)
        shape = shape_of(settings.brain, settings.library.vocabulary)
        length = block_tokens(settings.brain, settings.lessons.block_tokens)
        enlist(team, shape, settings.lessons, settings.pedagogy, block_tokens=length, device=device).follow()
    except TeamBroken as broken:
        aside(f"babyLLM: process {team.rank} leaves: {broken}.")
        return 1
    finally:
        team.leave()
    return 0


# ---- the other commands --------------------------------------------------------------------------------------------


def ask_once(options: argparse.Namespace) -> int:
    from school.office.foreign import emit, to_json
    from school.offline import ask, newest_soul
    from school.screen.calligraphist import for_screen

    settings, caretaker, device = _for_errand(options)
    soul = newest_soul(caretaker, aside)
    reply = ask(
        soul, " ".join(options.text), conversation=options.conversation, settings=settings.speech, device=device
    )
    if options.json:
        fields = ("text", "step", "seconds", "color", "conversation")
        emit(to_json({name: getattr(reply, name) for name in fields}), sys.stdout)
    else:
        emit(for_screen(reply.text), sys.stdout)
    return 0


def score_files(options: argparse.Namespace) -> int:
    from dataclasses import asdict

    from school.office.foreign import emit, one_line, to_json
    from school.offline import newest_soul, score

    _, caretaker, device = _for_errand(options)
    soul = newest_soul(caretaker, aside)
    scores = score(soul, options.files, device)
    if options.json:
        emit(to_json({"files": [asdict(one) for one in scores], "step": soul.step}), sys.stdout)
        return 0
    for one in scores:
        size = f"{one.bytes:,} bytes  {one.tokens:,} tokens"
        emit(f"{one.bits_per_byte:.4f} bits/byte  {size}  {one_line(one.file)}", sys.stdout)
    return 0


def read_file(options: argparse.Namespace) -> int:
    import time
    from dataclasses import asdict

    from school.office.foreign import emit, one_line, to_json
    from school.office.machine import prepare
    from school.offline import open_file
    from school.souls.packing import pack_soul, wake_receptionist, wake_tutor
    from school.talking.conversations import Conversations
    from school.talking.receptionist import Receptionist
    from school.teaching.reader import Reader

    settings, home = read_options(options)
    device = prepare(settings.machine)
    caretaker = lock_souls(settings, home)
    try:
        soul = caretaker.newest(aside, set_aside=True)
        librarian = open_library(settings, home, options, soul, aside)
        brain, shape = build_brain_for(settings, home, librarian, soul, device)
        started = time.monotonic()
        reader = Reader(brain, librarian, settings.lessons, open_file(options.file, librarian.tokenizer))
        if soul:
            wake_tutor(soul, reader, [])
        reading = reader.read(aside)
        if options.keep:
            conversations = Conversations(home / "soul" / "conversations", limit=1, disk_limit=0, device=device)
            receptionist = Receptionist(reader.voice, librarian.tokenizer, conversations, settings.speech)
            if soul:
                wake_receptionist(soul, receptionist)
            kept = pack_soul(reader, receptionist, {"brain": asdict(shape), "settings": settings.model_dump()})
            kept.facts |= {name: soul.facts.get(name, {}) if soul else {} for name in ("reviews", "pedagogy")}
            aside(f"soul saved: {caretaker.save(kept)}")
    finally:
        caretaker.unlock()
    result = {"file": str(options.file), **asdict(reading), "seconds": time.monotonic() - started}
    if options.json:
        emit(to_json(result), sys.stdout)
    else:
        emit(
            f"{reading.bits_per_byte:.4f} bits/byte, {reading.tail_bits_per_byte:.4f} in the last tenth, "
            f"{reading.bytes:,} bytes in {result['seconds']:.0f} s  {one_line(options.file)}",
            sys.stdout,
        )
    return 0


def show_stats(options: argparse.Namespace) -> int:
    import shutil

    from school.office.foreign import emit, to_json
    from school.record.chronicle import read_life, render
    from school.schedule.hours import zone_of

    settings, home = read_options(options)
    zone = zone_of(settings.timetable.zone)
    life = read_life(home, search=options.search, last=options.last, zone=zone)
    if options.json:
        emit(to_json(life), sys.stdout)
    else:
        width = shutil.get_terminal_size().columns
        emit(render(life, width, weather=options.weather, zone=zone), sys.stdout)
    return 0


def show_diary(options: argparse.Namespace) -> int:
    from school.office.foreign import emit, to_json
    from school.record.chronicle import read_diary
    from school.screen.calligraphist import for_screen

    _, home = read_options(options)
    found = read_diary(home, last=options.last)
    if options.json:
        emit(to_json({"pages": found}), sys.stdout)
        return 0
    for page in found:
        _print(for_screen(page["text"]) + "\n")
    return 0


def show_timetable(options: argparse.Namespace) -> int:
    import shutil
    from dataclasses import asdict

    from school.office.foreign import emit, to_json
    from school.schedule.noticeboard import as_table, look_up

    settings, home = read_options(options)
    table = look_up(settings, home / "statistics" / "baby.db")
    width = shutil.get_terminal_size().columns
    emit(to_json(asdict(table), default=str) if options.json else as_table(table, width), sys.stdout)
    return 0


def twitch_errand(options: argparse.Namespace) -> int:
    import asyncio

    from bots.twitch.cli import run_errand
    from school.office.log import keep_log

    settings, home = read_options(options)
    stop_log = keep_log(home / "statistics", whisper)  # it keeps secrets, also those in the libraries' own words
    try:
        errand = run_errand(
            options.errand,
            options.names,
            home=home,
            settings=settings.twitch,
            device=options.device,
            browser=not options.no_browser,
            as_json=options.json,
        )
        return asyncio.run(errand)
    finally:
        stop_log()


def _for_errand(options: argparse.Namespace) -> tuple[Any, Caretaker, Device]:
    from school.office.machine import prepare

    settings, home = read_options(options)
    return settings, souls_of(settings, home), prepare(settings.machine)


if __name__ == "__main__":
    sys.exit(main())
