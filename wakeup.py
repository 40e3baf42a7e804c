"""The front door: the command line, the surfaces, and a life from waking to bedtime."""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if sys.version_info < (3, 11):  # noqa: UP036  (what an older Python is to say instead of a traceback)
    sys.exit("babyLLM needs Python 3.11 or newer; this is " + sys.version.split()[0] + ".")

# The threads of a step wait for each other some hundred times, by default spinning. Where others are busy too, that is
# a disaster: beside two programs on two cores a step took 4.2 s instead of 76 ms. So they spin briefly: more gains some
# per cent alone and costs much more beside others (docs/diary.md). GNU's OpenMP reads this when torch is loaded, so it
# stands before every import of it.
os.environ.setdefault("GOMP_SPINCOUNT", "4000")
# Settings need no plugins, and looking for some in all packages takes a tenth of what a look costs.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")

from bots.command_line import Parser, parse
from school.office.foreign import emit, one_line, to_json
from school.office.privacy import close_from_now_on, closed_to_us

if TYPE_CHECKING:
    import argparse
    from asyncio import AbstractEventLoop
    from contextlib import ExitStack

    from bots.chat.context import Hooks
    from bots.chat.surface import Surface as ChatSurface
    from bots.settings import Settings
    from bots.typed import House as Desk
    from school.assembly import Awake, Surface
    from school.office.given import Given
    from school.office.lifetime import Clocks
    from school.screen.announcer import Screen
    from school.settings import SchoolSettings
    from school.teaching.team import Team

REPOSITORY = Path(__file__).resolve().parent
BEDTIME = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]

Say = Callable[[str], None]

__all__ = ["Parser", "main", "parse", "put_together", "read_options", "whisper"]  # what measurements and tests take

log = logging.getLogger("wakeup")


def main(arguments: list[str] | None = None) -> int:
    """Run one command, of this process's own ``arguments`` where none are given; returns the exit status: 0 well, 2 the
    user's mistake, 1 ours."""
    options = parse(arguments)
    if arguments is None and options.verb == "wake":
        start_tuned()
    on_bedtime(LeaveQuietly())
    close_from_now_on()
    _print_anything()
    try:
        return _run(options)
    except ModuleNotFoundError as missing:
        if (missing.name or "").split(".")[0] in ("", "bots", "brain", "school"):
            raise
        emit(f"babyLLM: {_not_installed(missing.name)}", sys.stderr)
        return 2


def start_tuned() -> None:
    """Where a process that learns has to begin otherwise, begin anew, as the same process: before anything is open, and
    before a signal is heard, which would be lost in between."""
    from school.office.memory import tuned

    more = tuned(os.environ)
    if more and sys.executable:
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], os.environ | more)


def _run(options: argparse.Namespace) -> int:
    from school.office.log import keep_last_words  # imported late: torch takes seconds, and --help should not
    from school.office.mistakes import Mistake

    keep_last_words()
    try:
        if options.verb != "wake" and in_team() and os.environ["RANK"] != "0":
            return 0  # only lessons can be shared; the first process runs the rest
        return COMMANDS[options.verb](options)
    except Mistake as mistake:
        emit(f"babyLLM: {one_line(mistake)}", sys.stderr)
        return 2
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _not_installed(package: str) -> str:
    """What to do where this Python lacks a package."""
    where = f"{package} is not installed for {sys.executable or 'this Python'}"
    python = REPOSITORY / ".venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    first = f"run `make setup` in {REPOSITORY} first"
    if Path(sys.prefix) == python.parent.parent:
        return f"{where}; {first}."
    return f"{where}; {first}, then use {python}."


def _print_anything() -> None:
    """A terminal that lacks a letter shows a question mark."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def bedtime_signals() -> list[signal.Signals]:
    """What tells it to sleep: Ctrl-C, a kill, a terminal that is closed; unless it was started to outlive that one."""
    hangup = getattr(signal, "SIGHUP", None)
    return [number for number in BEDTIME if number != hangup or signal.getsignal(number) != signal.SIG_IGN]


def on_bedtime(handler: Callable[..., object]) -> None:
    for number in bedtime_signals():
        signal.signal(number, handler)


class LeaveQuietly:
    """A signal before there is anything to finish. ``told``: that there was one, for an exception that is raised where
    nobody can catch it (by a callback, while rubbish is collected) is lost."""

    def __init__(self) -> None:
        self.told = False

    def __call__(self, *_: object) -> None:
        self.told = True
        raise SystemExit(0)


def told_to_leave() -> bool:
    """Whether a signal came that was lost."""
    return any(getattr(signal.getsignal(number), "told", False) for number in bedtime_signals())


def _load() -> None:
    """Import what takes seconds. A signal meanwhile ends it at once: nothing is open yet, and an exception amid torch's
    own start is lost, or aborts."""
    on_bedtime(lambda *_: os._exit(0))
    for module in ("bots.terminal", "school.assembly"):
        import_module(module)
    on_bedtime(LeaveQuietly())


# ---- settings and places -------------------------------------------------------------------------------------------


def read_options(options: argparse.Namespace) -> tuple[Settings, Path]:
    """The settings and the home, which need not be there yet. Raises Mistake."""
    from bots.settings import Settings
    from school.office.settings import check
    from school.settings import REMOVED

    given, home = look_at_options(options)
    return check(Settings, given, removed=REMOVED, tell=aside), home


def look_at_options(options: argparse.Namespace) -> tuple[Given, Path]:
    """What was given as settings, as it stands there, and the home, which need not be there yet. Raises Mistake."""
    from school.office.advice import command, go_on_with
    from school.office.given import read_given
    from school.office.mistakes import Mistake

    default = REPOSITORY / "config.toml"
    given = read_given(options.config or (default if default.exists() else None), options.set)
    home = options.home or Path(os.environ.get("BABYLLM_HOME") or REPOSITORY)
    go_on_with(home, options.config, options.library, options.set)
    try:
        if not makes_home(options) and not home.exists():
            raise Mistake(f"{home}: there is no such folder. To let a baby be born there: {command()}")
        look_at_rooms(home)
    except OSError as error:
        raise Mistake(f"{home}: can't be looked at ({error.strerror}). {make_it_yours(home)}") from None
    for place in options.library:
        if not (place.is_dir() or place.is_file()):
            raise Mistake(f"--library {place}: there is no such folder or file.")
    return given, home


def look_lightly(options: argparse.Namespace) -> tuple[Given, Path]:
    """As ``look_at_options``. What was given for this one time is held against all settings; what config.toml says a
    command that only looks checks as far as it goes by it, since loading them all takes longer. Raises Mistake."""
    if options.set or options.config:
        read_options(options)
    return look_at_options(options)


def look_at_rooms(home: Path) -> None:
    """Raises Mistake if what has the name of a room is none, OSError if that can't be seen."""
    from school.office.mistakes import Mistake

    for room in (home / "library", home / "soul", home / "statistics"):
        if room.is_symlink() and not room.exists():
            raise Mistake(f"{room}: must be a folder, but it is a link to {room.readlink()}, which is not there.")
        if os.path.lexists(room) and not room.is_dir():
            raise Mistake(f"{room}: must be a folder; move away what is there under this name.")


def make_it_yours(home: Path) -> str:
    """What helps where a home was woken as another user."""
    from shlex import quote

    return f'If another user woke it once, make it yours: sudo chown -R "$(id -u)" {quote(str(home))}'


def makes_home(options: argparse.Namespace) -> bool:
    """Whether it keeps something in a home that need not be there yet."""
    return options.verb in ("wake", "adopt") or (options.verb, getattr(options, "errand", "")) in (
        ("twitch", "login"),
        ("library", "add"),
        ("library", "preview"),
    )


def make_home(home: Path) -> None:
    """Raises Mistake."""
    from school.office.mistakes import Mistake

    try:
        home.mkdir(parents=True, exist_ok=True)
        barred = closed_to_us(home)
    except OSError as error:
        raise Mistake(f"{home}: can't be used as a home ({error.strerror}). {make_it_yours(home)}") from None
    if barred:
        raise Mistake(f"{barred}: can't be read and written. {make_it_yours(home)}")


def whisper(text: str) -> None:
    """What a person may want to know, beside the results on standard output."""
    from school.screen.calligraphist import show

    show(text, sys.stderr)


def aside(text: str) -> None:
    """``whisper`` of what may name things from outside: one line."""
    whisper(one_line(text))


def _print(text: str) -> None:
    from school.screen.calligraphist import show

    show(text, sys.stdout)


# ---- the commands that don't wake it -------------------------------------------------------------------------------


def look(options: argparse.Namespace) -> int:
    """One of school/looking.py."""
    from school import looking

    given, home = look_lightly(options)
    return getattr(looking, options.verb)(given, home, options)


def think(options: argparse.Namespace) -> int:
    """One of school/commands.py."""
    from school import commands

    settings, home = read_options(options)
    if options.verb == "library" and options.errand == "add":
        make_home(home)
    return getattr(commands, options.verb)(settings, home, options)


def twitch_errand(options: argparse.Namespace) -> int:
    import asyncio

    from bots.twitch.cli import run_errand
    from bots.twitch.settings import OfTwitch
    from school.office.log import keep_log
    from school.office.settings import check

    given, home = look_lightly(options)
    settings = check(OfTwitch, given)
    if makes_home(options):
        make_home(home)
    stop_log = keep_log(home / "statistics", whisper)  # it keeps secrets, also those in the libraries' own words
    try:
        errand = run_errand(
            options.errand,
            options.names,
            home=home,
            settings=settings.twitch,
            device=options.device,
            browser=not options.no_browser,
            send=options.send,
            as_json=options.json,
        )
        return asyncio.run(errand)
    finally:
        stop_log()


# ---- waking --------------------------------------------------------------------------------------------------------


def wake(options: argparse.Namespace) -> int:
    """Wake it, live until told to stop, put it to bed."""
    _load()
    import asyncio
    from contextlib import ExitStack
    from dataclasses import asdict

    from bots.terminal import interactive
    from school.screen.announcer import Screen
    from school.teaching.exchange import TeamBroken

    settings, home = read_options(options)
    team = find_team()
    if team and team.rank:
        return help_teach(settings, team)
    chat = "none" if options.no_terminal or sys.stdin is None else "prompt" if interactive() else "pipe"
    chat = "room" if options.room else chat
    show = whisper if options.json or chat in ("pipe", "room") else _print
    with ExitStack() as closing:
        try:
            screen = Screen.on(sys.stderr if show is whisper else sys.stdout, show)
            awake = put_together(settings, home, options, closing, show, team, screen)
            room = open_room_for(awake, settings, home, options.moderator) if options.room else None
            awake.surfaces += [room] if room else []
        except TeamBroken as broken:
            aside(f"babyLLM: it can't begin: {broken}.")
            return 1
        status = asyncio.run(_live(awake, chat, room))
        awake.ending = "asleep" if status == 0 else "broke"
    if options.json:
        emit(to_json(asdict(awake.school.status())), sys.stdout)
    return status


def put_together(
    settings: Settings,
    home: Path,
    options: argparse.Namespace,
    closing: ExitStack,
    show: Say,
    team: Team | None = None,
    screen: Screen | None = None,
    clocks: Clocks | None = None,
) -> Awake:
    """A school with its surfaces, as the command line wants it; ``closing`` closes what it opens. ``screen`` is where
    lessons are shown, if that is more than lines for ``show``. Raises Mistake."""
    from bots.chat.parsing import names
    from bots.chat.retention import clear_out
    from bots.local import LocalSocket
    from school.assembly import Display, Waking, assemble
    from school.diary.voice import CHAT, read_voices
    from school.office.lifetime import MACHINE

    make_home(home)
    waking = Waking(
        home=home,
        folders=options.library,
        steps=options.steps,
        seconds=options.seconds,
        learning=not options.no_train,
        newborn=options.newborn,
        team=team,
        clocks=clocks or MACHINE,
        clear_out=clear_out,
    )
    shown = settings.terminal
    display = Display(show=show, screen=screen, view=shown.view, line_seconds=shown.line_seconds)
    voices = read_voices(home, settings.voice.language, {CHAT: names(settings.commands)})
    awake = assemble(settings, waking, display, voices, closing)
    awake.surfaces.append(LocalSocket(awake.school, home))
    if settings.web.enabled:
        awake.surfaces.append(open_web_face(awake, settings, home))
    if not options.no_twitch:
        awake.surfaces += find_twitch(awake, settings, home)
    return awake


def find_twitch(awake: Awake, settings: Settings, home: Path) -> list[ChatSurface]:
    """The ways into chats, where somebody set them up. Raises Mistake."""
    from bots.twitch import configured, open_channels

    if not configured(home):
        return []
    return open_channels(awake.school, awake.people, hooks_of(awake), home, settings, tell=awake.say)


def open_room_for(awake: Awake, settings: Settings, home: Path, moderators: list[str]) -> ChatSurface:
    """The chat room on this machine. Raises Mistake."""
    from bots.room import open_room

    hooks = hooks_of(awake)
    return open_room(awake.school, awake.people, hooks, home, settings, show=_print, moderators=moderators)


def open_web_face(awake: Awake, settings: Settings, home: Path) -> Surface:
    """The pages in a browser. Raises Mistake."""
    from bots.web import open_web
    from bots.web.house import About, House
    from school.report.glances import Glances
    from school.texts.public import PublicTexts

    def name_of(person: str) -> str:
        chats = [surface.host for surface in awake.surfaces if hasattr(surface, "host")]
        return next(filter(None, (chat.name_of(person) for chat in chats)), "")

    about = About(awake.voices["names"].choose("baby"), settings.brain.species, settings.brain.preset)
    look = Glances(home, settings)
    house = House(
        about=about,
        desk=desk_of(awake, awake.classroom.stop),
        curve=look.curve,
        pages=look.diary,
        questions=look.questions,
        born=look.born,
        timetable=look.timetable,
        learning=awake.learning,
        agreeing=awake.people.agreeing,
        name_of=name_of,
        now=awake.lifetime.now,
        public=PublicTexts(lambda: awake.tutor.librarian).hold,
    )
    face = open_web(awake.school, house, home, settings, tell=awake.say)
    awake.watchers.append(face.watch)
    awake.school.overhearer = face.watch.overhear
    return face


def desk_of(awake: Awake, quit_: Callable[[], None]) -> Desk:
    """What is done for commands that are typed, in a terminal or on a page."""
    from bots.typed import House as Desk
    from school.office.slowness import why_slow

    return Desk(
        quit=quit_,
        save=awake.control.save,
        pause=awake.control.pause,
        others=lambda: [line for other in (awake.timetable, *awake.surfaces) for line in other.lines()],
        learning=awake.learning,
        view=awake.announcer.choose,
        why_slow=lambda: why_slow(awake.tutor.stopwatch.minute()),
        names=awake.voices["names"],
        corrections=awake.voices["corrections"].lines("fix"),
        signals=awake.signals,
    )


def hooks_of(awake: Awake) -> Hooks:
    """What a chat may ask of the house."""
    from bots.chat.context import Hooks, NoStage

    stages = [surface.stage for surface in awake.surfaces if hasattr(surface, "stage")]
    return Hooks(
        stage=stages[0] if stages else NoStage(),
        save=awake.control.save,
        lessons_since=awake.registrar.queries.lessons_since,
        taught_before=awake.registrar.queries.taught_before,
        quiet=awake.timetable.quiet,
        wall=awake.lifetime.now,
    )


async def _live(awake: Awake, chat: str, room: ChatSurface | None = None) -> int:
    """The event loop's part of a day: timetable, chat and signals, until the classroom is done."""
    import asyncio

    from school.office.errors import in_short
    from school.office.memory import settle_in

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

    late = told_to_leave()
    _on_signals(loop, go_to_sleep)
    awake.timetable.start()
    classroom.start()
    if late:
        go_to_sleep()
    if "diary" in awake.timetable.plan:
        awake.scribe.catch_up()
    for surface in awake.surfaces:
        surface.start()
    settle_in()
    talking = _host_room(awake, room, go_to_sleep) if room else _talk(awake, chat, go_to_sleep)
    tasks = [asyncio.create_task(talking), asyncio.create_task(awake.announcer.keep_telling())]
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
        for surface in awake.surfaces:
            await surface.close()
    now = school.status()
    if classroom.saver.changed:  # the last save failed, and the log says why
        before = (
            "it is not saved at all" if now.saved_step is None else f"it wakes as it was at step {now.saved_step:,}"
        )
        say(f"babyLLM sleeps at step {now.step:,}, but its soul could not be saved; {before}.")
        return 1
    say(f"babyLLM sleeps at step {now.step:,}. Good night.")
    return 0


async def _talk(awake: Awake, chat: str, quit_: Callable[[], None]) -> None:
    """The terminal's part, if there is one. Whatever becomes of it, the lessons go on."""
    from dataclasses import replace

    from bots.terminal import Prompt, chat_on_pipe
    from bots.typed import TERMINAL, Commands
    from school.office.errors import in_short

    school, say = awake.school, awake.say
    conversation = awake.registrar.queries.last_conversation(TERMINAL)
    commands = Commands(school, _print, replace(desk_of(awake, quit_), conversation=conversation))
    try:
        if chat == "prompt":
            from prompt_toolkit.patch_stdout import patch_stdout

            with patch_stdout(raw=True):
                say("Type to talk to it, /help for more, Ctrl-C to let it sleep.")
                await Prompt(school, commands, quit_).run()
        elif chat == "pipe":
            await chat_on_pipe(commands, lambda why: whisper(f"({why})"))
    except Exception as error:
        log.exception("the terminal broke")
        say(f"the chat in this terminal broke ({in_short(error)}); the lessons go on. Ctrl-C lets it sleep.")


async def _host_room(awake: Awake, room: ChatSurface, quit_: Callable[[], None]) -> None:
    """What is typed into the chat room. Whatever becomes of it, the lessons go on."""
    from bots.room.console import HOW, Console
    from bots.stdin import lines_of_stdin
    from school.office.errors import in_short

    awake.say(f"The room is open: {HOW}.")
    try:
        await Console(room.wire, _print, quit_).run(lines_of_stdin(lambda why: whisper(f"({why})")))
    except Exception as error:
        log.exception("the chat room broke")
        awake.say(f"the chat room broke ({in_short(error)}); the lessons go on. Ctrl-C lets it sleep.")


def _on_signals(loop: AbstractEventLoop, act: Callable[[], None]) -> None:
    for number in bedtime_signals():
        try:
            loop.add_signal_handler(number, act)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(act))


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

    for number in bedtime_signals():  # while it waits for the others, no handler of Python's would run
        signal.signal(number, signal.SIG_DFL)
    return Team.of_environment()


def help_teach(settings: SchoolSettings, team: Team) -> int:
    """The life of a process that only computes: it does what the first one says, until that says stop."""
    from dataclasses import replace

    from school.office.machine import prepare
    from school.teaching.exchange import TeamBroken
    from school.teaching.shape import block_tokens, shape_of
    from school.teaching.sharing import follow_leader

    compute = prepare(settings.machine)
    compute = replace(compute, device=team.own_device(compute.device))
    try:
        team.join(compute.device)
        for number in bedtime_signals():  # the first process hears them too, saves, and says stop
            signal.signal(number, signal.SIG_IGN)
        shape = shape_of(settings.brain, settings.library.vocabulary)
        length = block_tokens(settings.brain, settings.lessons.block_tokens)
        follow_leader(team, shape, settings.lessons, block_tokens=length, compute=compute)
    except TeamBroken as broken:
        aside(f"babyLLM: process {team.rank} leaves: {broken}.")
        return 1
    finally:
        team.leave()
    return 0


COMMANDS = {
    "wake": wake,
    **dict.fromkeys(("ask", "score", "read", "selfplay", "library", "share", "export", "adopt"), think),
    **dict.fromkeys(("stats", "report", "diary", "timetable"), look),
    "twitch": twitch_errand,
}

if __name__ == "__main__":
    sys.exit(main())
