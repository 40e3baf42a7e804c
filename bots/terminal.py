"""The terminal: talk to it while it learns. A prompt where there is a terminal, plain lines where there is a pipe."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from dataclasses import dataclass

from prompt_toolkit import PromptSession
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.history import InMemoryHistory

from bots.stdin import lines_of_stdin
from school.diary.voice import Voice
from school.door.school import School
from school.door.values import ME, Asleep, Busy, Reply, Snapshot
from school.office.foreign import one_line
from school.screen.calligraphist import facts, for_screen, hex_color, status_lines

DISK_SECONDS = 2.0  # until it is said that what was taught is not on the disk yet
SORRY = {
    Busy: "too many questions at once; ask again in a moment",
    Asleep: "it is falling asleep",
}


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
        command = next((row for row in ROWS if row.name == name.lower()), None)
        if command is None:
            self._say(f"({one_line(name)} is not a command; /help shows them all)")
        else:
            await command.act(self, text.strip())

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
        self._say(help_text())

    async def _good(self, _: str) -> None:
        await self._give_feedback("good", "", "it will learn that")

    async def _bad(self, _: str) -> None:
        await self._give_feedback("bad", "", "noted; it will never learn that")

    async def _fix(self, text: str) -> None:
        if not text:
            self._say("(write what it should have said: /fix TEXT)")
            return
        await self._give_feedback("fix", text, "it will learn to say that instead")

    async def _give_feedback(self, verdict: str, correction: str, done: str) -> None:
        if not self._last.id:
            self._say("(it has not said anything yet)")
            return
        said = {
            "learned": done,
            "marked": done,
            "refused": "you marked it as bad before; /fix TEXT says what it should have been",
            "unknown": "that answer is forgotten",
        }
        written: Future[None] = Future()
        result = self._school.feedback(self._last.id, verdict, correction=correction, written=written)
        if result in ("learned", "marked"):
            await self._acknowledge(said[result], written)
        else:
            self._say(f"({said[result]})")

    async def _acknowledge(self, done: str, written: Future[None]) -> None:
        """Say so once a crash could not undo it, or, after a while, that it still could."""
        try:
            await asyncio.wait_for(asyncio.wrap_future(written), DISK_SECONDS)
        except TimeoutError:
            done += "; but it is not on the disk yet"
        except Exception:
            done += "; but it could not be written down, the log says why"
        self._say(f"({done})")

    async def _teach(self, text: str) -> None:
        if not text:
            self._say("(write what it should learn: /teach TEXT)")
            return
        written: Future[None] = Future()
        self._school.teach(text, source="teach", written=written)
        await self._acknowledge("it will learn that", written)

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
        told = await asyncio.wrap_future(self._school.forget(person=ME))
        gone = f"{told.rows} rows of what you said and taught" if told.rows else "what could be"
        self._say(
            f"(deleted: {gone}. It will never train on them again; "
            "what its weights already took from them fades, but is not undone.)"
        )
        if told.owed:
            when = "That goes on by itself until it is done" + (", also when you wake it again." if told.noted else ".")
            still = "" if told.noted else " The disk could not even take a note of it: let it run until there is room."
            self._say(f"(not gone yet from: {', '.join(told.owed)}. {when}{still})")

    async def _leave(self, _: str) -> None:
        self._quit()


@dataclass(frozen=True, slots=True)
class Row:
    """A command: what is typed, what stands behind it, what it does."""

    name: str
    argument: str
    help: str
    act: Callable[[Commands, str], Awaitable[None]]


ON_ANSWERS = (
    Row("/good", "", "that was good: it learns the exchange", Commands._good),
    Row("/bad", "", "that was bad: it will never learn that exchange", Commands._bad),
    Row("/fix", "TEXT", "what it should have said: it learns that instead", Commands._fix),
)
OTHERS = (
    Row("/teach", "TEXT", "learn this text", Commands._teach),
    Row("/status", "", "how it is doing", Commands._status),
    Row("/view", "", "how much of the lessons is shown: full, compact, plain, off", Commands._view),
    Row("/why-slow", "", "where the last minute went", Commands._tell_why),
    Row("/save", "", "save its soul now (it also saves by itself)", Commands._save),
    Row("/forget", "", "delete everything you said and taught here", Commands._forget),
    Row("/help", "", "this", Commands._help),
    Row("/quit", "", "save and go to sleep (so does Ctrl-C)", Commands._leave),
)
ROWS = (*ON_ANSWERS, *OTHERS)


def help_text() -> str:
    parts = (("Just type to talk. About its last answer:", ON_ANSWERS), ("And:", OTHERS))
    return "\n".join(
        line for title, rows in parts for line in (title, *(f"  {f'{r.name} {r.argument}':16} {r.help}" for r in rows))
    )


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
    async for line in lines_of_stdin():
        await commands.handle(line)
