"""The command line: what may stand behind ``python wakeup.py``."""

from __future__ import annotations

import argparse
import difflib
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TypeVar

from school.office.foreign import one_line

T = TypeVar("T", int, float)
HEAVIEST = 100.0  # that a text can be

STATS = (  # what ``stats`` tells about
    "summary", "now", "curve", "days", "talk", "words", "windows", "memory", "mood", "sources", "people", "events",
    "sql", "export",
)  # fmt: skip


class Parser(argparse.ArgumentParser):
    """One line for a mistake, not the whole usage; with a guess at what a mistyped word was to be."""

    def error(self, message: str) -> None:
        if unknown := re.search(r"invalid choice: '(.*?)' \(choose from (.*)\)", message):
            word, choices = unknown[1], re.findall(r"[\w-]+", unknown[2])
            message = f"there is no {word} here; {_meant(word, choices) or 'there are: ' + ', '.join(choices)}"
        self.exit(2, f"babyLLM: {one_line(message)} (see --help)\n")

    def options(self) -> list[str]:
        """The names of all options, those of its commands included."""
        names = [name for action in self._actions for name in action.option_strings]
        for action in self._actions:
            if isinstance(action, argparse._SubParsersAction):
                names += [name for parser in action.choices.values() for name in parser.options()]
        return names

    def refuse_unknown(self, arguments: list[str]) -> None:
        """Ends with a line where there is an option that nobody knows, which argparse finds only after the rest."""
        known, words = self.options(), arguments[: arguments.index("--")] if "--" in arguments else arguments
        for word in (word.split("=")[0] for word in words if word.startswith("--")):
            if word not in known:
                guess = _meant(word, known)
                self.error(f"there is no option {word}{'; ' + guess if guess else ''}")


def _meant(word: str, choices: list[str]) -> str:
    close = difflib.get_close_matches(word, choices, n=1, cutoff=0.6)
    return f"did you mean {close[0]}?" if close else ""


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """What was asked for; ``verb`` is the command."""
    # Common options may stand before or behind the command, so they are taken out first.
    common, parser = _parsers()
    given, rest = common.parse_known_args(arguments)
    parser.refuse_unknown(rest)
    found = vars(parser.parse_args(rest)) | vars(given)
    # Lists are copied, for those of a parser's defaults are everybody's.
    return argparse.Namespace(**{name: list(it) if isinstance(it, list) else it for name, it in found.items()})


@cache
def _parsers() -> tuple[Parser, Parser]:
    """Of the common options, and of everything. They take 11 ms to make, and parsing changes nothing in them."""
    common = Parser(add_help=False, allow_abbrev=False)
    common.add_argument("--config", type=Path, metavar="FILE", help="settings (default: config.toml beside wakeup.py)")
    common.add_argument("--home", type=Path, metavar="DIR", help="where soul/, library/ and statistics/ are")
    common.add_argument(
        "--library", type=Path, action="append", default=[], metavar="PLACE", help="learn from this folder or file too"
    )
    common.add_argument("--set", action="append", default=[], metavar="SECTION.KEY=VALUE", help="change a setting")
    common.add_argument("--json", action="store_true", help="JSON on standard output, for programs")

    parser = Parser(
        prog="wakeup.py",
        description="Wakes a small language model that grows on your own writing, and lets you talk to it.",
        parents=[common],
        allow_abbrev=False,
    )
    parser.set_defaults(verb="wake", room=False)
    parser.add_argument("--steps", type=_positive(int), metavar="N", help="stop after so many steps")
    parser.add_argument("--seconds", type=_positive(float), metavar="S", help="stop after so many seconds")
    parser.add_argument("--no-terminal", action="store_true", help="no chat here, only lines about the lessons")
    parser.add_argument("--no-twitch", action="store_true", help="stay away from Twitch")
    parser.add_argument("--no-train", action="store_true", help="talk without learning")
    parser.add_argument(
        "--newborn", action="store_true", help="let a new baby be born; older souls are moved to soul/earlier"
    )
    _add_commands(parser.add_subparsers(metavar="COMMAND", title="instead of waking it"), common)
    return common, parser


def _add_commands(commands: argparse._SubParsersAction[Parser], common: Parser) -> None:
    ask = commands.add_parser("ask", help="ask one question, or with --chat talk", parents=[common])
    ask.add_argument("text", nargs="*", metavar="TEXT", help="the question; without one, what is on standard input")
    ask.add_argument("--chat", action="store_true", help="go on asking; each line is a question")
    ask.add_argument("--conversation", default="", metavar="NAME", help="go on from this conversation")
    ask.set_defaults(verb="ask")
    score = commands.add_parser("score", help="bits per byte of texts, without learning", parents=[common])
    score.add_argument("files", nargs="+", type=Path, metavar="FILE")
    score.set_defaults(verb="score")
    read = commands.add_parser(
        "read", help="read a text once, predicting each token, then learning it", parents=[common]
    )
    read.add_argument("file", type=Path, metavar="FILE")
    read.add_argument("--keep", action="store_true", help="keep what it learned in its soul")
    read.set_defaults(verb="read")
    play = commands.add_parser(
        "selfplay", help="let it answer badly on purpose, to learn the difference", parents=[common]
    )
    play.set_defaults(verb="selfplay")
    _add_bodies(commands, common)
    _add_stats(commands, common)
    report = commands.add_parser("report", help="its life as one page to look at or give away", parents=[common])
    report.add_argument("--out", type=Path, metavar="FILE", help="where to write it (default: HOME-report.html, here)")
    report.add_argument("--since", metavar="DAY", help="tell only of the time from this day on, like 2026-11-29")
    report.add_argument("--png", action="store_true", help="its curves as pictures to share, too, beside the page")
    report.add_argument("--no-words", action="store_true", help="figures only: nothing that it said or wrote")
    report.set_defaults(verb="report")
    timetable = commands.add_parser("timetable", help="what is due when", parents=[common])
    timetable.set_defaults(verb="timetable")
    diary = commands.add_parser("diary", help="read its diary and its letters home", parents=[common])
    diary.add_argument("--last", type=_positive(int), default=7, metavar="N", help="pages to show")
    diary.set_defaults(verb="diary")
    _add_library(
        commands.add_parser("library", help="look at its texts, add and remove some", parents=[common]), common
    )
    room = commands.add_parser("chat-room", help="wake it for several people at this machine", parents=[common])
    room.add_argument("--moderator", action="append", default=[], metavar="NAME", help="who may moderate there")
    room.set_defaults(verb="wake", room=True)
    twitch = commands.add_parser("twitch", help="set Twitch up, and see whether it works", parents=[common])
    twitch.add_argument("errand", choices=("login", "check", "whois", "logout"), help="what to do")
    twitch.add_argument("names", nargs="*", metavar="NAME", help="whois: the accounts to look up")
    twitch.add_argument("--device", action="store_true", help="login: with a code, on any device")
    twitch.add_argument("--no-browser", action="store_true", help="login: don't open a browser")
    twitch.add_argument("--send", action="store_true", help="check: say a line in the chat, too")
    twitch.set_defaults(verb="twitch")


def _add_bodies(commands: argparse._SubParsersAction[Parser], common: Parser) -> None:
    share = commands.add_parser(
        "share", help="make one file of it to give away: .baby, .pyz, .html, .c or a program", parents=[common]
    )
    share.add_argument("file", type=Path, metavar="FILE", help="what to make; its ending says which kind")
    share.add_argument("--licence", default="", metavar="TEXT", help="what others may do with it, for its card")
    share.set_defaults(verb="share")
    adopt = commands.add_parser("adopt", help="let a .baby file live in a home of its own", parents=[common])
    whom = adopt.add_mutually_exclusive_group(required=True)
    whom.add_argument("file", nargs="?", type=Path, metavar="FILE")
    whom.add_argument(
        "--dubrovsky",
        nargs=3,
        type=Path,
        metavar=("WEIGHTS.bin", "CONFIG.json", "TOKENIZER.json"),
        help="one of the project Dubrovsky, from its three files",
    )
    adopt.set_defaults(verb="adopt")
    export = commands.add_parser("export", help="its voice for other programs, if it is a llama", parents=[common])
    export.add_argument("folder", type=Path, metavar="DIR", help="a new folder to make")
    export.add_argument("--licence", default="", metavar="TEXT", help="what others may do with it, for its card")
    kind = export.add_mutually_exclusive_group()
    kinds = {"llama2c": "llama2.c", "gguf": "llama.cpp (GGUF)", "dubrovsky": "the project Dubrovsky"}
    for name, program in kinds.items():
        kind.add_argument(f"--{name}", dest="kind", action="store_const", const=name, help=f"for {program}")
    export.add_argument("--half", action="store_true", help="with --dubrovsky: 16 bits for each number")
    export.set_defaults(verb="export", kind="transformers")


def _add_stats(commands: argparse._SubParsersAction[Parser], common: Parser) -> None:
    stats = commands.add_parser("stats", help="look at its life so far", parents=[common])
    stats.add_argument(
        "about", nargs="?", choices=STATS, default="summary", metavar="ABOUT", help=f"what to show: {', '.join(STATS)}"
    )
    stats.add_argument("words", nargs="*", metavar="WORD", help="curve: statistics; talk: words; sql: one select")
    stats.add_argument("--search", metavar="WORDS", help="find what was said")
    stats.add_argument("--last", type=_positive(int), metavar="N", help="messages or rows to show, the last ones")
    stats.add_argument("--since", metavar="DAY", help="only from this day on, like 2026-11-29")
    stats.add_argument("--until", metavar="DAY", help="only up to the end of this day")
    stats.add_argument("--csv", action="store_true", help="as a table for programs, on standard output")
    stats.add_argument("--follow", action="store_true", help="go on telling what is new, until Ctrl-C")
    stats.add_argument("--tensorboard", type=Path, metavar="DIR", help="export: write TensorBoard's file there")
    stats.add_argument("--weather", action="store_true", help="plot how it felt, over its life")
    stats.set_defaults(verb="stats")


def _add_library(library: Parser, common: Parser) -> None:
    """Each errand has a place of its own for what it is about."""
    library.set_defaults(verb="library")
    errands = library.add_subparsers(metavar="ERRAND", dest="errand", required=True)
    said = Parser(add_help=False, allow_abbrev=False)
    said.add_argument(
        "--speaker", action="append", metavar="NAME", help="who you are in it, where it is a conversation"
    )
    said.add_argument(
        "--as",
        dest="taken_as",
        choices=("prose", "conversations"),
        help="headings ask and texts answer, or nobody speaks",
    )
    said.add_argument("--column", metavar="NAME", help="of a table, the one that is the text")
    whose = said.add_mutually_exclusive_group()
    whose.add_argument("--private", action="store_true", default=None, help="nobody else is to see it (the default)")
    whose.add_argument("--public", dest="private", action="store_false", help="anybody may see it")
    said.add_argument("--weight", type=_weight, metavar="W", help="how often it is taught; others: once (1)")
    add = errands.add_parser("add", help="copy files or folders into the library", parents=[common, said])
    add.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    errands.add_parser("list", help="all texts, and why others are skipped", parents=[common])
    for errand, what in (("show", "how a text is read"), ("remove", "take texts out of the library")):
        named = errands.add_parser(errand, help=what, parents=[common])
        named.add_argument("names", nargs="+", metavar="NAME")
    preview = errands.add_parser("preview", help="a file as it would be learned", parents=[common, said])
    preview.add_argument("file", type=Path, metavar="FILE")
    export = errands.add_parser("export", help="its conversations, for other programs", parents=[common])
    export.add_argument("--jsonl", action="store_true", required=True, help="a conversation on each line")


def _weight(text: str) -> float:
    value = float(text)
    if not 0 < value <= HEAVIEST:
        raise argparse.ArgumentTypeError(f"must be more than 0 and at most {HEAVIEST:g}")
    return value


_weight.__name__ = "number"


def _positive(kind: Callable[[str], T]) -> Callable[[str], T]:
    def convert(text: str) -> T:
        value = kind(text)
        if value <= 0:
            raise argparse.ArgumentTypeError("must be more than 0")
        return value

    convert.__name__ = "number" if kind is float else "whole number"
    return convert
