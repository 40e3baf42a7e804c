"""The terminal: talk to it while it learns. A prompt where there is a terminal, plain lines where there is a pipe."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Iterable

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.shortcuts import CompleteStyle

from bots.stdin import lines_of_stdin
from bots.typed import ROWS, Commands
from school.door.school import School
from school.door.values import Snapshot
from school.screen.calligraphist import for_screen, hex_color, wrapped
from school.screen.status import fitting_facts


def interactive() -> bool:
    """Whether a person sits at both ends of this process."""
    streams = (sys.stdin, sys.stdout)
    return all(s is not None and s.isatty() for s in streams) and os.environ.get("TERM") != "dumb"


class Completions(Completer):
    """Commands, and what may stand behind them."""

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        name, space, text = document.text_before_cursor.lstrip().partition(" ")
        row = next((row for row in ROWS if row.name == name.lower()), None)
        choices = (row.choices if row else ()) if space else [row.name for row in ROWS]
        begun = text.lower() if space else name.lower()
        for choice in choices if name.startswith("/") else ():
            if choice.startswith(begun):
                yield Completion(choice, start_position=-len(begun))


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
            completer=Completions(),
            complete_while_typing=False,
            complete_style=CompleteStyle.READLINE_LIKE,
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
        """The answer that grows, while it does: what stays on the screen with a line that was entered is that line."""
        growing = self._growing and not self._session.app.is_done
        answer = wrapped(f"{self._commands.baby}: {self._growing}", self._width()) if growing else ""
        return [("", f"{answer}\n" if answer else ""), ("bold", f"{self._commands.you}: ")]

    def _toolbar(self) -> StyleAndTextTuples:
        now, blocks = self._school.status(), 6
        return [*weather_blocks(now), ("", "  " + " · ".join(fitting_facts(now, self._width() - blocks)))]

    def _width(self) -> int:
        return self._session.app.output.get_size().columns


def weather_blocks(now: Snapshot) -> StyleAndTextTuples:
    """The colour that it expected, then the one that it had."""
    return [(f"bg:{hex_color(color)}", "  ") for color in (now.expected, now.color)]


async def chat_on_pipe(commands: Commands, refuse: Callable[[str], None]) -> None:
    """Answer the lines of standard input in order; its end ends only the chat."""
    async for line in lines_of_stdin(refuse):
        await commands.handle(line)
