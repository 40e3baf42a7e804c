"""The front door: the command line, the surfaces, and a life from waking to bedtime."""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if sys.version_info < (3, 11):  # noqa: UP036  (what an older Python is to say instead of a traceback)
    sys.exit("babyLLM needs Python 3.11 or newer; this is " + sys.version.split()[0] + ".")

# The threads of a step wait for each other some hundred times, by default spinning. Where others are busy too, that is
# a disaster: beside two programs on two cores a step took 4.2 s instead of 76 ms. So they spin briefly: more gains some
# per cent alone and costs much more beside others (docs/diary.md). GNU's OpenMP reads this when torch is loaded, so it
# stands before every import of it.
os.environ.setdefault("GOMP_SPINCOUNT", "4000")

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from contextlib import ExitStack

    from bots.settings import Settings
    from school.assembly import Awake, Surface
    from school.screen.announcer import Screen
    from school.settings import SchoolSettings
    from school.teaching.team import Team

REPOSITORY = Path(__file__).resolve().parent
BEDTIME = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]

Say = Callable[[str], None]

T = TypeVar("T", int, float)

log = logging.getLogger("wakeup")


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status: 0 well, 2 the user's mistake, 1 ours."""
    for number in bedtime_signals():
        signal.signal(number, _leave_quietly)
    options = parse(arguments)
    _print_anything()
    try:  # imported late: torch takes seconds, and --help should not
        from school.office.log import keep_last_words
        from school.office.mistakes import Mistake
    except ModuleNotFoundError as missing:
        print(f"babyLLM: {missing.name} is not installed; run `make setup` first.", file=sys.stderr)
        return 2
    keep_last_words()
    try:
        if options.command is not wake and in_team() and os.environ["RANK"] != "0":
            return 0  # only lessons can be shared; the first process runs the rest
        return options.command(options)
    except Mistake as mistake:
        print(f"babyLLM: {mistake}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _print_anything() -> None:
    """A terminal that lacks a letter shows a question mark."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def bedtime_signals() -> list[signal.Signals]:
    """What tells it to sleep: Ctrl-C, a kill, a terminal that is closed; unless it was started to outlive that one."""
    hangup = getattr(signal, "SIGHUP", None)
    return [number for number in BEDTIME if number != hangup or signal.getsignal(number) != signal.SIG_IGN]


def _leave_quietly(*_: object) -> None:
    """A signal before there is anything to finish."""
    raise SystemExit(0)


# ---- the command line ----------------------------------------------------------------------------------------------


class Parser(argparse.ArgumentParser):
    """One line for a mistake, not the whole usage."""

    def error(self, message: str) -> None:
        self.exit(2, f"babyLLM: {message} (see --help)\n")


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
    _add_commands(parser.add_subparsers(metavar="COMMAND", title="instead of waking it"), common)

    # Common options may stand before or behind the command, so they are taken out first.
    given, rest = common.parse_known_args(arguments)
    options = parser.parse_args(rest)
    for name, value in vars(given).items():
        setattr(options, name, value)
    return options


def _add_commands(commands: argparse._SubParsersAction[Parser], common: Parser) -> None:
    ask = commands.add_parser("ask", help="ask one question", parents=[common])
    ask.add_argument("text", nargs="+", metavar="TEXT")
    ask.add_argument("--conversation", default="", metavar="NAME", help="go on from this conversation")
    ask.set_defaults(command=look, verb="ask")
    score = commands.add_parser("score", help="bits per byte of texts, without learning", parents=[common])
    score.add_argument("files", nargs="+", type=Path, metavar="FILE")
    score.set_defaults(command=look, verb="score")
    read = commands.add_parser(
        "read", help="read a text once, predicting each token, then learning it", parents=[common]
    )
    read.add_argument("file", type=Path, metavar="FILE")
    read.add_argument("--keep", action="store_true", help="keep what it learned in its soul")
    read.set_defaults(command=look, verb="read")
    stats = commands.add_parser("stats", help="look at its life so far", parents=[common])
    stats.add_argument("--search", metavar="WORDS", help="find what was said")
    stats.add_argument("--last", type=_positive(int), default=5, metavar="N", help="messages to show")
    stats.add_argument("--weather", action="store_true", help="plot how it felt, over its life")
    stats.set_defaults(command=look, verb="stats")
    timetable = commands.add_parser("timetable", help="what is due when", parents=[common])
    timetable.set_defaults(command=look, verb="timetable")
    diary = commands.add_parser("diary", help="read its diary and its letters home", parents=[common])
    diary.add_argument("--last", type=_positive(int), default=7, metavar="N", help="pages to show")
    diary.set_defaults(command=look, verb="diary")
    twitch = commands.add_parser("twitch", help="set Twitch up, and see whether it works", parents=[common])
    twitch.add_argument("errand", choices=("login", "check", "whois", "logout"), help="what to do")
    twitch.add_argument("names", nargs="*", metavar="NAME", help="whois: the accounts to look up")
    twitch.add_argument("--device", action="store_true", help="login: with a code, on any device")
    twitch.add_argument("--no-browser", action="store_true", help="login: don't open a browser")
    twitch.set_defaults(command=twitch_errand)


def _positive(kind: Callable[[str], T]) -> Callable[[str], T]:
    def convert(text: str) -> T:
        value = kind(text)
        if value <= 0:
            raise argparse.ArgumentTypeError("must be more than 0")
        return value

    convert.__name__ = "number" if kind is float else "whole number"
    return convert


# ---- settings and places -------------------------------------------------------------------------------------------


def read_options(options: argparse.Namespace) -> tuple[Settings, Path]:
    """The settings and the home, which need not be there yet. Raises Mistake."""
    from bots.settings import Settings
    from school.office.mistakes import Mistake
    from school.office.settings import read_settings
    from school.settings import REMOVED

    default = REPOSITORY / "config.toml"
    file = options.config or (default if default.exists() else None)
    settings = read_settings(Settings, file, options.set, removed=REMOVED, tell=whisper)
    home = options.home or Path(os.environ.get("BABYLLM_HOME") or REPOSITORY)
    for folder in options.library:
        if not folder.is_dir():
            raise Mistake(f"--library {folder}: there is no such folder.")
    return settings, home


def make_home(home: Path) -> None:
    """Raises Mistake."""
    from school.office.mistakes import Mistake

    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Mistake(f"{home}: can't be used as a home ({error.strerror}).") from None


def whisper(text: str) -> None:
    """What a person may want to know, beside the results on standard output."""
    from school.screen.calligraphist import show

    show(text, sys.stderr)


def _print(text: str) -> None:
    from school.screen.calligraphist import show

    show(text, sys.stdout)


# ---- the commands that don't wake it -------------------------------------------------------------------------------


def look(options: argparse.Namespace) -> int:
    """One of school/commands.py."""
    from school import commands

    settings, home = read_options(options)
    return getattr(commands, options.verb)(settings, home, options)


def twitch_errand(options: argparse.Namespace) -> int:
    import asyncio

    from bots.twitch.cli import run_errand
    from school.office.log import keep_log

    settings, home = read_options(options)
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
            as_json=options.json,
        )
        return asyncio.run(errand)
    finally:
        stop_log()


# ---- waking --------------------------------------------------------------------------------------------------------


def wake(options: argparse.Namespace) -> int:
    """Wake it, live until told to stop, put it to bed."""
    import asyncio
    from contextlib import ExitStack
    from dataclasses import asdict

    from bots.terminal import interactive
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
            whisper(f"babyLLM: it can't begin: {broken}.")
            return 1
        status = asyncio.run(_live(awake, chat))
        awake.ending = "asleep" if status == 0 else "broke"
    if options.json:
        print(json.dumps(asdict(awake.school.status())))
    return status


def put_together(
    settings: Settings,
    home: Path,
    options: argparse.Namespace,
    closing: ExitStack,
    show: Say,
    team: Team | None = None,
    screen: Screen | None = None,
) -> Awake:
    """A school with its surfaces, as the command line wants it; ``closing`` closes what it opens. ``screen`` is where
    lessons are shown, if that is more than lines for ``show``. Raises Mistake."""
    from bots.chat.parsing import names
    from school.assembly import Display, Waking, assemble
    from school.diary.voice import CHAT, read_voices

    make_home(home)
    waking = Waking(
        home=home,
        folders=options.library,
        steps=options.steps,
        seconds=options.seconds,
        learning=not options.no_train,
        team=team,
    )
    shown = settings.terminal
    display = Display(show=show, screen=screen, view=shown.view, line_seconds=shown.line_seconds)
    voices = read_voices(home, settings.voice.language, {CHAT: names(settings.commands)})
    awake = assemble(settings, waking, display, voices, closing)
    if not options.no_twitch and (twitch := find_twitch(awake, settings, home)):
        awake.surfaces.append(twitch)
    return awake


def find_twitch(awake: Awake, settings: Settings, home: Path) -> Surface | None:
    """The way into a chat, where somebody set one up. Raises Mistake."""
    from bots.twitch import configured, open_twitch

    if not configured(home):
        return None
    return open_twitch(
        awake.school,
        awake.control.save,
        awake.people,
        home,
        settings,
        lessons_since=awake.registrar.lessons_since,
        tell=awake.say,
        quiet=awake.timetable.quiet,
    )


async def _live(awake: Awake, chat: str) -> int:
    """The event loop's part of a day: timetable, chat and signals, until the classroom is done."""
    import asyncio

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
    for surface in awake.surfaces:
        surface.start()
    tasks = [asyncio.create_task(_talk(awake, chat, go_to_sleep)), asyncio.create_task(awake.announcer.keep_telling())]
    try:
        await asyncio.wrap_future(classroom.done)
    except Exception as error:
        say(f"babyLLM broke: {error}. What it had learned is saved up to its last save; baby.log has the details.")
        return 1
    finally:
        awake.timetable.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        awake.announcer.catch_up()
        for surface in awake.surfaces:
            await surface.close()
    say(f"babyLLM sleeps at step {school.status().step:,}. Good night.")
    return 0


async def _talk(awake: Awake, chat: str, quit_: Callable[[], None]) -> None:
    """The terminal's part, if there is one. Whatever becomes of it, the lessons go on."""
    from bots.terminal import Commands, Prompt, chat_on_pipe
    from school.office.slowness import why_slow

    school, say = awake.school, awake.say
    others = [awake.timetable, *awake.surfaces]
    commands = Commands(
        school,
        _print,
        quit_,
        awake.control.save,
        others=lambda: [line for other in others for line in other.lines()],
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
        say(f"the chat in this terminal broke ({error}); the lessons go on. Ctrl-C lets it sleep.")


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
    from school.office.machine import prepare
    from school.teaching.shape import block_tokens, shape_of
    from school.teaching.team import enlist
    from school.teaching.tutor import TeamBroken

    device = team.own_device(prepare(settings.machine))
    try:
        team.join(device)
        for number in bedtime_signals():  # the first process hears them too, saves, and says stop
            signal.signal(number, signal.SIG_IGN)
        shape = shape_of(settings.brain, settings.library.vocabulary)
        length = block_tokens(settings.brain, settings.lessons.block_tokens)
        enlist(team, shape, settings.lessons, settings.pedagogy, block_tokens=length, device=device).follow()
    except TeamBroken as broken:
        whisper(f"babyLLM: process {team.rank} leaves: {broken}.")
        return 1
    finally:
        team.leave()
    return 0


if __name__ == "__main__":
    sys.exit(main())
