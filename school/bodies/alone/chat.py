"""A chat in a terminal with a baby that came as one file."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any, TextIO

from school.bodies.alone.talk import Talk
from school.office.foreign import emit, one_line

HELP = """\
/help              this
/temperature X     0: always its best guess; higher: bolder (now {temperature:g})
/tokens N          longest answer, in tokens, its pieces of words (now {tokens})
/reset             forget what was said here
/about             its card: how old it is, what it learned from, what you may do with it
/quit              end (or Ctrl-D); Ctrl-C stops an answer"""
BENCHMARK_TOKENS = 200
BENCHMARK_QUESTION = "what did you do today?"


def options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Talk with a babyLLM that came as one file.")
    parser.add_argument("--prompt", metavar="TEXT", help="say this, print the answer and end")
    parser.add_argument("--raw", action="store_true", help="go on from the prompt as it is: no turns, no rule to stop")
    parser.add_argument("--temperature", type=_within(float, 0, 5), metavar="X", help="0: always its best guess")
    parser.add_argument("--tokens", type=_within(int, 1, 4096), metavar="N", help="longest answer, in tokens")
    parser.add_argument("--top-k", type=_within(int, 0, 1 << 16), metavar="K", help="choose among so many; 0: all")
    parser.add_argument("--top-p", type=_within(float, 0, 1), metavar="P", help="... that hold this share")
    parser.add_argument("--penalty", type=_within(float, 0, 2), metavar="X", help="against saying a word again")
    parser.add_argument("--seed", type=_within(int, 0, 1 << 31), metavar="S", help="the same seed, the same answers")
    parser.add_argument("--benchmark", action="store_true", help="measure how fast it is here")
    parser.add_argument("--about", action="store_true", help="print its card")
    return parser


def _within(kind: Callable[[str], float], least: float, most: float) -> Callable[[str], float]:
    def convert(text: str) -> float:
        value = kind(text)
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"must be from {least:g} to {most:g}")
        return value

    convert.__name__ = "number"
    return convert


def main(said: dict[str, Any], numbers: bytes, arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    given = options().parse_args(arguments)
    if given.about:
        return _about(said)
    started = time.perf_counter()
    talk = Talk(said, numbers, given.seed)
    loaded = time.perf_counter() - started
    _set(talk, given)
    try:
        if given.benchmark:
            return benchmark(talk, loaded, given.tokens or BENCHMARK_TOKENS)
        if given.prompt is not None:
            return one_answer(talk, given.prompt, raw=given.raw)
        return Chat(talk, raw=given.raw).run(sys.stdin)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # whoever listened is gone, and Python is not to say so when it ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _set(talk: Talk, given: argparse.Namespace) -> None:
    if given.temperature is not None:
        talk.temperature = given.temperature
    if given.tokens is not None:
        talk.longest = given.tokens
    choosing = talk.choosing
    choosing.top_k = choosing.top_k if given.top_k is None else given.top_k
    choosing.top_p = choosing.top_p if given.top_p is None else given.top_p
    choosing.penalty = choosing.penalty if given.penalty is None else given.penalty


def _about(said: dict[str, Any]) -> int:
    for line in said["about"]:
        emit(one_line(line), sys.stdout)
    return 0


def one_answer(talk: Talk, prompt: str, *, raw: bool) -> int:
    """Print it as it grows."""
    say(talk, talk.go_on(prompt, talk.longest) if raw else talk.answer(prompt))
    return 0


def say(talk: Talk, tokens: Iterator[int]) -> tuple[int, float]:
    """Print what is said as it comes; returns how many tokens that were, and in how many seconds. A terminal obeys some
    of what it is shown, so only what can be seen is."""
    started, begun = time.perf_counter(), False

    def show(text: str) -> None:
        nonlocal begun
        text = text if begun else text.lstrip()
        begun = begun or bool(text)
        emit(text, sys.stdout, end="")

    count = talk.text_of(tokens, show)
    emit("", sys.stdout)
    return count, time.perf_counter() - started


class Chat:
    """Lines in, answers out; a line that begins with / is a command."""

    def __init__(self, talk: Talk, *, raw: bool):
        self._talk, self._raw = talk, raw
        self._commands = {
            "help": lambda _: emit(HELP.format(temperature=talk.temperature, tokens=talk.longest), sys.stdout),
            "about": lambda _: _about(talk.said),
            "reset": self._reset,
            "temperature": self._temperature,
            "tokens": self._tokens,
        }

    def run(self, lines: TextIO) -> int:
        """Until there are no more. In a terminal it says who is to speak, and how fast it was."""
        asking = lines.isatty() and sys.stdout.isatty()
        if asking:
            emit(self._talk.said["about"][0] + ". /help says what you can do.", sys.stdout)
            with contextlib.suppress(ImportError):
                import_module("readline")  # input() then knows the arrow keys
        for line in _typed() if asking else lines:
            line = line.strip()
            if line == "/quit":
                break
            if line.startswith("/"):
                self._command(line)
            elif line:
                self._answer(line, asking)
        return 0

    def _answer(self, line: str, asking: bool) -> None:
        talk = self._talk
        if asking:
            emit("baby: ", sys.stdout, end="")
        try:
            count, seconds = say(talk, talk.go_on(line, talk.longest) if self._raw else talk.answer(line))
        except KeyboardInterrupt:
            if not asking:
                raise
            emit(" (stopped; once more ends the chat)", sys.stdout)
            return
        if asking:
            emit(f"({count} tokens, {count / max(seconds, 1e-9):,.0f} a second)", sys.stdout)

    def _command(self, line: str) -> None:
        name, _, value = line[1:].partition(" ")
        act = self._commands.get(name)
        if act is None:
            emit(f"there is no /{one_line(name)} here; /help says what there is.", sys.stdout)
        else:
            act(value.strip())

    def _reset(self, _: str) -> None:
        self._talk.reset()
        emit("it has forgotten what was said here.", sys.stdout)

    def _temperature(self, value: str) -> None:
        self._change("temperature", value, _within(float, 0, 5))

    def _tokens(self, value: str) -> None:
        self._change("longest", value, _within(int, 1, 4096))

    def _change(self, name: str, value: str, convert: Callable[[str], float]) -> None:
        try:
            setattr(self._talk, name, convert(value))
        except argparse.ArgumentTypeError as why:
            emit(f"{one_line(value)} {why}.", sys.stdout)
        except ValueError:
            emit(f"write a number behind it, not {one_line(value) or 'nothing'}.", sys.stdout)
        else:
            emit(f"from now on {value}.", sys.stdout)


def _typed() -> Iterator[str]:
    """What is typed, line by line, until Ctrl-D."""
    while True:
        try:
            yield input("you: ")
        except EOFError:
            emit("", sys.stdout)
            return


def benchmark(talk: Talk, loaded: float, tokens: int) -> int:
    """Figures of this machine: loading, the first token of an answer, and tokens a second."""
    started = time.perf_counter()
    answer = talk.answer(BENCHMARK_QUESTION)
    next(answer)
    first = time.perf_counter() - started
    answer.close()
    talk.reset()
    rates = []
    for _ in range(3):
        started = time.perf_counter()
        count = sum(1 for _ in talk.go_on(BENCHMARK_QUESTION, tokens))
        rates.append(count / (time.perf_counter() - started))
    emit(f"loaded in {loaded:.2f} s, first token after {1000 * first:.0f} ms", sys.stdout)
    emit(f"{max(rates):,.0f} tokens a second, the best of {', '.join(f'{rate:,.0f}' for rate in rates)}", sys.stdout)
    return 0
