"""The prompt by the bytes that a terminal gets: what one sees while an answer grows, and at the edges of the screen."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from io import StringIO

from prompt_toolkit.application import create_app_session
from prompt_toolkit.data_structures import Size
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output.vt100 import Vt100_Output

from bots.terminal import Prompt
from bots.typed import Commands, House
from school.door.mailbox import Ask, Mailbox, fulfil
from school.door.school import School
from school.door.values import Snapshot
from school.record.registrar import Registrar
from school.record.settings import RecordSettings
from tests.bots.test_typed import a_reply
from tests.paper import Paper

HALF = "once there was a garden with a wall around it and in the garden"


class Screen(StringIO):
    """As a terminal it says where the cursor is, when it is asked."""

    told = 0

    def isatty(self) -> bool:
        return True

    def tell_cursor(self, keys) -> None:
        for _ in range(self.getvalue().count("\x1b[6n") - self.told):
            self.told += 1
            keys.send_text("\x1b[1;1R")


@contextmanager
def terminal(columns: int):
    """Keys to type on, and the rows that are seen."""
    screen = Screen()
    with create_pipe_input() as keys:
        output = Vt100_Output(screen, lambda: Size(rows=30, columns=columns), term="xterm")
        with create_app_session(input=keys, output=output):

            def rows() -> list[str]:
                screen.tell_cursor(keys)
                return Paper(30).write(screen.getvalue().encode())

            yield keys, rows


def run_prompt(tmp_path, columns: int, visit, snapshot: Snapshot | None = None) -> list[str]:
    """Let ``visit`` type into a prompt; returns the rows at the end."""
    registrar = Registrar(tmp_path / "baby.db", RecordSettings(), run_config={}, from_step=0)
    mailbox = Mailbox()
    school = School(mailbox, registrar)
    school.snapshot = snapshot or Snapshot()

    async def sit() -> list[str]:
        with terminal(columns) as (keys, rows):
            commands = Commands(school, lambda text: None, House(quit=lambda: None))
            task = asyncio.create_task(Prompt(school, commands, lambda: None).run())

            async def see(condition) -> None:
                for _ in range(4000):
                    if condition(rows()):
                        return
                    await asyncio.sleep(0.01)
                raise AssertionError(rows())

            await visit(keys, see, mailbox)
            seen = rows()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            return seen

    try:
        return asyncio.run(sit())
    finally:
        registrar.close(step=0, ending="asleep", patience=60)


def test_enter_while_an_answer_grows_leaves_no_half_copy(tmp_path):
    """What was typed stays as a line of its own; the half answer goes on growing in front of the next prompt only."""

    async def visit(keys, see, mailbox) -> None:
        await see(lambda rows: any(row.startswith("you:") for row in rows))
        keys.send_text("hello\r")
        asks = []
        async with asyncio.timeout(30):
            while not asks:
                asks = [letter for letter in mailbox.hear() if isinstance(letter, Ask)]
                await asyncio.sleep(0.01)
        asks[0].on_token(HALF)
        await see(lambda rows: "the garden" in rows)
        keys.send_text("and then?")
        await see(lambda rows: "you: and then?" in rows)
        keys.send_text("\r")
        await see(lambda rows: "you: and then?" in rows and "you:" in rows)
        asks[0].on_token(" a tree")
        await see(lambda rows: any("a tree" in row for row in rows))
        fulfil(asks[0].future, a_reply(asks[0], f"{HALF} a tree"))
        await see(lambda rows: not any("a tree" in row for row in rows))

    rows = run_prompt(tmp_path, 60, visit)
    assert [row for row in rows if row.startswith("you: ")] == ["you: hello", "you: and then?"]
    assert not any("garden" in row for row in rows), rows


def test_a_growing_answer_breaks_between_words(tmp_path):
    async def visit(keys, see, mailbox) -> None:
        keys.send_text("hello\r")
        asks = []
        async with asyncio.timeout(30):
            while not asks:
                asks = [letter for letter in mailbox.hear() if isinstance(letter, Ask)]
                await asyncio.sleep(0.01)
        asks[0].on_token(HALF)
        await see(lambda rows: any(row.endswith("the garden") for row in rows))

    rows = run_prompt(tmp_path, 30, visit)
    start = next(n for n, row in enumerate(rows) if row.startswith("baby: "))
    assert rows[start : start + 3] == ["baby: once there was a garden", "with a wall around it and in", "the garden"]


def test_tab_completes(tmp_path):
    """A command that can only be one; all that it may be; and what may stand behind it."""

    async def visit(keys, see, mailbox) -> None:
        await see(lambda rows: any(row.startswith("you:") for row in rows))
        keys.send_text("/sta\t")
        await see(lambda rows: any(row.startswith("you: /status") for row in rows))
        keys.send_text("\x15/view co\t")
        await see(lambda rows: any(row.startswith("you: /view compact") for row in rows))
        keys.send_text("\x15/s\t")
        await see(lambda rows: any("/status" in row and "/save" in row for row in rows))

    run_prompt(tmp_path, 80, visit)


def test_the_toolbar_keeps_what_matters(tmp_path):
    """At 60 columns the step, the held-out figure and the mood are whole; what tells least is left out."""
    now = Snapshot(step=123_456, loss=3.049, held_out_bits_per_byte=2.039, tokens_per_second=571, mood="curious")

    async def visit(keys, see, mailbox) -> None:
        await see(lambda rows: any("step 123,456" in row for row in rows))

    for columns in (60, 100):
        bar = next(row for row in run_prompt(tmp_path, columns, visit, now) if "step 123,456" in row).strip()
        whole = "step 123,456 · loss 3.049 · held-out 2.039 bits/byte · 571 tokens/s · curious"
        assert bar == (whole if columns == 100 else "step 123,456 · held-out 2.039 bits/byte · curious")
