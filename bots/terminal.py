"""The terminal: talk to it while it learns. A prompt where there is a terminal, plain lines where there is a pipe."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Literal

from prompt_toolkit import PromptSession
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.history import InMemoryHistory
from pydantic import Field

from school.diary.voice import Voice
from school.door.school import School
from school.door.values import ME, Asleep, Busy, Reply, Snapshot
from school.office.foreign import one_line
from school.office.settings import Slice
from school.screen.calligraphist import facts, for_screen, hex_color, status_lines

HELP = """\
Just type to talk. About its last answer:
  /good            that was good: it learns the exchange
  /bad             that was bad: it will never learn that exchange
  /fix TEXT        what it should have said: it learns that instead
And:
  /teach TEXT      learn this text
  /status          how it is doing
  /view            how much of the lessons is shown: full, compact, plain, off
  /why-slow        where the last minute went
  /save            save its soul now (it also saves by itself)
  /forget          delete everything you said and taught here
  /help            this
  /quit            save and go to sleep (so does Ctrl-C)"""

SORRY = {
    Busy: "too many questions at once; ask again in a moment",
    Asleep: "it is falling asleep",
}


class TerminalSettings(Slice):
    view: Literal["full", "compact", "plain", "off"] = Field(
        "compact", description="how lessons are shown: full, compact, plain or off; /view changes it"
    )
    line_seconds: float = Field(30.0, gt=0, le=86_400, description="seconds between lines about the lessons")


def interactive() -> bool:
    """Whether a person sits at both ends of this process."""
    streams = (sys.stdin, sys.stdout)
    return all(s is not None and s.isatty() for s in streams) and os.environ.get("TERM") != "dumb"


@dataclass(slots=True)
class _LastReply:
    id: str = ""


class Commands:
    """What a line means, whichever way it came; answers are shown with ``say``. ``others`` tells, for /status, how the
    other surfaces are; ``names`` says what baby and ``you`` are called."""

    def __init__(
        self,
        school: School,
        say: Callable[[str], None],
        quit_: Callable[[], None],
        save: Callable[[], Future[str | None]],
        others: Callable[[], list[str]] = list,
        view: Callable[[str], str] = lambda name: "nothing is shown here",
        why_slow: Callable[[], list[str]] = list,
        names: Voice | None = None,
    ):
        called = [names.choose(who) for who in ("baby", "you")] if names else ["baby", "you"]
        self.baby, self.you = map(one_line, called)
        self._school, self._say, self._quit, self._save_soul, self._others = school, say, quit_, save, others
        self._choose_view, self._why_slow = view, why_slow
        self._last = _LastReply()
        self._table: dict[str, Callable[[str], Awaitable[None]]] = {
            "/help": self._help,
            "/good": self._good,
            "/bad": self._bad,
            "/fix": self._fix,
            "/teach": self._teach,
            "/status": self._status,
            "/view": self._view,
            "/why-slow": self._tell_why,
            "/save": self._save,
            "/forget": self._forget,
            "/quit": self._leave,
        }

    async def handle(self, line: str, on_token: Callable[[str], None] | None = None) -> None:
        line = line.strip()
        if not line:
            return
        try:
            if line.startswith("/"):
                await self._command(line)
            else:
                await self._talk(line, on_token)
        except (Busy, Asleep) as error:
            self._say(f"({SORRY[type(error)]})")

    async def _command(self, line: str) -> None:
        name, _, text = line.partition(" ")
        command = self._table.get(name.lower())
        if command is None:
            self._say(f"({one_line(name)} is not a command; /help shows them all)")
        else:
            await command(text.strip())

    async def _talk(self, line: str, on_token: Callable[[str], None] | None) -> None:
        future = self._school.ask(line, f"terminal:{ME}", on_token=on_token)
        try:
            reply: Reply = await asyncio.wrap_future(future)
        except (asyncio.CancelledError, Busy, Asleep):
            raise
        except Exception as error:
            self._say(f"(it could not answer: {one_line(error)})")
            return
        self._last.id = reply.id
        self._say(f"{self.baby}: {for_screen(reply.text)}")

    async def _help(self, _: str) -> None:
        self._say(HELP)

    async def _good(self, _: str) -> None:
        self._mark("good", "", "it will learn that")

    async def _bad(self, _: str) -> None:
        self._mark("bad", "", "noted; it will never learn that")

    async def _fix(self, text: str) -> None:
        if not text:
            self._say("(write what it should have said: /fix TEXT)")
            return
        self._mark("fix", text, "it will learn to say that instead")

    def _mark(self, verdict: str, correction: str, done: str) -> None:
        if not self._last.id:
            self._say("(it has not said anything yet)")
            return
        said = {
            "learned": done,
            "marked": done,
            "refused": "you marked it as bad before; /fix TEXT says what it should have been",
            "unknown": "that answer is forgotten",
        }
        self._say(f"({said[self._school.feedback(self._last.id, verdict, correction=correction)]})")

    async def _teach(self, text: str) -> None:
        if not text:
            self._say("(write what it should learn: /teach TEXT)")
            return
        self._school.teach(text, source="teach")
        self._say("(it will learn that)")

    async def _status(self, _: str) -> None:
        self._say("\n".join(status_lines(self._school.status()) + self._others()))

    async def _view(self, name: str) -> None:
        self._say(f"({self._choose_view(name)})")

    async def _tell_why(self, _: str) -> None:
        self._say("\n".join(self._why_slow()))

    async def _save(self, _: str) -> None:
        place = await asyncio.wrap_future(self._save_soul())
        if place is None:
            self._say("(the soul could not be saved; the log says why)")

    async def _forget(self, _: str) -> None:
        self._last.id = ""
        try:
            rows = await asyncio.wrap_future(self._school.forget(person=ME))
        except OSError as error:
            self._say(
                "(deleted from the record, and it will never train on it again; but a saved soul still remembers "
                f"the conversation: {error}. That is tried until it is done.)"
            )
            return
        self._say(
            f"(deleted: {rows} rows of what you said and taught. It will never train on them again; "
            "what its weights already took from them fades, but is not undone.)"
        )

    async def _leave(self, _: str) -> None:
        self._quit()


class Prompt:
    """A prompt that stays whole while lessons scroll by above it and an answer grows in front of it."""

    def __init__(self, school: School, commands: Commands, quit_: Callable[[], None]):
        self._school, self._commands, self._quit = school, commands, quit_
        self._growing = ""
        self._session: PromptSession[str] = PromptSession(
            message=self._message,
            bottom_toolbar=self._toolbar,
            refresh_interval=0.5,
            reserve_space_for_menu=0,
            history=InMemoryHistory(),
        )
        self._loop = asyncio.get_running_loop()

    async def run(self) -> None:
        """Until /quit, Ctrl-C, Ctrl-D or cancellation."""
        answers: set[asyncio.Task] = set()
        try:
            while True:
                line = await self._session.prompt_async(handle_sigint=False)
                if self._school.status().awake:
                    task = asyncio.create_task(self._answer(line))
                    answers.add(task)
                    task.add_done_callback(answers.discard)
        except (EOFError, KeyboardInterrupt):
            self._quit()
        finally:
            for task in answers:
                task.cancel()

    async def _answer(self, line: str) -> None:
        try:
            await self._commands.handle(line, lambda piece: self._loop.call_soon_threadsafe(self._grow, piece))
        finally:
            self._growing = ""
            self._session.app.invalidate()

    def _grow(self, piece: str) -> None:
        self._growing += for_screen(piece)
        self._session.app.invalidate()

    def _message(self) -> StyleAndTextTuples:
        answer = [("", f"{self._commands.baby}: {self._growing}\n")] if self._growing else []
        return [*answer, ("bold", f"{self._commands.you}: ")]

    def _toolbar(self) -> StyleAndTextTuples:
        now = self._school.status()
        return [*weather_blocks(now), ("", "  " + " · ".join(facts(now)))]


def weather_blocks(now: Snapshot) -> StyleAndTextTuples:
    """The colour that it expected, then the one that it had."""
    return [(f"bg:{hex_color(color)}", "  ") for color in (now.expected, now.color)]


async def chat_on_pipe(commands: Commands) -> None:
    """Answer the lines of standard input in order; its end ends only the chat."""
    async for line in _lines_of_stdin():
        await commands.handle(line)


async def _lines_of_stdin() -> AsyncIterator[str]:
    """Lines, read by a daemon thread from the bare descriptor: a thread that waits inside ``sys.stdin`` holds its lock
    and makes the interpreter abort at exit, and asyncio's pipes refuse plain files."""
    loop, lines = asyncio.get_running_loop(), asyncio.Queue()

    def hand_over(line: str | None) -> None:
        try:
            loop.call_soon_threadsafe(lines.put_nowait, line)
        except RuntimeError:  # the loop is closed; nobody listens any more
            raise SystemExit from None

    def read() -> None:
        rest = b""
        while piece := _read_some():
            *whole, rest = (rest + piece).split(b"\n")
            for line in whole:
                hand_over(line.decode("utf-8", "replace"))
        if rest:
            hand_over(rest.decode("utf-8", "replace"))
        hand_over(None)

    threading.Thread(target=read, name="stdin", daemon=True).start()
    while (line := await lines.get()) is not None:
        yield line


def _read_some() -> bytes:
    try:
        return os.read(sys.stdin.fileno(), 65_536)
    except (OSError, ValueError):
        return b""
